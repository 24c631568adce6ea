// How a session answers: whole, or in pieces of a source. A streamed answer is filled and sent by the
// worker that reads the store, piece by piece, as long as the socket takes them at once: handing each
// piece to the loop's thread cost as much as making it. What the socket does not take at once is the
// loop's to write, so that a slow client holds no worker.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstdio>
#include <mutex>

#include "http/loop.hpp"
#include "http/session.hpp"
#include "http/taken_bytes.hpp"
#include "render/error_mapping.hpp"

namespace minuted::http {

namespace bhttp = boost::beast::http;
using boost::system::error_code;

namespace {

// What one answer may send before others that wait for a worker have their turn.
constexpr std::size_t kTurnBytesMax = 512 << 10;
// Most headers are shorter: one allocation each.
constexpr std::size_t kHeadBytes = 768;
// A read may wait that long for a place, looking now and then.
constexpr auto kPlaceWaitMax = std::chrono::seconds(1);
constexpr auto kPlacePoll = std::chrono::milliseconds(5);
constexpr std::string_view kRecalled =
    "the read was ended while it waited: the memory that it kept of data from before it began was needed; "
    "ask for less at a time, or try again when fewer events come";

// Keeps a pointer to what lives no longer than this.
template <class T>
class Known {
 public:
  Known(T*& at, T& what) : at_(at) { at_ = &what; }
  ~Known() { at_ = nullptr; }
  Known(const Known&) = delete;
  Known& operator=(const Known&) = delete;

 private:
  T*& at_;
};

bool has_content(const Response& response) {
  return response.status != 204 && response.status != 304;
}

}  // namespace

std::string Session::head_of(const Response& response, Method method, bool chunked,
                             std::string_view date, bool keep_alive) const {
  std::string head;
  head.reserve(kHeadBytes);
  head += http_1_1_ ? "HTTP/1.1 " : "HTTP/1.0 ";
  head += std::to_string(response.status);
  head += ' ';
  const auto reason = bhttp::obsolete_reason(static_cast<bhttp::status>(response.status));
  head.append(reason.data(), reason.size());
  head += "\r\nDate: ";
  head += date;
  if (has_content(response)) {
    head += "\r\nContent-Type: ";
    head += response.content_type;
    // What a HEAD asks about is not made, and so how long it would be is not known: GET says
    // Content-Length where all of it fits one piece, and chunked otherwise.
    if (chunked && http_1_1_ && method != Method::kHead) {
      head += "\r\nTransfer-Encoding: chunked";
    } else if (!chunked && !(response.source && method == Method::kHead)) {
      head += "\r\nContent-Length: ";
      head += std::to_string(response.body.size());
    }
  }
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) head.append("\r\n").append(name).append(": ").append(value);
  };
  add("Content-Encoding", response.content_encoding);
  add("Vary", response.vary);
  for (const auto& [name, value] : response.headers) {
    head += "\r\n";
    head += name;
    head += ": ";
    head += value;
  }
  append_guards(response, head);
  head += cors_lines_;
  if (!keep_alive) {
    head += "\r\nConnection: close";
  } else if (!http_1_1_) {
    head += "\r\nConnection: keep-alive";
  }
  head += "\r\n\r\n";
  return head;
}

// Writes both buffers within the time of one write, and before `latest`.
Awaitable<bool> Session::write(asio::const_buffer first, asio::const_buffer second,
                               TimePoint latest) {
  const std::array<asio::const_buffer, 2> buffers{first, second};
  set_deadline(app_.limits.write_timeout_ms);
  if (!place_.wait(Waiting::kAnswer, std::chrono::steady_clock::now())) co_return false;
  deadline_ = std::min(deadline_, latest);
  error_code error;
  co_await asio::async_write(socket_, buffers, asio::redirect_error(UseAwaitable{}, error));
  clear_deadline();
  if (!place_.go_on()) co_return false;
  if (timed_out_) app_.counters.count_refusal("write_timeout");
  co_return !error && !timed_out_;
}

// Answers; keep_alive_ then tells whether the connection can go on.
Awaitable<bool> Session::send(Response response, Method method) {
  if (response.close || draining_) keep_alive_ = false;
  sent_status_ = response.status;
  sent_code_ = response.error_code;
  if (response.source && method != Method::kHead) {
    co_return co_await send_stream(std::move(response), method);
  }
  const bool chunked = response.source != nullptr;
  const std::string head = head_of(response, method, chunked, loop_.date(), keep_alive_);
  asio::const_buffer body;
  if (method != Method::kHead && has_content(response)) body = asio::buffer(response.body);
  sent_bytes_ = body.size();
  const bool written = co_await write(asio::buffer(head), body, TimePoint::max());
  if (!written) keep_alive_ = false;
  co_return written;
}

// An answer on its way, as work for a worker thread: what of it is made and not sent yet, too.
struct Session::Delivery {
  const Session& session;
  Response& response;
  const Method method;
  const std::string date;
  const int socket;
  bool keep_alive;

  std::string head{};  // what goes before the piece: the header, a chunk's size
  std::string piece{};
  std::size_t sent = 0;  // of both
  bool begun = false;    // the header is made
  bool broken = false;   // the client is gone
  bool again = false;    // nothing yet: to be asked again, after others
  bool hold = false;     // the first piece is to be made, and not to be sent yet
  std::mutex turn_mutex{};  // held through a turn; guards the source, and these two
  std::uint64_t moment = UINT64_MAX;  // of the source's beginning, see RecallOfReads
  bool given_up = false;              // the source is gone before its end
  std::uint64_t body_bytes = 0;
  Result<bool> outcome = true;

  bool unsent() const { return sent < head.size() + piece.size(); }
  std::array<asio::const_buffer, 2> rest() const {
    const std::size_t of_head = std::min(sent, head.size());
    return {asio::buffer(head) + of_head, asio::buffer(piece) + (sent - of_head)};
  }
  void clear() {
    head.clear();
    piece.clear();
    sent = 0;
  }

  // Destroys the source if it is recalled, unless it is being read right now: it will then notice
  // itself. Whether it is gone.
  bool give_up(std::uint64_t recalled_before) {
    const std::unique_lock lock(turn_mutex, std::try_to_lock);
    if (!lock || !outcome.ok() || !*outcome || moment >= recalled_before) return given_up;
    response.source.reset();
    given_up = true;
    return true;
  }

  void operator()() {
    const std::lock_guard lock(turn_mutex);
    again = false;
    if (given_up) {
      outcome = Error{ErrorCode::kOverloaded, std::string(kRecalled)};
      return;
    }
    if (moment == UINT64_MAX) moment = session.app_.recall.moment();
    // A compressed piece is small, but took the time of a whole one.
    for (std::size_t turn = 0; turn < kTurnBytesMax;
         turn += std::max(head.size() + piece.size(), kPieceBytes)) {
      clear();
      piece.reserve(kPieceRoomBytes);
      outcome = response.source->fill(piece);
      again = outcome.ok() && *outcome && piece.empty();
      if (!outcome.ok() || again) return;
      frame();
      if (hold || !send_now() || !*outcome) return;
    }
  }

  // The first piece decides the form: an answer that is whole by then gets a length.
  void frame() {
    const bool more = *outcome;
    body_bytes += piece.size();
    if (!begun && !more) {
      response.source.reset();
      response.body.swap(piece);
      head = session.head_of(response, method, false, date, keep_alive);
      response.body.swap(piece);
      begun = true;
      return;
    }
    // The end of a body without chunks is the end of the connection.
    keep_alive = keep_alive && session.http_1_1_;
    if (!begun) head = session.head_of(response, method, true, date, keep_alive);
    begun = true;
    if (!session.http_1_1_) return;
    if (!piece.empty()) {
      char size[32];
      const int digits = std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
      head.append(size, static_cast<std::size_t>(digits));
      piece += "\r\n";
    }
    if (!more) piece += "0\r\n\r\n";
  }

  // As much as the socket takes without waiting; whether that was all.
  bool send_now() {
    while (unsent()) {
      std::array<iovec, 2> parts;
      std::size_t count = 0;
      for (const asio::const_buffer& part : rest()) {
        parts[count++] = {const_cast<void*>(part.data()), part.size()};
      }
      msghdr message{};
      message.msg_iov = parts.data();
      message.msg_iovlen = count;
      const ssize_t taken = ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (taken >= 0) {
        sent += static_cast<std::size_t>(taken);
      } else if (errno != EINTR) {
        broken = errno != EAGAIN && errno != EWOULDBLOCK;
        return false;
      }
    }
    return true;
  }
};

void Session::log_cut_short(std::string_view reason) const {
  app_.log.write_limited(log::Level::kWarn, "answer_cut_short", "an answer was cut short",
                         {{"reason", reason}});
}

// What waits for a worker or for its client would notice only then that it is recalled.
void Session::give_up_recalled() {
  const bool given_up = delivery_->give_up(app_.recall.recalled_before());
  if (given_up && read_ != nullptr) evict();
}

// Waits a moment for a place.
Awaitable<bool> Session::enter_read(ReadPlace& place) {
  if (!place.queue()) co_return false;
  const TimePoint latest = std::chrono::steady_clock::now() + kPlaceWaitMax;
  Timer timer(socket_.get_executor());
  for (;;) {
    const TimePoint now = std::chrono::steady_clock::now();
    if (place.enter(now)) co_return true;
    if (draining_ || now > latest) co_return false;
    timer.expires_after(kPlacePoll);
    error_code ignored;
    co_await timer.async_wait(asio::redirect_error(UseAwaitable{}, ignored));
  }
}

// An error of the first piece is an answer with its status. After that an error can only be told by
// closing without the last chunk.
Awaitable<bool> Session::send_stream(Response response, Method method) {
  ReadPlace place(app_.reads, client_);
  bool entered = place.enter(std::chrono::steady_clock::now());
  const TimePoint latest =
      response.source_ms_max > 0
          ? std::chrono::steady_clock::now() + std::chrono::milliseconds(response.source_ms_max)
          : TimePoint::max();
  Delivery delivery{*this, response, method, std::string(loop_.date()), socket_.native_handle(),
                    keep_alive_};
  const Known known(delivery_, delivery);
  Turn turn = Turn::kFirst;
  delivery.hold = !entered;
  for (;;) {
    on_worker_ = true;
    co_await run_on(app_.workers, delivery, turn);
    turn = Turn::kNext;
    on_worker_ = false;
    if (!entered && delivery.outcome.ok() && *delivery.outcome) {
      entered = co_await enter_read(place);
      delivery.hold = false;
      if (!entered) {
        co_return co_await send(
            retry_response(503, "too_many_scans",
                           std::to_string(app_.reads.max()) +
                               " reads are under way, as many as may be; try again soon",
                           1),
            method);
      }
    }
    if (delivery.again && !aborted_) continue;
    const bool failed = !delivery.outcome.ok();
    if (failed && !delivery.begun) {
      Response refused = error_response(delivery.outcome.error());
      co_return co_await send(std::move(refused), method);
    }
    sent_bytes_ = delivery.body_bytes;
    if (failed) log_cut_short(render::message_of(delivery.outcome.error()));
    bool written = !failed && !delivery.broken && !aborted_;
    if (written && delivery.unsent()) {
      const auto rest = delivery.rest();
      place.wait(taken_bytes(delivery.socket), std::chrono::steady_clock::now());
      read_ = &place;
      written = co_await write(rest[0], rest[1], latest);
      read_ = nullptr;
      place.go_on();
    }
    if (place.evicted()) {
      written = false;
      if (const auto readers = app_.reads.log_gate.pass(std::chrono::steady_clock::now())) {
        app_.log.warn("slow readers were cut off so that others could read",
                      {{"readers", *readers}, {"scans_max", std::uint64_t{app_.reads.max()}}});
      }
    }
    if (!written && delivery.given_up && !failed) log_cut_short(kRecalled);
    if (!written) {
      keep_alive_ = false;
      sent_code_ = "answer_cut_short";
      co_return false;
    }
    keep_alive_ = delivery.keep_alive;
    if (!*delivery.outcome) co_return true;
  }
}

}  // namespace minuted::http
