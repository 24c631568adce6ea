#include "http/server.hpp"

#include <netinet/tcp.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

namespace minuted::http {
namespace {

using boost::system::error_code;

// When the system has no descriptor or memory for a connection: another must end first.
constexpr auto kShortagePause = std::chrono::milliseconds(10);
// Evicted connections end within a turn of their loop. If so many have not, accepting waits for
// them: their descriptors count beside connections-max.
constexpr std::size_t kLeavingMax = 64;
constexpr auto kLeavingPoll = std::chrono::milliseconds(1);
constexpr int kLeavingPollsMax = 100;
// All connections may have sent requests that their loops have not read yet.
constexpr auto kUnreadPoll = std::chrono::milliseconds(1);
constexpr int kUnreadPollsMax = 100;
// Past the drain timeout, for coroutines to notice that their sockets are gone.
constexpr std::int64_t kUnwindMs = 5000;

using UnsentBytesMax = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_NOTSENT_LOWAT>;
constexpr int kUnsentBytesMax = 256 << 10;

bool is_shortage(const error_code& error) {
  return error == asio::error::no_descriptors || error == asio::error::no_buffer_space ||
         error == asio::error::no_memory ||
         error == error_code(ENFILE, boost::system::system_category());
}

// Says no in as few words as a client can read, without a session.
Awaitable<void> say_too_many(Socket socket, std::string answer) {
  error_code ignored;
  // Fits the socket's buffer, so it cannot wait for the client.
  co_await asio::async_write(socket, asio::buffer(answer),
                             asio::redirect_error(UseAwaitable{}, ignored));
  socket.shutdown(Socket::shutdown_both, ignored);
}

struct Ignore {
  void operator()(const std::exception_ptr&) const {}
};

// What a connection's coroutine leaves behind when it ends.
struct Ended {
  ConnectionLimiter* limiter;
  ConnectionPlace* place;
  HttpCounters* counters;
  const log::Log* log;

  void operator()(const std::exception_ptr& failure) const {
    if (failure) {
      try {
        std::rethrow_exception(failure);
      } catch (const std::exception& thrown) {
        log->write_limited(log::Level::kError, "connection_failed", "a connection failed",
                           {{"peer", place->address()}, {"reason", std::string_view(thrown.what())}});
      }
    }
    --counters->connections_open;
    limiter->leave(*place);
  }
};

}  // namespace

Server::Server(const Options& options, const Application& application)
    : options_(options),
      app_(application),
      limiter_(application.limits.connections_max,
               application.limits.connections_per_address_max) {
  for (std::size_t i = 0; i < options_.loops; ++i) {
    loops_.push_back(std::make_unique<Loop>(*options_.clock));
  }
}

Server::~Server() = default;

Result<std::uint16_t> Server::listen(const std::string& host, std::uint16_t port) {
  error_code error;
  const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
  if (error) {
    return Error{ErrorCode::kInvalidArgument,
                 "cannot listen on " + host + ": it is not an IP address; give one like 127.0.0.1"};
  }
  const asio::ip::tcp::endpoint endpoint(address, port);
  acceptor_.emplace(loops_.front()->context().get_executor());
  acceptor_->open(endpoint.protocol(), error);
  if (!error) acceptor_->set_option(asio::socket_base::reuse_address(true), error);
  // Accepted connections inherit both. Of an answer that its client does not take, the kernel holds
  // as much as is on its way and this: else it would be megabytes for each silent reader.
  if (!error) acceptor_->set_option(asio::ip::tcp::no_delay(true), error);
  if (!error) acceptor_->set_option(UnsentBytesMax(kUnsentBytesMax), error);
  if (!error) acceptor_->bind(endpoint, error);
  if (!error) acceptor_->listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return Error{ErrorCode::kInvalidArgument, "cannot listen on " + host + ":" +
                                                  std::to_string(port) + ": " + error.message()};
  }
  return acceptor_->local_endpoint().port();
}

void Server::start() {
  asio::co_spawn(loops_.front()->context(), accept_all(), Ignore{});
  for (auto& loop : loops_) loop->start();
}

Awaitable<void> Server::accept_all() {
  for (std::size_t next = 0; !stopping_; next = (next + 1) % loops_.size()) {
    Loop& loop = *loops_[next];
    Socket socket(loop.context().get_executor());
    asio::ip::tcp::endpoint from;
    error_code error;
    co_await acceptor_->async_accept(socket, from, asio::redirect_error(UseAwaitable{}, error));
    if (stopping_) break;
    if (!error) {
      for (int i = 0; !serve(socket, from, loop, i < kUnreadPollsMax); ++i) {
        co_await pause_accepting(kUnreadPoll);
      }
      if (limiter_.leaving() > kLeavingMax) co_await wait_for_evicted();
      continue;
    }
    ++app_.counters.accept_failures;
    if (is_shortage(error)) co_await survive_shortage(error.message());
  }
}

Awaitable<void> Server::survive_shortage(std::string reason) {
  const auto now = std::chrono::steady_clock::now();
  if (const auto failures = shortages_gate_.pass(now)) {
    app_.log.warn("cannot accept a connection",
                  {{"reason", std::string_view(reason)}, {"failures", *failures}});
  }
  note_evicted(limiter_.evict_one(now));
  co_await pause_accepting(kShortagePause);
}

Awaitable<void> Server::wait_for_evicted() {
  for (int i = 0; i < kLeavingPollsMax && limiter_.leaving() > kLeavingMax && !stopping_; ++i) {
    co_await pause_accepting(kLeavingPoll);
  }
}

void Server::note_evicted(Waiting waiting) {
  if (waiting == Waiting::kNothing) return;
  ++app_.counters.connections_evicted[static_cast<std::size_t>(waiting)];
  if (const auto evicted = evictions_gate_.pass(std::chrono::steady_clock::now())) {
    app_.log.warn("connections were closed to admit new ones",
                  {{"connections", *evicted},
                   {"waiting_for", to_string(waiting)},
                   {"connections_max", std::uint64_t{app_.limits.connections_max}}});
  }
}

Awaitable<void> Server::pause_accepting(std::chrono::milliseconds time) {
  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>, Executor>
      timer(loops_.front()->context().get_executor(), time);
  error_code ignored;
  co_await timer.async_wait(asio::redirect_error(UseAwaitable{}, ignored));
}

bool Server::serve(Socket& socket, const asio::ip::tcp::endpoint& from, Loop& loop,
                   bool may_wait) {
  asio::ip::address address = from.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  const bool exempt =
      address.is_loopback() || (options_.trusted_proxy && options_.trusted_proxy(address));
  // The loop has begun the connection's coroutine by the time it hears of its eviction.
  const auto admission = limiter_.enter(
      address.to_string(), exempt, socket.native_handle(),
      [&loop](std::uint64_t id) { asio::post(loop.context(), [&loop, id] { loop.evict(id); }); });
  note_evicted(admission.evicted);
  if (admission.verdict != ConnectionLimiter::Verdict::kAdmitted) {
    if (admission.again && may_wait && !stopping_) return false;
    refuse(std::move(socket), admission.verdict, loop);
    return true;
  }
  ++app_.counters.connections_opened;
  ++app_.counters.connections_open;
  Connection connection{limiter_, *admission.place};
  asio::co_spawn(loop.context(), serve_connection(std::move(socket), connection, loop, app_),
                 Ended{&limiter_, admission.place, &app_.counters, &app_.log});
  return true;
}

Response refusal_of(ConnectionLimiter::Verdict verdict, const ConnectionLimiter& limiter) {
  if (verdict == ConnectionLimiter::Verdict::kTooMany) {
    return error_response(503, "too_many_connections",
                          "the server has " + std::to_string(limiter.max()) +
                              " connections, as many as it may, and none of them is idle; try "
                              "again soon");
  }
  return error_response(503, "too_many_from_address",
                        "your address has " + std::to_string(limiter.per_address_max()) +
                            " connections, as many as it may, and none of them is idle; reuse them, or "
                            "try again soon");
}

void Server::refuse(Socket socket, ConnectionLimiter::Verdict verdict, Loop& loop) {
  const Response response = refusal_of(verdict, limiter_);
  app_.counters.count_refusal(response.error_code);
  std::string answer = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
                       "Retry-After: 1\r\nConnection: close";
  append_guards(response, answer);
  answer += app_.cors.lines_for(std::nullopt);
  answer += "\r\nContent-Length: ";
  answer += std::to_string(response.body.size()) + "\r\n\r\n" + response.body;
  asio::co_spawn(loop.context(), say_too_many(std::move(socket), std::move(answer)), Ignore{});
}

bool Server::stop() {
  stopping_ = true;
  asio::post(loops_.front()->context(), [this] {
    error_code ignored;
    if (acceptor_) acceptor_->close(ignored);
  });
  for (auto& loop : loops_) asio::post(loop->context(), [&loop] { loop->drain(); });
  bool empty = limiter_.wait_until_empty(app_.limits.drain_timeout_ms);
  if (!empty) {
    for (auto& loop : loops_) asio::post(loop->context(), [&loop] { loop->abort(); });
    empty = limiter_.wait_until_empty(kUnwindMs);
  }
  if (empty) {
    for (auto& loop : loops_) loop->stop();
  }
  return empty;
}

}  // namespace minuted::http
