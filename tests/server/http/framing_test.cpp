// Which headers are read, and how; which are refused, and that nothing can follow them. Headers are
// parsed by the parser the daemon uses. What only a socket can show stands in tests/integration.
#include "http/framing.hpp"

#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

namespace minuted::http {
namespace {

using Parser = boost::beast::http::request_parser<boost::beast::http::empty_body>;

// A header as it is parsed; `text` without the empty line.
class Parsed {
 public:
  explicit Parsed(const std::string& text) {
    parser_.header_limit(1 << 20);
    parser_.body_limit(boost::none);
    boost::beast::error_code error;
    parser_.put(boost::asio::buffer(text + "\r\n"), error);
    EXPECT_TRUE(parser_.is_header_done()) << error.message();
  }
  const Header& header() const { return parser_.get().base(); }

 private:
  Parser parser_;
};

struct Refused {
  std::uint16_t status;
  std::string_view code;
  friend bool operator==(const Refused&, const Refused&) = default;
};

void PrintTo(const Refused& refused, std::ostream* out) {
  *out << refused.status << " " << refused.code;
}

// The refusal a header gets; status 0 if it gets none.
Refused refusal_of(const std::string& text, const Limits& limits = {}) {
  const Parsed parsed(text);
  const auto read = read_framing(parsed.header(), limits);
  const auto* refused = std::get_if<Response>(&read);
  if (refused == nullptr) return {0, ""};
  EXPECT_TRUE(refused->close) << "nobody knows where the next request begins";
  return {refused->status, refused->error_code};
}

constexpr const char* kGet =
    "GET /stats/minute?repoId=a&x=? HTTP/1.1\r\nHost: stats.example:80\r\n";
constexpr const char* kPost = "POST /events HTTP/1.1\r\nHost: h\r\n";
constexpr Refused kNot{0, ""};

TEST(FramingTest, ARequestWithoutABodyIsTakenApart) {
  const Parsed parsed(kGet);
  const auto read = read_framing(parsed.header(), {});
  const Framing& framing = std::get<Framing>(read);
  EXPECT_EQ(framing.method, Method::kGet);
  EXPECT_EQ(framing.path, "/stats/minute");
  EXPECT_EQ(framing.query, "repoId=a&x=?");
  EXPECT_EQ(framing.host, "stats.example:80");
  EXPECT_FALSE(framing.has_body());
  EXPECT_FALSE(framing.content_length);
  EXPECT_FALSE(framing.expects_continue);
}

TEST(FramingTest, LengthsAreRead) {
  struct Case {
    std::string fields;
    bool chunked;
    std::optional<std::uint64_t> length;
    bool has_body;
  };
  for (const Case& one : std::vector<Case>{
           {"Content-Length: 17\r\n", false, 17, true},
           {"content-length:\t0017 \r\n", false, 17, true},
           {"Content-Length: 0\r\n", false, 0, false},
           {"Content-Length: 18446744073709551615\r\n", false, UINT64_MAX, true},
           {"Transfer-Encoding: chunked\r\n", true, {}, true},
           {"transfer-encoding: CHUNKED \r\n", true, {}, true},
       }) {
    SCOPED_TRACE(one.fields);
    const Parsed parsed(kPost + one.fields);
    const auto read = read_framing(parsed.header(), {});
    ASSERT_TRUE(std::holds_alternative<Framing>(read));
    const Framing& framing = std::get<Framing>(read);
    EXPECT_EQ(framing.method, Method::kPost);
    EXPECT_EQ(framing.chunked, one.chunked);
    EXPECT_EQ(framing.content_length, one.length);
    EXPECT_EQ(framing.has_body(), one.has_body);
  }
}

// Forms that the parser lets pass and another reader may take differently.
TEST(FramingTest, WhatCouldBeReadInTwoWaysIsRefused) {
  constexpr Refused kBad{400, "bad_framing"};
  for (const char* fields :
       {"Content-Length: 5, 5\r\n", "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: identity\r\n", "Transfer-Encoding:\r\n",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: identity\r\nContent-Length: 5\r\n"}) {
    EXPECT_EQ(refusal_of(kPost + std::string(fields)), kBad) << fields;
  }
  EXPECT_EQ(refusal_of("POST /events HTTP/1.0\r\nTransfer-Encoding: chunked\r\n"), kBad);
}

TEST(FramingTest, FoldedFieldsAreSeenInTheirLines) {
  EXPECT_FALSE(folds_a_field("GET / HTTP/1.1\r\nHost: h\r\nX:  y \t\r\n\r\n"));
  EXPECT_FALSE(folds_a_field(""));
  EXPECT_TRUE(folds_a_field("X: y\r\n z\r\n"));
  EXPECT_TRUE(folds_a_field("X:\r\n\ty\r\n"));
}

TEST(FramingTest, TargetsArePathsOrWholeAddresses) {
  struct Case {
    std::string line;
    std::string_view path;
    std::string_view query;
    std::string_view host;
  };
  for (const Case& one : std::vector<Case>{
           {"GET / HTTP/1.1", "/", "", "field"},
           {"GET //x?a?b HTTP/1.1", "//x", "a?b", "field"},
           {"GET /? HTTP/1.1", "/", "", "field"},
           {"GET http://other:81/x?y=/z HTTP/1.1", "/x", "y=/z", "other:81"},
           {"GET HTTPS://other HTTP/1.1", "/", "", "other"},
           {"GET /http://other HTTP/1.1", "/http://other", "", "field"},
           {"OPTIONS * HTTP/1.1", "*", "", "field"},
       }) {
    SCOPED_TRACE(one.line);
    const Parsed parsed(one.line + "\r\nHost: field\r\n");
    const auto read = read_framing(parsed.header(), {});
    ASSERT_TRUE(std::holds_alternative<Framing>(read));
    const Framing& framing = std::get<Framing>(read);
    EXPECT_EQ(framing.path, one.path);
    EXPECT_EQ(framing.query, one.query);
    EXPECT_EQ(framing.host, one.host);
  }
  for (const char* target : {"x", "*", "ftp://h/x", "/a#b", "h:80", "http://h#x"}) {
    EXPECT_EQ(refusal_of("GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n"),
              (Refused{400, "bad_target"}))
        << target;
  }
}

TEST(FramingTest, MethodsAreKnownByTheirExactNames) {
  for (const Method method : {Method::kGet, Method::kHead, Method::kPost, Method::kPut,
                              Method::kDelete, Method::kOptions}) {
    const Parsed parsed(std::string(to_string(method)) + " / HTTP/1.1\r\nHost: h\r\n");
    EXPECT_EQ(std::get<Framing>(read_framing(parsed.header(), {})).method, method);
  }
  for (const char* other : {"get", "PATCH", "TRACE", "GETS", "M-SEARCH"}) {
    const Parsed parsed(std::string(other) + " / HTTP/1.1\r\nHost: h\r\n");
    EXPECT_EQ(std::get<Framing>(read_framing(parsed.header(), {})).method, Method::kOther) << other;
  }
}

TEST(FramingTest, HostIsWantedOnce) {
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\n"), (Refused{400, "bad_host"}));
  EXPECT_EQ(refusal_of("GET http://h/ HTTP/1.1\r\n"), (Refused{400, "bad_host"}));
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost: h\r\nhost: h\r\n"), (Refused{400, "bad_host"}));
  EXPECT_EQ(refusal_of("GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n"), (Refused{400, "bad_host"}));
  EXPECT_EQ(refusal_of("GET / HTTP/1.0\r\n"), kNot);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost:\r\n"), kNot);
}

TEST(FramingTest, ContinueIsExpectedFromHttp11On) {
  const auto expects = [](const std::string& line) {
    const Parsed parsed(line + "\r\nHost: h\r\nExpect: 100-CONTINUE\r\nContent-Length: 1\r\n");
    return std::get<Framing>(read_framing(parsed.header(), {})).expects_continue;
  };
  EXPECT_TRUE(expects("POST /events HTTP/1.1"));
  EXPECT_FALSE(expects("POST /events HTTP/1.0"));
  EXPECT_EQ(refusal_of(kPost + std::string("Expect: 100-continue, x\r\n")),
            (Refused{417, "expectation_failed"}));
}

TEST(FramingTest, SizesAreHeldToTheirBounds) {
  Limits limits;
  limits.uri_bytes_max = 10;
  limits.header_bytes_max = 32;
  const auto line = [](std::size_t bytes) {
    return "GET /" + std::string(bytes - 1, 'x') + " HTTP/1.1\r\n";
  };
  // `Host: h` is 9 bytes with its end, `X: …` 5 and its value.
  const auto fields = [](std::size_t bytes) {
    return "Host: h\r\nX: " + std::string(bytes - 14, 'x') + "\r\n";
  };
  EXPECT_EQ(refusal_of(line(10) + fields(32), limits), kNot);
  EXPECT_EQ(refusal_of(line(11) + fields(32), limits), (Refused{414, "uri_too_long"}));
  EXPECT_EQ(refusal_of(line(10) + fields(33), limits), (Refused{431, "header_too_large"}));
}

TEST(FramingTest, RefusalsNameTheOffenderAndWhatIsWanted) {
  const auto body_of = [](const std::string& text) {
    const Parsed parsed(text);
    return std::get<Response>(read_framing(parsed.header(), {})).body;
  };
  const std::string post = kPost;
  EXPECT_EQ(
      body_of(post + "Content-Length: 5, 5\r\n"),
      R"({"success":false,"message":"Content-Length \"5, 5\" is not one decimal number of bytes; )"
      R"(send it once, as digits only","error_code":"bad_framing"})");
  EXPECT_EQ(
      body_of(post + "Transfer-Encoding: xchunked\r\n"),
      R"({"success":false,"message":"Transfer-Encoding \"xchunked\" is not accepted; send it )"
      R"(once, as exactly chunked, or not at all","error_code":"bad_framing"})");
  EXPECT_EQ(body_of("POST /events HTTP/1.0\r\nTransfer-Encoding: chunked\r\n"),
            R"({"success":false,"message":"Transfer-Encoding needs HTTP/1.1; send Content-Length",)"
            R"("error_code":"bad_framing"})");
  EXPECT_EQ(
      body_of("GET x HTTP/1.1\r\nHost: h\r\n"),
      R"({"success":false,"message":"the request target \"x\" is not a path; it begins with / and )"
      R"(has no #","error_code":"bad_target"})");
}

TEST(FramingTest, EmptySegmentsAreLeftOut) {
  for (const char* path : {"", "/", "/a", "/a/b", "*", "/a/%2F", "/%2F/b"}) {
    EXPECT_EQ(without_empty_segments(path), std::nullopt) << path;
  }
  EXPECT_EQ(without_empty_segments("//"), "/");
  EXPECT_EQ(without_empty_segments("///"), "/");
  EXPECT_EQ(without_empty_segments("/a/"), "/a");
  EXPECT_EQ(without_empty_segments("//a//b//"), "/a/b");
}

}  // namespace
}  // namespace minuted::http
