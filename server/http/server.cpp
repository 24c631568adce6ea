#include "http/server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

namespace minuted::http {
namespace {

using boost::system::error_code;

// When the system has no descriptor or memory for a connection: others must end first.
constexpr auto kAcceptPause = std::chrono::milliseconds(100);
// Past the drain timeout, for coroutines to notice that their sockets are gone.
constexpr std::int64_t kUnwindMs = 5000;

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
  ConnectionCensus* census;
  HttpCounters* counters;
  const log::Log* log;
  std::string address;

  void operator()(const std::exception_ptr& failure) const {
    if (failure) {
      try {
        std::rethrow_exception(failure);
      } catch (const std::exception& thrown) {
        log->write_limited(log::Level::kError, "connection_failed", "a connection failed",
                           {{"peer", address}, {"reason", std::string_view(thrown.what())}});
      }
    }
    --counters->connections_open;
    census->leave(address);
  }
};

}  // namespace

ConnectionCensus::Verdict ConnectionCensus::enter(const std::string& address, bool exempt) {
  const std::lock_guard lock(mutex_);
  if (size_ >= max_) return Verdict::kTooMany;
  const auto at = by_address_.find(address);
  if (!exempt && at != by_address_.end() && at->second >= per_address_max_) {
    return Verdict::kTooManyFromAddress;
  }
  ++size_;
  ++by_address_[address];
  return Verdict::kAdmitted;
}

void ConnectionCensus::leave(const std::string& address) {
  const std::lock_guard lock(mutex_);
  const auto at = by_address_.find(address);
  if (at != by_address_.end() && --at->second == 0) by_address_.erase(at);
  if (--size_ == 0) empty_.notify_all();
}

bool ConnectionCensus::wait_until_empty(std::int64_t patience_ms) {
  std::unique_lock lock(mutex_);
  return empty_.wait_for(lock, std::chrono::milliseconds(patience_ms),
                         [this] { return size_ == 0; });
}

std::size_t ConnectionCensus::size() const {
  const std::lock_guard lock(mutex_);
  return size_;
}

Server::Server(const Options& options, const Application& application)
    : options_(options),
      app_(application),
      census_(application.limits.connections_max, application.limits.connections_per_address_max) {
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
      serve(std::move(socket), from, loop);
      continue;
    }
    ++app_.counters.accept_failures;
    if (is_shortage(error)) {
      app_.log.write_limited(log::Level::kWarn, "accept_failed", "cannot accept a connection",
                             {{"reason", std::string_view(error.message())}});
      co_await pause_accepting();
    }
  }
}

Awaitable<void> Server::pause_accepting() {
  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>, Executor>
      timer(loops_.front()->context().get_executor(), kAcceptPause);
  error_code ignored;
  co_await timer.async_wait(asio::redirect_error(UseAwaitable{}, ignored));
}

void Server::serve(Socket socket, const asio::ip::tcp::endpoint& from, Loop& loop) {
  asio::ip::address address = from.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  Peer peer{address.to_string()};
  const bool exempt =
      address.is_loopback() || (options_.trusted_proxy && options_.trusted_proxy(address));
  const auto verdict = census_.enter(peer.address, exempt);
  if (verdict != ConnectionCensus::Verdict::kAdmitted) {
    refuse(std::move(socket), verdict, loop);
    return;
  }
  ++app_.counters.connections_opened;
  ++app_.counters.connections_open;
  error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  Ended ended{&census_, &app_.counters, &app_.log, peer.address};
  asio::co_spawn(loop.context(), serve_connection(std::move(socket), std::move(peer), loop, app_),
                 std::move(ended));
}

Response refusal_of(ConnectionCensus::Verdict verdict, const Limits& limits) {
  if (verdict == ConnectionCensus::Verdict::kTooMany) {
    return error_response(503, "too_many_connections",
                          "the server has " + std::to_string(limits.connections_max) +
                              " connections, as many as it may; try again soon");
  }
  return error_response(503, "too_many_from_address",
                        "your address has " + std::to_string(limits.connections_per_address_max) +
                            " connections, as many as it may; reuse them, or try again soon");
}

void Server::refuse(Socket socket, ConnectionCensus::Verdict verdict, Loop& loop) {
  const Response response = refusal_of(verdict, app_.limits);
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
  bool empty = census_.wait_until_empty(app_.limits.drain_timeout_ms);
  if (!empty) {
    for (auto& loop : loops_) asio::post(loop->context(), [&loop] { loop->abort(); });
    empty = census_.wait_until_empty(kUnwindMs);
  }
  if (empty) {
    for (auto& loop : loops_) loop->stop();
  }
  return empty;
}

}  // namespace minuted::http
