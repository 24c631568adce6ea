// How a session reads a body, of known length or chunked: within its time, its bound and its share of
// the bytes in flight.
#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/beast/http/read.hpp>
#include <cstring>

#include "http/session.hpp"

namespace minuted::http {
namespace {

namespace bhttp = boost::beast::http;
using boost::system::error_code;

// A body's share is raised by as much as has come, from this much on: many bodies of which little
// comes must not hold what others need.
constexpr std::size_t kFirstStepBytes = 16 << 10;
// A body that waits for its share asks so often; sending 20 MB again would cost more.
constexpr auto kTurnPoll = std::chrono::milliseconds(10);
// Extensions of one chunk, and of all chunks of a body: nobody needs any.
constexpr std::size_t kChunkExtensionBytesMax = 256;
constexpr std::size_t kChunkExtensionsBytesMax = 64 << 10;

}  // namespace

Awaitable<Session::Outcome> Session::take_body(const Framing& framing, BodyRule rule,
                                               Request& request) {
  const bool taken = rule != BodyRule::kIgnored;
  if (!framing.has_body()) {
    if (rule == BodyRule::kTaken && !framing.content_length && !framing.chunked) {
      co_return refuse(error_response(411, "length_required",
                                      "a body is wanted; send it with Content-Length or chunked"));
    }
    co_return Outcome::kDone;
  }
  const std::size_t bytes_max = rule == BodyRule::kTaken   ? app_.limits.body_bytes_max
                                : rule == BodyRule::kSmall ? kSmallBodyBytesMax
                                                           : kIgnoredBodyBytesMax;
  if (framing.content_length.value_or(0) > bytes_max) {
    unread_body_ = true;
    co_return refuse_and_close(error_response(
        413, "body_too_large",
        "the body has " + std::to_string(*framing.content_length) + " bytes; " +
            std::to_string(bytes_max) + " are accepted; send less at a time"));
  }
  const Outcome continued = co_await continue_if_expected(framing);
  if (continued != Outcome::kDone) co_return continued;
  set_deadline(app_.limits.body_timeout_ms);
  request.body_share.set_client(client_);
  waits_for_body_ = false;
  Outcome read{};
  if (framing.chunked) {
    read = co_await read_chunked_body(bytes_max, request);
  } else {
    read = co_await read_fixed_body(*framing.content_length, request);
  }
  if (waits_for_body_ && !place_.go_on()) co_return Outcome::kGone;
  app_.counters.bytes_received += request.body.size();
  if (read != Outcome::kDone) co_return read;
  if (taken) {
    request.body.finish();
  } else {
    request.release_body();
  }
  co_return Outcome::kDone;
}

Awaitable<Session::Outcome> Session::continue_if_expected(const Framing& framing) {
  // Who sends the body without waiting needs no word.
  if (!framing.expects_continue || buffer_.size() != 0) co_return Outcome::kDone;
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  const bool written = co_await write(asio::buffer(kContinue), {}, TimePoint::max());
  co_return written ? Outcome::kDone : Outcome::kGone;
}

Session::Outcome Session::refuse_overload() {
  unread_body_ = true;
  return refuse_and_close(retry_response(
      503, "overloaded", "too many bytes of requests are in flight; send it again", 1));
}

// What the client sends meanwhile waits in the kernel's memory and in its own, and the time does not
// count as the body's.
Awaitable<bool> Session::raise_share(std::size_t bytes, BudgetShare& share) {
  if (share.raise_to(bytes)) co_return true;
  if (waits_for_body_ && !place_.go_on()) co_return false;
  waits_for_body_ = false;
  const TimePoint start = std::chrono::steady_clock::now();
  const TimePoint latest = start + std::chrono::milliseconds(app_.limits.body_wait_ms);
  const TimePoint deadline = deadline_;
  clear_deadline();
  Timer timer(socket_.get_executor());
  while (!share.raise_to(bytes)) {
    if (draining_ || std::chrono::steady_clock::now() > latest) co_return false;
    timer.expires_after(kTurnPoll);
    error_code ignored;
    co_await timer.async_wait(asio::redirect_error(UseAwaitable{}, ignored));
  }
  deadline_ = deadline + (std::chrono::steady_clock::now() - start);
  co_return true;
}

// Before each read of the body. kGone: the connection has been evicted.
Session::Outcome Session::wait_for_body() {
  if (waits_for_body_) return place_.evicted() ? Outcome::kGone : Outcome::kDone;
  waits_for_body_ = place_.wait(Waiting::kBody, std::chrono::steady_clock::now());
  return waits_for_body_ ? Outcome::kDone : Outcome::kGone;
}

// Straight from the socket into the body's memory: a large body is copied once, by the kernel.
Awaitable<Session::Outcome> Session::read_fixed_body(std::uint64_t length, Request& request) {
  BodyBuffer& body = request.body;
  const auto total = static_cast<std::size_t>(length);
  if (total > ByteBudget::kSmallBodyMax) {
    // As a whole: if each took as it went, many at once would all be refused half-way.
    const bool raised = co_await raise_share(total, request.body_share);
    if (!raised) co_return refuse_overload();
  }
  body.reserve(total);
  while (body.size() < total) {
    const std::size_t step = std::min(
        total - body.size(), std::clamp(body.size(), kFirstStepBytes, kBodyStepBytes));
    const bool raised = co_await raise_share(body.size() + step, request.body_share);
    if (!raised) co_return refuse_overload();
    std::size_t bytes = std::min(step, buffer_.size());
    if (bytes != 0) {
      std::memcpy(body.room(), buffer_.data().data(), bytes);
      buffer_.consume(bytes);
    } else {
      if (wait_for_body() != Outcome::kDone) co_return Outcome::kGone;
      error_code error;
      bytes = co_await socket_.async_read_some(asio::buffer(body.room(), step),
                                               asio::redirect_error(UseAwaitable{}, error));
      if (error || timed_out_) co_return refuse_read(error, Phase::kBody);
    }
    body.grew_by(bytes);
    place_.add_progress(bytes);
  }
  co_return Outcome::kDone;
}

// The lines between the last chunk's and the end of the body, with the line break before the first.
// The parser reports the last chunk once it has all of them.
std::string_view Session::trailers_behind(std::string_view extensions) const {
  const auto* const buffered = static_cast<const char*>(buffer_.data().data());
  const char* const begin = extensions.data() + extensions.size();
  const std::string_view rest(begin, static_cast<std::size_t>(buffered + buffer_.size() - begin));
  return rest.substr(0, rest.find("\r\n\r\n"));
}

void Session::judge_chunk_headers() {
  chunk_header_bytes_ = 0;
  on_chunk_header_ = [this](std::uint64_t size, boost::beast::string_view extensions,
                            boost::beast::error_code& error) {
    if (size == 0 && folds_a_field(trailers_behind({extensions.data(), extensions.size()}))) {
      folded_field_ = true;
      error = bhttp::error::bad_field;
      return;
    }
    chunk_header_bytes_ += extensions.size();
    if (extensions.size() > kChunkExtensionBytesMax ||
        chunk_header_bytes_ > kChunkExtensionsBytesMax) {
      error = bhttp::error::bad_chunk_extension;
    }
  };
  parser_->on_chunk_header(on_chunk_header_);
}

Awaitable<Session::Outcome> Session::read_chunked_body(std::size_t bytes_max, Request& request) {
  BodyBuffer& body = request.body;
  judge_chunk_headers();
  // The parser needs a chunk's header, or the trailers, whole in the buffer.
  buffer_.max_size(std::max(buffer_.size(), kBodyStepBytes) + kTrailerBytesMax);
  while (!parser_->is_done()) {
    if (body.room_bytes() == 0) {
      // One byte more than may come is enough to see that it does.
      const std::size_t grown =
          std::min(std::max(kFirstStepBytes, body.size() * 2), bytes_max + 1);
      const bool raised = co_await raise_share(grown, request.body_share);
      if (!raised) co_return refuse_overload();
      body.reserve(grown);
    }
    const std::size_t room = body.room_bytes();
    parser_->get().body().data = body.room();
    parser_->get().body().size = room;
    if (wait_for_body() != Outcome::kDone) co_return Outcome::kGone;
    error_code error;
    co_await bhttp::async_read_some(socket_, buffer_, *parser_,
                                    asio::redirect_error(UseAwaitable{}, error));
    const std::size_t came = room - parser_->get().body().size;
    body.grew_by(came);
    place_.add_progress(came);
    if (error && folded_field_) {
      unread_body_ = true;
      co_return refuse_and_close(error_response(
          400, "bad_framing", "a trailer field goes on in the next line; send each as one line"));
    }
    if (error == bhttp::error::need_buffer) error = {};
    if (error || timed_out_) co_return refuse_read(error, Phase::kBody);
    if (body.size() > bytes_max) {
      unread_body_ = true;
      co_return refuse_and_close(error_response(
          413, "body_too_large",
          "the body is larger than the " + std::to_string(bytes_max) + " bytes accepted; send less at a time"));
    }
  }
  co_return Outcome::kDone;
}

}  // namespace minuted::http
