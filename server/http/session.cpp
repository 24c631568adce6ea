#include "http/session.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/read.hpp>

#include "http/answer_coding.hpp"
#include "http/foreign_protocol.hpp"
#include "http/loop.hpp"
#include "http/taken_bytes.hpp"
#include "minuted/event.hpp"

namespace minuted::http {
namespace {

namespace bhttp = boost::beast::http;
using boost::system::error_code;

// The first read of a request; a header seldom is longer.
// Answers are compressed while they all hold less than this part of their memory.
constexpr std::size_t kCompressedPart = 2;
constexpr std::size_t kFirstReadBytes = 4096;
// A connection between requests keeps at most about this much.
constexpr std::size_t kIdleBufferBytesMax = 16 << 10;
// After a refusal, what the client was sending already is read so that it sees the answer.
constexpr std::size_t kLingerBytesMax = 1 << 20;
constexpr std::int64_t kLingerMs = 1000;

std::uint64_t next_request_id() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

std::string late(const std::string& part, std::int64_t timeout_ms) {
  return "the " + part + " did not arrive within " + std::to_string(timeout_ms) +
         " ms; send the request again";
}

// The parser's own bound on a header comes first; behind it may lie what was sent ahead.
std::size_t header_buffer_bytes_max(const Limits& limits) {
  return limits.header_bytes_max + limits.uri_bytes_max + Session::kBodyStepBytes +
         Session::kTrailerBytesMax + kFirstReadBytes;
}

}  // namespace

Session::Session(Socket socket, Connection connection, Loop& loop, const Application& application)
    : socket_(std::move(socket)),
      limiter_(connection.limiter),
      place_(connection.place),
      loop_(loop),
      app_(application),
      buffer_(header_buffer_bytes_max(application.limits)) {
  loop_.enter(place_.id(), *this);
}

Session::~Session() { loop_.leave(place_.id()); }

void Session::set_deadline(std::int64_t after_ms) {
  timed_out_ = false;
  deadline_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(after_ms);
}

// The deadline stays: what had ended already, but was not looked at yet, is not cancelled by this,
// and what follows it within the same phase must be by the next check.
void Session::check_deadline(TimePoint now) {
  if (read_ != nullptr) {
    read_->progress(taken_bytes(socket_.native_handle()), now);
    if (read_->evicted()) evict();
  }
  if (delivery_ != nullptr) give_up_recalled();
  if (now < deadline_) return;
  timed_out_ = true;
  error_code ignored;
  socket_.cancel(ignored);
}

void Session::drain() {
  draining_ = true;
  if (!idle_) return;
  error_code ignored;
  socket_.cancel(ignored);
}

void Session::evict() {
  error_code ignored;
  socket_.cancel(ignored);
}

void Session::abort() {
  aborted_ = draining_ = true;
  error_code ignored;
  if (on_worker_) {
    socket_.shutdown(Socket::shutdown_both, ignored);  // its number must not become another's
  } else {
    socket_.close(ignored);
  }
}

Session::Outcome Session::refuse(Response response) {
  refusal_.emplace(std::move(response));
  return Outcome::kRefused;
}

Session::Outcome Session::refuse_and_close(Response response) {
  response.close = true;
  return refuse(std::move(response));
}

// A read failed: because its time was up, because the client left, or because it broke the protocol.
Session::Outcome Session::refuse_read(const error_code& error, Phase phase) {
  unread_body_ = true;
  if (timed_out_) {
    return refuse_and_close(
        phase == Phase::kHeader
            ? error_response(408, "header_timeout",
                             late("header", app_.limits.header_timeout_ms))
            : error_response(408, "body_timeout", late("body", app_.limits.body_timeout_ms)));
  }
  if (error == bhttp::error::header_limit || error == bhttp::error::buffer_overflow) {
    return refuse_and_close(error_response(
        431, "header_too_large",
        "the header fields are too large; " + std::to_string(app_.limits.header_bytes_max) +
            " bytes are accepted"));
  }
  const bool broken = error.category() == make_error_code(bhttp::error::bad_chunk).category();
  if (broken && error != bhttp::error::end_of_stream && error != bhttp::error::partial_message) {
    const std::string_view bytes(static_cast<const char*>(buffer_.data().data()), buffer_.size());
    const auto advice =
        phase == Phase::kHeader ? foreign_protocol_advice(bytes) : std::nullopt;
    return refuse_and_close(error_response(
        400, "bad_request",
        advice ? std::string(*advice)
               : "the request is not HTTP/1.1: " + error.message() +
                     (phase == Phase::kHeader ? "; send METHOD PATH HTTP/1.1 and header fields" : "")));
  }
  return Outcome::kGone;
}

// Whether the buffer has anything of a request. Empty lines ahead of one are skipped (RFC 9112, section
// 2.2): old clients send one behind a body, and what has sent nothing else is idle.
bool Session::request_begun() {
  const auto bytes = [this] {
    return std::string_view(static_cast<const char*>(buffer_.data().data()), buffer_.size());
  };
  while (bytes().starts_with("\r\n")) buffer_.consume(2);
  return !bytes().empty() && bytes() != "\r";
}

Awaitable<Session::Outcome> Session::wait_for_request() {
  if (buffer_.capacity() > kIdleBufferBytesMax) buffer_.shrink_to_fit();
  if (request_begun()) co_return Outcome::kDone;  // pipelined
  if (draining_) co_return Outcome::kGone;
  set_deadline(app_.limits.idle_timeout_ms);
  const Waiting waiting = served_ ? Waiting::kNextRequest : Waiting::kFirstRequest;
  if (!place_.wait(waiting, std::chrono::steady_clock::now())) co_return Outcome::kGone;
  idle_ = true;
  error_code error;
  do {
    const std::size_t bytes = co_await socket_.async_read_some(
        buffer_.prepare(kFirstReadBytes), asio::redirect_error(UseAwaitable{}, error));
    if (!error) buffer_.commit(bytes);
  } while (!error && !timed_out_ && !draining_ && !request_begun());
  idle_ = false;
  if (!place_.go_on() || error || !request_begun()) co_return Outcome::kGone;
  co_return Outcome::kDone;
}

Awaitable<Session::Outcome> Session::read_header() {
  parser_.emplace();
  const Limits& limits = app_.limits;
  // One bound for both here; framing.cpp then holds each to its own.
  parser_->header_limit(
      static_cast<std::uint32_t>(limits.header_bytes_max + limits.uri_bytes_max));
  parser_->body_limit(boost::none);  // what counts is judged below, by the route's rule
  buffer_.max_size(header_buffer_bytes_max(limits));  // a chunked body has set its own
  set_deadline(limits.header_timeout_ms);
  folded_field_ = false;
  const error_code error = co_await parse_header();
  if (!error && folded_field_) {
    unread_body_ = true;
    co_return refuse_and_close(error_response(
        400, "bad_framing", "a header field goes on in the next line; send each as one line"));
  }
  if (!error) co_return timed_out_ ? refuse_read(error, Phase::kHeader) : Outcome::kDone;
  const bool in_first_line =
      error == bhttp::error::header_limit && parser_->get().target().empty();
  if (in_first_line) {
    unread_body_ = true;
    co_return refuse_and_close(error_response(
        414, "uri_too_long",
        "the request target is too long; " + std::to_string(limits.uri_bytes_max) +
            " bytes are accepted"));
  }
  co_return refuse_read(error, Phase::kHeader);
}

// Until the parser has the whole header: beast::http::async_read_header, but for a look at the
// bytes. A field that goes on in the next line is not the same field to every reader, and the parser
// joins its lines without a word. Nor does it add up what comes in whole lines, read after read.
Awaitable<error_code> Session::parse_header() {
  const std::size_t bytes_max = app_.limits.header_bytes_max + app_.limits.uri_bytes_max;
  const TimePoint start = std::chrono::steady_clock::now();
  std::size_t parsed_bytes = 0;
  error_code error;
  for (;;) {
    const std::size_t taken = buffer_.size() == 0 ? 0 : parser_->put(buffer_.data(), error);
    // Of fields the parser takes all lines at once, or none yet.
    const std::string_view lines(static_cast<const char*>(buffer_.data().data()), taken);
    folded_field_ = folded_field_ || folds_a_field(lines);
    buffer_.consume(taken);
    parsed_bytes += taken;
    if (parsed_bytes > bytes_max) co_return bhttp::error::header_limit;
    if (parser_->is_header_done() || (error && error != bhttp::error::need_more)) co_return error;
    if (!place_.wait(Waiting::kHeader, start)) co_return asio::error::operation_aborted;
    const std::size_t bytes = co_await socket_.async_read_some(
        buffer_.prepare(kFirstReadBytes), asio::redirect_error(UseAwaitable{}, error));
    if (!place_.go_on()) co_return asio::error::operation_aborted;
    if (error == asio::error::eof) co_return bhttp::error::partial_message;
    if (error) co_return error;
    buffer_.commit(bytes);
  }
}

Awaitable<void> Session::run() {
  for (;;) {
    const Outcome waited = co_await wait_for_request();
    if (waited != Outcome::kDone) break;
    const bool go_on = co_await serve_request();
    served_ = true;
    if (!go_on || draining_) break;
  }
  if (unread_body_ && !aborted_ && !place_.evicted()) co_await linger();
  error_code ignored;
  socket_.shutdown(Socket::shutdown_both, ignored);
  socket_.close(ignored);
}

// One request from its header to the end of its answer; whether another may follow.
Awaitable<bool> Session::serve_request() {
  const TimePoint start = std::chrono::steady_clock::now();
  refusal_.reset();
  sent_status_ = 0;
  sent_bytes_ = 0;
  sent_code_ = {};
  keep_alive_ = false;
  http_1_1_ = true;
  cors_lines_ = app_.cors.lines_for(std::nullopt);
  static const bhttp::fields kNoFields;
  Request request(next_request_id(), place_.address(), Headers(kNoFields), app_.budget);
  std::optional<bhttp::fields> judged_fields;
  std::optional<std::size_t> route;
  Framing framing{};

  Outcome outcome = co_await read_header();
  if (outcome == Outcome::kGone) co_return false;
  if (outcome == Outcome::kDone) {
    const Header& header = parser_->get().base();
    request.headers = Headers(header);
    cors_lines_ = app_.cors.lines_for(request.headers.find("Origin"));
    http_1_1_ = header.version() != 10;
    auto read = read_framing(header, app_.limits);
    if (auto* refused = std::get_if<Response>(&read)) {
      outcome = refuse(std::move(*refused));
      unread_body_ = true;
    } else {
      framing = std::get<Framing>(read);
      // The parser adds the trailers to its fields; what has been judged must stay as it is.
      if (framing.chunked) {
        request.headers = Headers(judged_fields.emplace(static_cast<const bhttp::fields&>(header)));
      }
      keep_alive_ = parser_->get().keep_alive();
      // A script's unset variable must not make another path of a DELETE's.
      auto plain = without_empty_segments(framing.path);
      if (plain && framing.method != Method::kDelete) {
        plain_path_ = std::move(*plain);
        framing.path = plain_path_;
      }
      request.method = framing.method;
      request.path = framing.path;
      request.query = framing.query;
      request.host = framing.host;
      request.http_1_0 = !http_1_1_;
      route = find_route(app_.routes, framing.method, framing.path);
    }
  }
  if (outcome == Outcome::kDone) {
    co_await answer_request(framing, route, request);
  } else {
    co_await send(std::move(*refusal_), Method::kGet);
  }
  request.release_body();
  if (sent_status_ != 0) record(request, route.value_or(app_.routes.size()), start);
  co_return keep_alive_ && !draining_;
}

// From a header in order to its answer.
Awaitable<void> Session::answer_request(const Framing& framing, std::optional<std::size_t> index,
                                        Request& request) {
  std::optional<Response> answer = refuse_conflicts(request.headers);
  if (answer) {
    // Whose token counts, or what the body is, is not clear.
  } else if (!index) {
    std::string allowed = allowed_methods(app_.routes, framing.path);
    if (framing.method == Method::kDelete && without_empty_segments(framing.path)) {
      answer = error_response(400, "invalid_parameter",
                              "the path " + shorten(framing.path) +
                                  " has an empty segment, which a DELETE must not have; give the id "
                                  "that is missing, or leave the slash out");
    } else if (allowed.empty() && framing.path != "*") {
      answer = error_response(404, "not_found",
                              "there is nothing at " + shorten(framing.path) +
                                  "; the nearest route is " +
                                  std::string(nearest_path(app_.routes, framing.path)) +
                                  ", and /docs describes all");
    } else if (framing.method == Method::kOptions) {
      answer = answer_options(std::move(allowed), request);
    } else {
      answer = error_response(405, "method_not_allowed",
                              shorten(framing.path) + " answers to " + allowed + " only");
      answer->headers.emplace_back("Allow", std::move(allowed));
    }
  } else {
    const Route& route = app_.routes[*index];
    answer = app_.admit(app_.services, route, request);
    identify(request);
    if (!answer && route.check != nullptr) answer = route.check(app_.services, request);
  }
  const BodyRule rule = index ? app_.routes[*index].body : BodyRule::kIgnored;
  if (answer) {
    // Refused on its header: a body that is small, or not asked for yet, is no reason to part.
    const bool small =
        !framing.expects_continue && framing.content_length.value_or(0) <= kIgnoredBodyBytesMax;
    if (framing.has_body() && (!small || framing.chunked)) {
      answer->close = unread_body_ = true;
    } else if (framing.has_body()) {
      const Outcome drained = co_await take_body(framing, BodyRule::kIgnored, request);
      if (drained != Outcome::kDone) answer->close = true;  // the rest may come yet
    }
    co_await send(std::move(*answer), framing.method);
    co_return;
  }
  const Outcome body = co_await take_body(framing, rule, request);
  if (body == Outcome::kGone) {
    keep_alive_ = false;
    co_return;
  }
  if (body == Outcome::kRefused) {
    co_await send(std::move(*refusal_), framing.method);
    co_return;
  }
  clear_deadline();
  std::string failure;
  try {
    answer.emplace(co_await app_.routes[*index].handle(app_.services, request));
  } catch (const std::exception& thrown) {
    failure = thrown.what();
  }
  if (!answer) {
    app_.log.error("a request failed", {{"request_id", request.id}, {"reason", failure}});
    answer = error_response(500, "internal",
                            "the request failed inside the server; its log says why at request_id " +
                                std::to_string(request.id));
  }
  if (answer->source) encode(request, framing.method, *answer);
  co_await send(std::move(*answer), framing.method);
}

// What the request holds is held on this client's account.
void Session::identify(const Request& request) {
  std::string client(request.caller.name());
  if (client.empty() && !place_.exempt()) client = "address " + place_.address();
  if (client != client_) {
    client_ = std::move(client);
    limiter_.identify(place_, client_);
  }
}

// To a browser's preflight, before any token is sent, and to whoever wants to know the methods.
Response Session::answer_options(std::string allowed, const Request& request) const {
  Response answer;
  answer.status = 204;
  if (app_.cors.allows(request.headers.find("Origin")) &&
      request.headers.find("Access-Control-Request-Method")) {
    Cors::permit(allowed, answer);
  }
  answer.headers.emplace_back("Allow", std::move(allowed));
  return answer;
}

// Takes the answer's share of memory and compresses it on its way, if the client asks for it and there is
// memory for that: a compressor takes as much as five plain answers.
void Session::encode(const Request& request, Method method, Response& answer) {
  const auto accepted = request.headers.joined("Accept-Encoding");
  auto coding = choose_coding(accepted);
  BudgetShare share(app_.answers);
  const bool fits = coding && (*coding == Coding::kIdentity ||
                               app_.answers.used() + bytes_of_answer(*coding) <=
                                   app_.answers.bytes_max() / kCompressedPart);
  if (coding && (!fits || !share.raise_to(bytes_of_answer(*coding)))) {
    const auto plain = choose_coding(accepted, Codings::kIdentityOnly);
    if (!plain || !share.raise_to(bytes_of_answer(*plain))) {
      answer = retry_response(503, "overloaded",
                              "the answers under way hold " + std::to_string(app_.answers.used()) +
                                  " of the " + std::to_string(app_.answers.bytes_max()) +
                                  " bytes that answer-bytes-max allows; try again soon",
                              1);
      return;
    }
    coding = plain;
  }
  if (!coding) {
    const std::string_view vary = answer.vary;
    answer = error_response(406, "not_acceptable",
                            "Accept-Encoding " + shorten(accepted) +
                                " takes none of gzip, zstd and identity; accept one of them");
    answer.vary = vary;
    return;
  }
  if (*coding != Coding::kIdentity) answer.content_encoding = to_string(*coding);
  if (method == Method::kHead) return;
  if (*coding != Coding::kIdentity) answer.source = compressed(std::move(answer.source), *coding);
  answer.source = holding(std::move(answer.source), std::move(share));
}

void Session::record(const Request& request, std::size_t route, TimePoint start) {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  app_.counters.count_request(route, sent_status_, took.count());
  app_.counters.bytes_sent += sent_bytes_;
  if (!sent_code_.empty()) app_.counters.count_refusal(sent_code_);
  const log::Level level = sent_status_ >= 500   ? log::Level::kWarn
                           : sent_status_ >= 400 ? log::Level::kInfo
                                                 : log::Level::kDebug;
  if (!app_.log.wants(level)) return;
  const std::string_view reason = sent_code_.empty() ? "no error code" : sent_code_;
  app_.log.write_limited(level, reason, "request",
                         {{"request_id", request.id},
                          {"token", request.caller.name()},
                          {"peer", request.peer_address},
                          {"method", to_string(request.method)},
                          {"path", request.path},
                          {"status", std::uint64_t{sent_status_}},
                          {"error_code", sent_code_},
                          {"sent_bytes", sent_bytes_},
                          {"latency_ms", took.count() * 1000}});
}

// Closing while the client still sends would reset the connection, and the answer with it.
Awaitable<void> Session::linger() {
  error_code error;
  socket_.shutdown(Socket::shutdown_send, error);
  set_deadline(kLingerMs);
  if (!place_.wait(Waiting::kBody, std::chrono::steady_clock::now())) co_return;
  std::array<char, 4096> scratch;
  for (std::size_t total = 0; !error && !timed_out_ && total < kLingerBytesMax;) {
    const std::size_t bytes = co_await socket_.async_read_some(
        asio::buffer(scratch), asio::redirect_error(UseAwaitable{}, error));
    total += bytes;
    place_.add_progress(bytes);
  }
  clear_deadline();
}

Awaitable<void> serve_connection(Socket socket, Connection connection, Loop& loop,
                                 const Application& application) {
  Session session(std::move(socket), connection, loop, application);
  co_await session.run();
}

}  // namespace minuted::http
