#include "load/connection.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>

#include "minuted/event.hpp"

namespace minuted::load {
namespace {

namespace asio = boost::asio;
namespace bhttp = boost::beast::http;

// Before a batch is sent again when the daemon has not said how long to wait.
constexpr auto kPause = std::chrono::milliseconds(100);
constexpr std::uint32_t kRetryAfterSecondsMax = 60;

constexpr unsigned kOk = 200;
constexpr unsigned kTimedOut = 408;
constexpr unsigned kTooMany = 429;
constexpr unsigned kServerErrors = 500;

asio::ip::tcp::endpoint endpoint_of(const LoadOptions& options) {
  return {asio::ip::address_v4::loopback(), options.port};
}

bool to_be_sent_again(unsigned status) {
  return status == kTimedOut || status == kTooMany || status >= kServerErrors;
}

}  // namespace

Connection::Connection(Sender& sender)
    : sender_(sender), socket_(sender.context()), pause_(sender.context()) {}

Result<void> Connection::connect_now() {
  ErrorCode error;
  socket_.connect(endpoint_of(sender_.options()), error);
  if (error) {
    return Error{minuted::ErrorCode::kUnavailable,
                 "nothing listens at 127.0.0.1:" + std::to_string(sender_.options().port) + " (" +
                     error.message() + "); start minuted, or give the port it listens at"};
  }
  connected();
  return {};
}

void Connection::start() { open_ ? go_on() : connect(); }

void Connection::connect() {
  drop();
  const std::uint64_t generation = generation_;
  socket_.async_connect(endpoint_of(sender_.options()), [this, generation](const ErrorCode& error) {
    if (generation != generation_ || ended_) return;
    if (error) return broke(sender_.result().broken);
    connected();
    go_on();
  });
}

void Connection::connected() {
  ErrorCode ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  open_ = true;
  received_bytes_ = 0;
}

void Connection::go_on() {
  if (batch_) return send();
  batch_ = sender_.next_batch(*this);
  if (batch_) {
    attempts_ = 0;
    sender_.write_head(*batch_, head_);
    return send();
  }
  if (sender_.feed().over(std::chrono::steady_clock::now())) end();
}

void Connection::send() {
  ++attempts_;
  ++sender_.result().requests;
  answer_due_ = std::chrono::steady_clock::now() +
                std::chrono::milliseconds(sender_.options().answer_timeout_ms);
  parser_.emplace(answer_);
  // Most requests fit the socket's buffer, and then need no word to the loop.
  const std::array<asio::const_buffer, 2> request{asio::buffer(head_),
                                                  asio::buffer(batch_->body->text)};
  ErrorCode error;
  const std::size_t written = socket_.write_some(request, error);
  if (error && error != asio::error::would_block) return broke(sender_.result().broken);
  if (written < head_.size() + batch_->body->text.size()) write_rest(written);
  read();
}

void Connection::write_rest(std::size_t written) {
  const std::size_t head_written = std::min(written, head_.size());
  const std::array<asio::const_buffer, 2> rest{
      asio::buffer(head_) + head_written,
      asio::buffer(batch_->body->text) + (written - head_written)};
  writing_ = true;
  const std::uint64_t generation = generation_;
  // A failure is the reader's to tell: there may be an answer that says why.
  asio::async_write(socket_, rest, [this, generation](const ErrorCode& error, std::size_t) {
    if (generation == generation_ && !error) writing_ = false;
  });
}

void Connection::read() {
  const std::uint64_t generation = generation_;
  socket_.async_read_some(
      asio::buffer(received_.data() + received_bytes_, received_.size() - received_bytes_),
      [this, generation](const ErrorCode& error, std::size_t bytes) {
        if (generation != generation_ || ended_) return;
        if (error) return broke(sender_.result().broken);
        take_bytes(bytes);
      });
}

void Connection::take_bytes(std::size_t bytes) {
  received_bytes_ += bytes;
  boost::beast::error_code error;
  const std::size_t taken = parser_->put(asio::buffer(received_.data(), received_bytes_), error);
  received_bytes_ -= taken;
  std::memmove(received_.data(), received_.data() + taken, received_bytes_);
  if (error == bhttp::error::need_more) error = {};
  if (error || received_bytes_ == received_.size()) return broke(sender_.result().broken);
  parser_->is_done() ? take_answer() : read();
}

void Connection::take_answer() {
  answer_due_ = TimePoint::max();
  // What is left of a request that was answered early is not sent any more.
  if (!parser_->keep_alive() || writing_ || received_bytes_ != 0) drop();
  if (answer_.status == kOk) return take_receipt();
  if (!to_be_sent_again(answer_.status)) {
    return refuse(std::to_string(answer_.status) + " " + answer_.body);
  }
  ++sender_.result().retries[answer_.status];
  if (!answer_.retry_after_seconds) return send_again_after(kPause);
  send_again_after(
      std::chrono::seconds(std::min(*answer_.retry_after_seconds, kRetryAfterSecondsMax)));
}

void Connection::take_receipt() {
  const auto receipt = read_receipt(answer_.body);
  if (!receipt) return refuse("a 200 that is no receipt: " + shorten(answer_.body));
  LoadResult& result = sender_.result();
  result.replayed += receipt->replayed ? 1 : 0;
  result.events_accepted += receipt->accepted;
  result.events_rejected += receipt->rejected;
  result.plain_bytes += batch_->body->plain_bytes;
  result.sent_bytes += batch_->body->text.size();
  result.sums.add(batch_->body->sums);
  sender_.acknowledged(batch_->due);
  finish_batch(result.batches);
}

void Connection::refuse(std::string what) {
  LoadResult& result = sender_.result();
  if (result.first_refusal.empty()) result.first_refusal = std::move(what);
  finish_batch(result.refused);
}

// The batch again, or its end if there is no more time or patience for it.
void Connection::send_again_after(std::chrono::milliseconds time) {
  LoadResult& result = sender_.result();
  if (attempts_ >= sender_.options().attempts_max) {
    sender_.feed().stop();  // or each batch that is left would take as long
    return finish_batch(result.given_up);
  }
  if (sender_.feed().out_of_time(std::chrono::steady_clock::now())) {
    return finish_batch(result.abandoned);
  }
  pause(time);
}

void Connection::pause(std::chrono::milliseconds time) {
  paused_ = true;
  pause_.expires_after(time);
  pause_.async_wait([this](const ErrorCode& error) {
    if (error || !paused_) return;
    paused_ = false;
    next();
  });
}

// The connection failed, with a batch or while it was made for one.
void Connection::broke(std::uint64_t& counter) {
  drop();
  ++counter;
  if (batch_) return send_again_after(kPause);
  const bool over = sender_.feed().over(std::chrono::steady_clock::now());
  if (over || ++attempts_ >= sender_.options().attempts_max) return end();
  pause(kPause);
}

// What an operation under way still reports is not heard any more.
void Connection::drop() {
  ErrorCode ignored;
  socket_.close(ignored);
  ++generation_;
  open_ = false;
  writing_ = false;
  answer_due_ = TimePoint::max();
}

void Connection::finish_batch(std::uint64_t& counter) {
  ++counter;
  sender_.feed().give_back(batch_->body);
  batch_.reset();
  attempts_ = 0;
  next();
}

void Connection::next() {
  if (open_) return go_on();
  if (!batch_ && sender_.feed().over(std::chrono::steady_clock::now())) return end();
  connect();
}

void Connection::check_time(TimePoint now) {
  if (ended_) return;
  if (now >= answer_due_) return broke(sender_.result().timeouts);
  if (paused_ && batch_ && sender_.feed().out_of_time(now)) {
    paused_ = false;
    pause_.cancel();
    finish_batch(sender_.result().abandoned);
  }
}

void Connection::end() {
  if (ended_) return;
  ended_ = true;
  drop();
  sender_.ended();
}

}  // namespace minuted::load
