// One connection, request after request: wait, read a header, judge it, read the body, answer. Its
// phases have deadlines (header, body, idle, write) and bounds (limits.hpp); what breaks the framing
// is answered and the connection closed, since nobody can know where the next request begins.
// Pipelined requests are answered in order: the next is not looked at before.
// Lives in its coroutine, on its loop's thread; every method belongs to that thread.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "http/asio.hpp"
#include "http/byte_budget.hpp"
#include "http/connection_limiter.hpp"
#include "http/cors.hpp"
#include "http/counters.hpp"
#include "http/framing.hpp"
#include "http/limits.hpp"
#include "http/read_places.hpp"
#include "http/request.hpp"
#include "http/response.hpp"
#include "http/route.hpp"
#include "http/workers.hpp"
#include "log/log.hpp"

namespace minuted::http {

class Loop;

// Which streamed answers are to be given up while they wait for their clients, because what they read from
// is wanted back: those that began at a moment() before recalled_before(). Any thread.
struct RecallOfReads {
  std::function<std::uint64_t()> moment;
  std::function<std::uint64_t()> recalled_before;
};

// What the sessions serve, and what they share. Everything is borrowed and outlives them.
struct Application {
  std::span<const Route> routes;
  Services& services;
  // Who asks, and whether they may: fills Request::caller, or answers.
  std::optional<Response> (*admit)(Services&, const Route&, Request&);
  const Limits& limits;
  HttpCounters& counters;
  ByteBudget& budget;   // of request bodies
  ByteBudget& answers;  // of streamed answers
  ReadPlaces& reads;
  const RecallOfReads& recall;
  Workers& workers;
  const log::Log& log;
  const Cors& cors;
};

// A connection's place among the others; both outlive the session.
struct Connection {
  ConnectionLimiter& limiter;
  ConnectionPlace& place;
};

class Session {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // A body is read, and its share of the budget raised, in steps of this many bytes.
  static constexpr std::size_t kBodyStepBytes = 256 << 10;
  // What may stand behind a chunked body; nobody needs any.
  static constexpr std::size_t kTrailerBytesMax = 8 << 10;

  Session(Socket socket, Connection connection, Loop& loop, const Application& application);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Serves the connection to its end.
  Awaitable<void> run();

  // Ends what is waited for if its time is up.
  void check_deadline(TimePoint now);
  // Lets the request at hand be answered, then closes; at once if there is none.
  void drain();
  void abort();
  // Ends the wait of a connection that another is admitted for; its place says so already.
  void evict();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;
  // What came of reading: the data, an answer to give instead, or nothing to answer to any more.
  enum class Outcome : std::uint8_t { kDone, kRefused, kGone };
  enum class Phase : std::uint8_t { kHeader, kBody };
  struct Delivery;

  Awaitable<Outcome> wait_for_request();
  bool request_begun();
  Awaitable<Outcome> read_header();
  Awaitable<boost::system::error_code> parse_header();
  Awaitable<bool> serve_request();
  // `index` is the route's among the app's; nullopt if there is none for this method and path.
  Awaitable<void> answer_request(const Framing& framing, std::optional<std::size_t> index,
                                 Request& request);
  Awaitable<Outcome> take_body(const Framing& framing, BodyRule rule, Request& request);
  Awaitable<bool> raise_share(std::size_t bytes, BudgetShare& share);
  Awaitable<Outcome> read_fixed_body(std::uint64_t length, Request& request);
  Awaitable<Outcome> read_chunked_body(std::size_t bytes_max, Request& request);
  Awaitable<Outcome> continue_if_expected(const Framing& framing);
  Awaitable<bool> send(Response response, Method method);
  Awaitable<bool> send_stream(Response response, Method method);
  void log_cut_short(std::string_view reason) const;
  void give_up_recalled();
  Awaitable<bool> enter_read(ReadPlace& place);
  Awaitable<bool> write(boost::asio::const_buffer first, boost::asio::const_buffer second,
                        TimePoint latest);
  Awaitable<void> linger();

  void encode(const Request& request, Method method, Response& answer);

  Response answer_options(std::string allowed, const Request& request) const;
  Outcome refuse(Response response);
  Outcome refuse_and_close(Response response);
  Outcome refuse_overload();
  Outcome wait_for_body();
  void identify(const Request& request);
  Outcome refuse_read(const boost::system::error_code& error, Phase phase);
  void set_deadline(std::int64_t after_ms);
  void clear_deadline() { deadline_ = TimePoint::max(); }
  std::string head_of(const Response& response, Method method, bool chunked,
                      std::string_view date, bool keep_alive) const;
  void judge_chunk_headers();
  std::string_view trailers_behind(std::string_view extensions) const;
  void record(const Request& request, std::size_t route, TimePoint start);

  Socket socket_;
  ConnectionLimiter& limiter_;
  ConnectionPlace& place_;
  Loop& loop_;
  const Application& app_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  TimePoint deadline_ = TimePoint::max();
  bool timed_out_ = false;
  bool idle_ = false;
  bool draining_ = false;
  bool aborted_ = false;
  bool on_worker_ = false;  // a worker uses the socket
  bool folded_field_ = false;  // the header or the trailers have one
  bool waits_for_body_ = false;  // and its place says so
  bool unread_body_ = false;   // the client may still be sending what we will not read
  bool keep_alive_ = false;
  bool served_ = false;  // a request was answered
  bool http_1_1_ = true;
  std::optional<Response> refusal_;
  std::string plain_path_;        // of the request, if it is not what was sent
  std::string client_;            // on whose behalf the last request came; empty: cannot be told
  ReadPlace* read_ = nullptr;     // of an answer that waits for its client
  Delivery* delivery_ = nullptr;  // of a streamed answer under way
  std::string_view cors_lines_;   // of the answer: the application's
  std::uint64_t sent_bytes_ = 0;  // of the answer's body
  std::uint16_t sent_status_ = 0;
  std::string_view sent_code_;
  std::size_t chunk_header_bytes_ = 0;
  std::function<void(std::uint64_t, boost::beast::string_view, boost::beast::error_code&)>
      on_chunk_header_;
};

// A session from its beginning to its end. `socket` becomes the coroutine's own.
Awaitable<void> serve_connection(Socket socket, Connection connection, Loop& loop,
                                 const Application& application);

}  // namespace minuted::http
