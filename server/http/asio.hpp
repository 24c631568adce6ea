// The few names of Asio that the server is built on. Every connection lives on one loop (loop.hpp), an
// io_context that a single thread runs, so nothing of a connection needs a lock; the concrete
// executor type keeps coroutines small and compiles in half the time of any_io_executor.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace minuted::http {

namespace asio = boost::asio;

using Executor = asio::io_context::executor_type;
template <class T>
using Awaitable = asio::awaitable<T, Executor>;
using UseAwaitable = asio::use_awaitable_t<Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;

}  // namespace minuted::http
