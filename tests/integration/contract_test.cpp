// The conventions of every endpoint: methods, headers, bodies that nobody asked for, old and odd
// ways to say the same, and every way a header is refused.
#include "integration/conversation.hpp"

namespace minuted::test {
namespace {

constexpr std::string_view kAlive = R"({"success":true,"status":"alive"})";
constexpr std::size_t kDrainedBytesMax = 64 << 10;

std::string request_text(std::string_view line, std::string_view fields = "") {
  return std::string(line).append(" HTTP/1.1\r\nHost: localhost\r\n").append(fields).append("\r\n");
}

class ConventionTest : public ContractTest {};

TEST_F(ConventionTest, AnswersNameTheirTypeLengthAndDate) {
  const Answer answer = client_.get("/livez");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body, kAlive);
  EXPECT_EQ(answer.header("content-type"), "application/json");
  EXPECT_EQ(answer.header("content-length"), std::to_string(kAlive.size()));
  EXPECT_EQ(answer.header("date").size(), 29U) << answer.header("date");
  EXPECT_EQ(answer.header("date").substr(26), "GMT");
  EXPECT_EQ(answer.header("connection"), "");
}

TEST_F(ConventionTest, RoutesAnswerToTheirMethodsOnly) {
  struct Case {
    std::string method;
    std::string path;
    unsigned status;
    std::string allow;
    std::string message;
  };
  const std::vector<Case> cases = {
      {"GET", "/", 404, "", "there is nothing at \"/\"; the nearest route is /docs, and /docs describes all"},
      {"GET", "/Livez", 404, "", "there is nothing at \"/Livez\"; the nearest route is /livez, and /docs describes all"},
      {"POST", "/stats/minutes?limit=1", 404, "", "there is nothing at \"/stats/minutes\"; the nearest route is /stats/minute, and /docs describes all"},
      {"OPTIONS", "/nothing", 404, "", "there is nothing at \"/nothing\"; the nearest route is /nodes/{nodeId}, and /docs describes all"},
      {"PUT", "/events", 405, "POST, GET, HEAD, OPTIONS",
       "\"/events\" answers to POST, GET, HEAD, OPTIONS only"},
      {"GET", "/admin/fold", 405, "POST, OPTIONS", "\"/admin/fold\" answers to POST, OPTIONS only"},
      {"POST", "/stats/minute", 405, "GET, HEAD, OPTIONS",
       "\"/stats/minute\" answers to GET, HEAD, OPTIONS only"},
      {"DELETE", "/metrics", 405, "GET, HEAD, OPTIONS",
       "\"/metrics\" answers to GET, HEAD, OPTIONS only"},
      {"get", "/livez", 405, "GET, HEAD, OPTIONS", "\"/livez\" answers to GET, HEAD, OPTIONS only"},
      {"TRACE", "/livez", 405, "GET, HEAD, OPTIONS",
       "\"/livez\" answers to GET, HEAD, OPTIONS only"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.method + " " + one.path);
    const Answer answer = client_.request(one.method, one.path);
    expect_refusal(answer, one.status, one.status == 404 ? "not_found" : "method_not_allowed",
                   one.message);
    EXPECT_EQ(answer.header("allow"), one.allow);
  }
  for (const std::string path : {"/livez", "/stats/minute", "/metrics"}) {
    const Answer options = client_.request("OPTIONS", path);
    EXPECT_EQ(options.status, 204U) << path;
    EXPECT_EQ(options.header("allow"), "GET, HEAD, OPTIONS") << path;
    EXPECT_EQ(options.headers.count("content-length"), 0U) << path;
  }
  EXPECT_EQ(client_.request("OPTIONS", "*").status, 204U);
  EXPECT_EQ(client_.get("/livez").body, kAlive) << "the connection went on all the while";
}

TEST_F(ConventionTest, RepeatedSlashesAndOneAtTheEndAreIgnored) {
  for (const std::string path : {"//livez", "/livez/", "///livez//", "//livez/?x=//"}) {
    EXPECT_EQ(client_.get(path).body, kAlive) << path;
  }
  const HeaderList json = {{"Content-Type", "application/json"}};
  EXPECT_EQ(client_.post("//events/", to_text(EventText{}), json).body, to_text(ReceiptText{}));
  EXPECT_EQ(client_.post("/bucket//b/stats/", R"({"day":"2024-01-01"})", json).status, 200U);
  EXPECT_EQ(client_.request("OPTIONS", "//livez/").status, 204U);
  EXPECT_EQ(client_.request("HEAD", "//livez/").status, 200U);
  EXPECT_EQ(client_.request("PUT", "//repos/r/", R"({"workspace":"w"})", json).status, 200U);
  // Slashes that are encoded belong to a segment.
  EXPECT_EQ(client_.get("/livez%2F").status, 404U);
  EXPECT_EQ(client_.get("/%2Flivez").status, 404U);
}

TEST_F(ConventionTest, HeadHasTheHeadersOfGet) {
  for (const std::string path : {"/livez", "/readyz", "/version", "/nothing"}) {
    const Answer get = client_.get(path);
    const Answer head = client_.request("HEAD", path);
    EXPECT_EQ(head.status, get.status) << path;
    EXPECT_EQ(head.header("content-length"), get.header("content-length")) << path;
    EXPECT_EQ(head.header("content-type"), get.header("content-type")) << path;
    EXPECT_EQ(head.body, "") << path;
  }
}

TEST_F(ConventionTest, ABodyNobodyAskedForIsDrained) {
  const std::string smuggled = request_text("GET /version");
  EXPECT_EQ(client_.request("GET", "/livez", smuggled).body, kAlive);
  EXPECT_EQ(client_.request("GET", "/livez", std::string(kDrainedBytesMax, 'x')).body, kAlive);
  EXPECT_EQ(client_.request("HEAD", "/livez", smuggled).status, 200U);
  EXPECT_EQ(client_.request("GET", "/nothing", smuggled).status, 404U);
  EXPECT_EQ(client_.post("/admin/fold", smuggled).body, R"({"success":true})");
  EXPECT_EQ(client_.get("/livez").body, kAlive);

  std::string chunked = request_text("GET /livez", "Transfer-Encoding: chunked\r\n");
  chunked += "10\r\n0123456789abcdef\r\n0\r\n\r\n" + request_text("GET /livez");
  HttpClient client(daemon_.port());
  client.send(chunked);
  EXPECT_EQ(client.read_answer().body, kAlive);
  EXPECT_EQ(client.read_answer().body, kAlive);
}

TEST_F(ConventionTest, ABodyNobodyAskedForIsRefusedWhenLarge) {
  {
    HttpClient client(daemon_.port());
    const Answer answer = client.request("GET", "/livez", std::string(kDrainedBytesMax + 1, 'x'));
    expect_refusal(answer, 413, "body_too_large", "the body has 65537 bytes; 65536 are accepted; send less at a time");
    EXPECT_EQ(answer.header("connection"), "close");
    EXPECT_TRUE(client.closed());
  }
  HttpClient client(daemon_.port());
  client.send(request_text("GET /livez", "Transfer-Encoding: chunked\r\n"));
  client.send("10001\r\n" + std::string(0x10001, 'x') + "\r\n0\r\n\r\n");
  const Answer answer = client.read_answer();
  expect_refusal(answer, 413, "body_too_large", "the body is larger than the 65536 bytes accepted; send less at a time");
  EXPECT_TRUE(client.closed());
}

TEST_F(ConventionTest, ConnectionsEndWhenTheyAreAskedTo) {
  struct Case {
    std::string_view version;
    std::string_view fields;
    bool goes_on;
    std::string_view connection;
  };
  const std::vector<Case> cases = {
      {"HTTP/1.1", "", true, ""},
      {"HTTP/1.1", "Connection: keep-alive\r\n", true, ""},
      {"HTTP/1.1", "Connection: close\r\n", false, "close"},
      {"HTTP/1.1", "connection: X-Other, Close\r\n", false, "close"},
      {"HTTP/1.0", "", false, "close"},
      {"HTTP/1.0", "Connection: close\r\n", false, "close"},
      {"HTTP/1.0", "Connection: Keep-Alive\r\n", true, "keep-alive"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(std::string(one.version) + " " + std::string(one.fields));
    HttpClient client(daemon_.port());
    const std::string request = std::string("GET /livez ").append(one.version).append("\r\n") +
                                "Host: localhost\r\n" + std::string(one.fields) + "\r\n";
    client.send(request);
    const Answer answer = client.read_answer();
    EXPECT_EQ(answer.body, kAlive);
    EXPECT_EQ(answer.header("connection"), one.connection);
    if (one.goes_on) {
      client.send(request);
      EXPECT_EQ(client.read_answer().body, kAlive);
    } else {
      EXPECT_TRUE(client.closed());
    }
  }
  EXPECT_EQ(say("GET /livez HTTP/1.0\r\n\r\n").body, kAlive);  // without a Host
}

TEST_F(ConventionTest, PipelinedRequestsAreAnsweredInOrder) {
  std::string requests;
  constexpr int kRounds = 100;
  const std::string event = to_text(EventText{});
  for (int i = 0; i < kRounds; ++i) {
    requests += request_text("GET /livez");
    requests +=
        request_text("POST /events", "Content-Length: " + std::to_string(event.size()) + "\r\n") +
        event;
    requests += request_text("GET /nothing");
  }
  HttpClient client(daemon_.port());
  ASSERT_TRUE(client.send(requests));
  for (int i = 0; i < kRounds; ++i) {
    ASSERT_EQ(client.read_answer().body, kAlive) << i;
    ASSERT_EQ(client.read_answer().body, to_text(ReceiptText{1})) << i;
    ASSERT_EQ(client.read_answer().status, 404U) << i;
  }
}

TEST_F(ConventionTest, ContinueIsSaidToWhoWaitsForIt) {
  const std::string event = to_text(EventText{});
  const std::string length = "Content-Length: " + std::to_string(event.size()) + "\r\n";
  {
    HttpClient client(daemon_.port());
    client.send(request_text("POST /events", "Expect: 100-Continue\r\n" + length));
    EXPECT_EQ(client.read_bytes(25), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send(event);
    EXPECT_EQ(client.read_answer().body, to_text(ReceiptText{1}));
  }
  {
    HttpClient client(daemon_.port());  // a refusal comes instead of it
    client.send(request_text("POST /events?strict=x", "Expect: 100-continue\r\n" + length));
    EXPECT_EQ(client.read_answer().status, 400U);
    EXPECT_TRUE(client.closed());
  }
  // Who does not wait, or speaks HTTP/1.0, is not told.
  EXPECT_EQ(say(request_text("POST /events", "Expect: 100-continue\r\n" + length) + event).status,
            200U);
  EXPECT_EQ(say("POST /events HTTP/1.0\r\nExpect: 100-continue\r\n" + length + "\r\n" + event).body,
            to_text(ReceiptText{1}));
}

TEST_F(ConventionTest, EmptyLinesBeforeARequestAreSkipped) {
  HttpClient client(daemon_.port());
  const std::string push = "POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n[]";
  client.send("\r\n" + push + "\r\n" + request_text("GET /livez") + "\r\n\r\n\r\n" +
              request_text("GET /livez"));
  EXPECT_EQ(client.read_answer().status, 200U);
  EXPECT_EQ(client.read_answer().body, kAlive);
  EXPECT_EQ(client.read_answer().body, kAlive);
  // In pieces, and behind an answer that was read.
  for (const char* piece : {"\r", "\n\r\n", "\r", "\nGET /livez HTTP/1.1\r\n", "Host: localhost\r\n\r\n"}) {
    client.send(piece);
    EXPECT_FALSE(client.closed(20)) << "after " << piece;
  }
  EXPECT_EQ(client.read_answer().body, kAlive);
  for (const char* no_empty_line : {"\n", "\r\r\n", " \r\n", "\r\n\n"}) {
    EXPECT_EQ(say(no_empty_line + request_text("GET /livez")).status, 400U);
  }
}

TEST_F(ConventionTest, AFieldGivenTwiceWithOneValueIsThatValue) {
  EXPECT_EQ(client_.push("[]", {{"Content-Type", "application/json"}}).status, 200U);
  EXPECT_EQ(client_.get("/livez", {{"Authorization", "Bearer a"}, {"Authorization", "Bearer a"}}).body,
            kAlive);
}

TEST_F(ConventionTest, ProxiesMayNameTheWholeAddress) {
  for (const std::string target :
       {"http://localhost/livez", "HTTP://127.0.0.1:3000/livez?x=http://y",
        "https://[::1]/livez"}) {
    EXPECT_EQ(say("GET " + target + " HTTP/1.1\r\nHost: evil.example\r\n\r\n").body, kAlive)
        << target;
  }
  EXPECT_EQ(say("GET http://localhost HTTP/1.1\r\nHost: localhost\r\n\r\n").body,
            refusal_text("not_found", "there is nothing at \"/\"; the nearest route is /docs, and /docs describes all"));
}

// A page could rebind its own name to this machine, and then read what it likes.
TEST_F(ConventionTest, OnlyLoopbackNamesAreAnsweredTo) {
  const auto message = [](const std::string& host) {
    return "the Host " + json_string(host) +
           " is not this machine's own; a daemon without tokens answers to localhost, 127.0.0.0/8 "
           "and [::1] only: use one of them, or start it with --tokens";
  };
  for (const std::string host :
       {"localhost", "LOCALHOST.:80", "127.0.0.1", "127.1.2.3:3000", "[::1]", "[::1]:3000"}) {
    EXPECT_EQ(say("GET /livez HTTP/1.1\r\nHost: " + host + "\r\n\r\n").body, kAlive) << host;
  }
  for (const std::string host : {"evil.example", "localhost.evil.example", "127.0.0.1.nip.io",
                                 "192.168.0.1", "0.0.0.0", "2130706433", "127.1", ""}) {
    SCOPED_TRACE(host);
    expect_refusal(say("GET /livez HTTP/1.1\r\nHost: " + host + "\r\n\r\n"), 403, "foreign_host",
                   message(host));
    if (!host.empty()) {
      expect_refusal(say("GET http://" + host + "/livez HTTP/1.1\r\nHost: localhost\r\n\r\n"), 403,
                     "foreign_host", message(host));
    }
  }
}

TEST_F(ConventionTest, PagesOfOtherSitesAreRefused) {
  for (const std::string origin : {"http://localhost:8080", "https://127.0.0.1", "http://[::1]"}) {
    EXPECT_EQ(client_.push(to_text(EventText{}), {{"Origin", origin}}).status, 200U) << origin;
  }
  for (const std::string origin :
       {"https://evil.example", "http://localhost.evil.example", "null", "file://"}) {
    SCOPED_TRACE(origin);
    expect_refusal(client_.push(to_text(EventText{}), {{"Origin", origin}}), 403, "foreign_origin",
                   "the request comes from a page of " + json_string(origin) +
                       ", which is another site; a daemon without tokens answers to pages of its "
                       "own only: let that one in with --cors-origin, or start it with --tokens");
  }
}

TEST_F(ConventionTest, HeadersThatCannotBeReadAreRefusedByName) {
  struct Case {
    std::string request;
    unsigned status;
    std::string_view code;
    std::string message;
  };
  const std::string target_advice = " is not a path; it begins with / and has no #";
  const std::string form = "; send METHOD PATH HTTP/1.1 and header fields";
  const std::string big(9000, 'x');
  const std::vector<Case> cases = {
      {"GET livez HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "bad_target",
       "the request target \"livez\"" + target_advice},
      {request_text("GET /livez#top"), 400, "bad_target",
       "the request target \"/livez#top\"" + target_advice},
      {request_text("GET *"), 400, "bad_target", "the request target \"*\"" + target_advice},
      {request_text("CONNECT localhost:80"), 400, "bad_target",
       "the request target \"localhost:80\"" + target_advice},
      {"GET /livez HTTP/1.1\r\n\r\n", 400, "bad_host",
       "Host is given 0 times; HTTP/1.1 wants it exactly once"},
      {request_text("GET /livez", "Host: localhost\r\n"), 400, "bad_host",
       "Host is given 2 times; HTTP/1.1 wants it exactly once"},
      {request_text("GET /livez", "Expect: a miracle\r\n"), 417, "expectation_failed",
       "Expect \"a miracle\" is not known; 100-continue is"},
      {"GET /livez HTTP/2.0\r\nHost: localhost\r\n\r\n", 400, "bad_request",
       "the request is not HTTP/1.1: bad version" + form},
      {"GET /livez HTTP/1.2\r\nHost: localhost\r\n\r\n", 400, "bad_request",
       "the request is not HTTP/1.1: bad version" + form},
      {request_text("GET /" + big), 414, "uri_too_long",
       "the request target has 9001 bytes; 8192 are accepted"},
      {request_text("GET /" + big + big), 414, "uri_too_long",
       "the request target is too long; 8192 bytes are accepted"},
      {request_text("GET /livez", "X: " + big + "\r\n"), 431, "header_too_large",
       "the header fields have 9022 bytes; 8192 are accepted"},
      {request_text("GET /livez", "X: " + big + big + "\r\n"), 431, "header_too_large",
       "the header fields are too large; 8192 bytes are accepted"},
      {"\x16\x03\x01\x02\r\n\r\n", 400, "bad_request",
       "the request is TLS, and here is HTTP; ask by http://, or have a proxy end TLS before the daemon"},
      {"GET / HTTP/1.1 \r\n\r\n", 400, "bad_request", "the request is not HTTP/1.1: bad version" + form},
      {request_text("GET /livez", "No colon\r\n"), 400, "bad_request",
       "the request is not HTTP/1.1: bad field" + form},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.request.substr(0, 60));
    HttpClient client(daemon_.port());
    client.send(one.request);
    const Answer answer = client.read_answer();
    expect_refusal(answer, one.status, one.code, one.message);
    EXPECT_EQ(answer.header("connection"), "close");
    EXPECT_TRUE(client.closed());
  }
}

TEST_F(ConventionTest, BodiesBeyondTheBoundAreRefusedBeforeTheyCome) {
  HttpClient client(daemon_.port());
  client.send(request_text("POST /events", "Content-Length: 33554433\r\n"));
  expect_refusal(client.read_answer(), 413, "body_too_large",
                 "the body has 33554433 bytes; 33554432 are accepted; send less at a time");
  EXPECT_TRUE(client.closed());
}

TEST_F(ConventionTest, RefusalsAreCounted) {
  EXPECT_EQ(client_.get("/nothing").status, 404U);
  EXPECT_EQ(client_.get("/nothing").status, 404U);
  EXPECT_EQ(client_.post("/events?strict=x", "").status, 400U);
  const Answer metrics = client_.get("/metrics");
  EXPECT_EQ(metrics.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  for (const std::string line :
       {"minuted_http_refusals_total{reason=\"not_found\"} 2\n",
        "minuted_http_refusals_total{reason=\"invalid_parameter\"} 1\n",
        "minuted_http_requests_total{method=\"any\",route=\"none\",status=\"404\"} 2\n",
        "minuted_http_requests_total{method=\"POST\",route=\"/events\",status=\"400\"} 1\n"}) {
    EXPECT_NE(metrics.body.find("\n" + line), std::string::npos) << line << metrics.body;
  }
}

}  // namespace
}  // namespace minuted::test
