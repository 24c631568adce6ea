// Every error that a user can cause, whole: a user who reads nothing but the message knows what was
// wrong, its value, and what would be right. Each code of server/ERRORS.md has its message here, or in
// the test that is named for it.
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "integration/conversation.hpp"
#include "minuted/time.hpp"

namespace minuted::test {
namespace {

const HeaderList kJson = {{"Content-Type", "application/json"}};

struct Mistake {
  std::string_view code;
  unsigned status;
  std::string_view method;
  std::string target;
  std::string body;
  HeaderList headers;
  std::string message;
};

std::string gzipped(const std::string& plain) {
  std::string packed(compressBound(plain.size()) + 64, '\0');
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

const std::string kBadHost =
    "; a daemon without tokens answers to localhost, 127.0.0.0/8 and [::1] only: use one of them, or "
    "start it with --tokens";

// Of requests that are well-formed HTTP.
std::vector<Mistake> mistakes() {
  const std::string stats = "/stats/minute";
  return {
      {"not_found", 404, "GET", "/stats/minutes", "", {}, R"(there is nothing at "/stats/minutes"; the nearest route is /stats/minute, and /docs describes all)"},
      {"not_found", 404, "GET", "/v2/stats/storage/breakdown/disks?window=7d", "", {},
       R"(storage is not broken down by "disks"; ask for repos, buckets, nodes, workspaces or providers)"},
      {"method_not_allowed", 405, "PUT", stats, "", {},
       R"("/stats/minute" answers to GET, HEAD, OPTIONS only)"},
      {"not_acceptable", 406, "GET", stats, "", {{"Accept", "text/html"}},
       R"(Accept "text/html" takes none of application/json, application/x-ndjson and text/csv; accept )"
       R"(one of them, or give format=json, ndjson or csv)"},
      {"not_acceptable", 406, "GET", stats, "", {{"Accept-Encoding", "br, identity;q=0"}},
       R"(Accept-Encoding "br, identity;q=0" takes none of gzip, zstd and identity; accept one of them)"},
      {"invalid_parameter", 400, "GET", stats + "?startDate=yesterday", "", {},
       R"(startDate "yesterday" is not an ISO 8601 date; give a day like 2024-02-01 or a time like )"
       R"(2024-02-01T10:15:00Z or 2024-02-01T10:15:00+02:00)"},
      {"invalid_parameter", 400, "GET", stats + "?startDate=2024-02-01+", "", {},
       R"(startDate "2024-02-01+" has a + that is not before hh:mm, and so a space; write %2B for a plus, )"
       R"(or leave it out)"},
      {"invalid_argument", 400, "GET", "/events?repoId=r", "", {},
       "raw events are not kept once they are folded; --retention raw=7d would keep them for "
       "seven days"},
      {"unsupported_media_type", 415, "POST", "/events", "[]", {{"Content-Type", "text/xml"}},
       R"(Content-Type "text/xml" is not accepted; send application/json or application/x-ndjson, in )"
       R"(UTF-8)"},
      {"unsupported_encoding", 415, "POST", "/events", "[]", {{"Content-Encoding", "br"}},
       R"(Content-Encoding "br" is not accepted; send gzip, zstd, or the body as it is)"},
      {"unsupported_encoding", 415, "PUT", "/nodes/n", "{}", {{"Content-Encoding", "gzip"}},
       R"(Content-Encoding "gzip" is not accepted here; send the body as it is)"},
      {"bad_encoding", 400, "POST", "/events", "nonsense", {{"Content-Encoding", "gzip"}},
       "the body is not whole gzip: incorrect header check"},
      {"bad_encoding", 400, "POST", "/events", "[{}]", {{"Content-Encoding", "gzip"}},
       "the body is not whole gzip: it is JSON as plain text; send it without Content-Encoding"},
      {"inflated_too_large", 413, "POST", "/events", gzipped(std::string(3 << 20, ' ')),
       {{"Content-Encoding", "gzip"}},
       "the body is larger than the 2097152 bytes accepted once it is made plain; send less at a time"},
      {"malformed_json", 400, "POST", "/events", " ", {},
       "the body is empty, up to its end at byte 1; send an event object, an array of them, or "
       R"({"events":[…]})"},
      {"malformed_json", 400, "POST", "/events", "[{]", {},
       "the body is not one JSON document: a key in quotes is expected, not \"]\", at byte 2 (line 1)"},
      {"wrong_shape", 400, "POST", "/events", "7", {},
       R"(the body is a number, 7; send an event object, an array of them, or {"events":[…]})"},
      {"invalid_event", 400, "POST", "/events?strict=1", R"([{"repoId":"r"}])", {},
       "1 events of the strict batch are not accepted, and so none is; the first is at index 0: "
       "bucketId is missing; give a string of 1 to 255 bytes"},
      {"invalid_field", 400, "POST", "/bucket/b/stats", "{}", kJson,
       R"(day is missing; send {"day":"2024-01-15T00:00:00.000Z"})"},
      {"invalid_idempotency_key", 400, "POST", "/events", "[]", {{"Idempotency-Key", "a b"}},
       R"(Idempotency-Key "a b" is not accepted; give one key of 1 to 128 visible ASCII characters)"},
      {"foreign_origin", 403, "GET", stats, "", {{"Origin", "https://page.example"}},
       R"(the request comes from a page of "https://page.example", which is another site; a daemon )"
       R"(without tokens answers to pages of its own only: let that one in with --cors-origin, or start )"
       R"(it with --tokens)"},
      {"body_too_large", 413, "GET", stats, std::string(65'537, 'x'), {},
       "the body has 65537 bytes; 65536 are accepted; send less at a time"},
  };
}

// And of such as are not.
struct Garble {
  std::string_view code;
  unsigned status;
  std::string bytes;
  std::string message;
};

std::vector<Garble> garbles() {
  const std::string big(9000, 'x');
  const std::string host = "Host: localhost\r\n";
  return {
      {"bad_request", 400, "\x16\x03\x01\x02\r\n\r\n",
       "the request is TLS, and here is HTTP; ask by http://, or have a proxy end TLS before the daemon"},
      {"bad_request", 400, std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xFC", 9),
       "the request is TLS, and here is HTTP; ask by http://, or have a proxy end TLS before the daemon"},
      {"bad_request", 400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
       "the request is HTTP/2, and here is HTTP/1.1; have the client or the proxy use HTTP/1.1"},
      {"bad_request", 400, "PROXY TCP4 192.0.2.1 192.0.2.2 5000 3000\r\nGET /livez HTTP/1.1\r\n" + host + "\r\n",
       "the connection begins with a PROXY header, which is not read here; have the proxy send none"},
      {"bad_request", 400, "PROXY UNKNOWN\r\nGET /livez HTTP/1.1\r\n" + host + "\r\n",
       "the connection begins with a PROXY header, which is not read here; have the proxy send none"},
      {"bad_request", 400, std::string("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C", 16),
       "the connection begins with a PROXY header of version 2, which is not read here; have the proxy "
       "send none"},
      {"bad_request", 400, "hello, is anybody there?\r\n\r\n",
       "the request is not HTTP/1.1: bad method; send METHOD PATH HTTP/1.1 and header fields"},
      {"bad_request", 400, "POST /events HTTP/1.1\r\n" + host + "Content-Length: ten\r\n\r\n",
       "the request is not HTTP/1.1: bad Content-Length; send METHOD PATH HTTP/1.1 and header fields"},
      {"bad_framing", 400,
       "POST /events HTTP/1.1\r\n" + host + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n[]",
       "Content-Length is given 2 times; send it once, as digits only"},
      {"conflicting_fields", 400,
       "POST /events HTTP/1.1\r\n" + host +
           "Content-Type: application/json\r\nContent-Type: application/x-ndjson\r\nContent-Length: 2\r\n\r\n[]",
       "Content-Type is given 2 times with different values; send it once"},
      {"conflicting_fields", 400,
       "POST /events HTTP/1.1\r\n" + host +
           "Content-Encoding: gzip\r\ncontent-encoding: zstd\r\nContent-Length: 2\r\n\r\n[]",
       "Content-Encoding is given 2 times with different values; send it once"},
      {"conflicting_fields", 400,
       "GET /livez HTTP/1.1\r\n" + host +
           "Authorization: Bearer a\r\nAuthorization: Bearer b\r\nAuthorization: Bearer a\r\n\r\n",
       "Authorization is given 3 times with different values; send it once"},
      {"bad_target", 400, "GET livez HTTP/1.1\r\n" + host + "\r\n",
       R"(the request target "livez" is not a path; it begins with / and has no #)"},
      {"bad_host", 400, "GET /livez HTTP/1.1\r\n\r\n",
       "Host is given 0 times; HTTP/1.1 wants it exactly once"},
      {"foreign_host", 403, "GET /livez HTTP/1.1\r\nHost: stats.example\r\n\r\n",
       R"(the Host "stats.example" is not this machine's own)" + kBadHost},
      {"expectation_failed", 417, "GET /livez HTTP/1.1\r\n" + host + "Expect: a miracle\r\n\r\n",
       R"(Expect "a miracle" is not known; 100-continue is)"},
      {"length_required", 411, "POST /events HTTP/1.1\r\n" + host + "\r\n",
       "a body is wanted; send it with Content-Length or chunked"},
      {"body_too_large", 413, "POST /events HTTP/1.1\r\n" + host + "Content-Length: 1048577\r\n\r\n",
       "the body has 1048577 bytes; 1048576 are accepted; send less at a time"},
      {"uri_too_long", 414, "GET /" + big + " HTTP/1.1\r\n" + host + "\r\n",
       "the request target has 9001 bytes; 8192 are accepted"},
      {"header_too_large", 431, "GET / HTTP/1.1\r\n" + host + "X: " + big + "\r\n\r\n",
       "the header fields have 9022 bytes; 8192 are accepted"},
      {"header_timeout", 408, "GET /livez HTTP/1.1\r\nHo",
       "the header did not arrive within 300 ms; send the request again"},
      {"body_timeout", 408, "POST /events HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\n[",
       "the body did not arrive within 300 ms; send the request again"},
  };
}

class ErrorsTest : public ContractTest {
 protected:
  ErrorsTest()
      : ContractTest({"--fold-interval", "0s", "--body-bytes-max", "1MiB", "--inflated-bytes-max",
                      "2MiB", "--inflate-ratio-max", "100000", "--header-timeout", "300ms",
                      "--body-timeout", "300ms"}) {}
};

TEST_F(ErrorsTest, EachMistakeIsToldInWordsThatMendIt) {
  for (const Mistake& one : mistakes()) {
    SCOPED_TRACE(std::string(one.method) + " " + one.target);
    HttpClient client(daemon_.port());
    expect_refusal(client.request(one.method, one.target, one.body, one.headers), one.status,
                   one.code, one.message);
  }
}

TEST_F(ErrorsTest, EachGarbledRequestToo) {
  for (const Garble& one : garbles()) {
    SCOPED_TRACE(one.bytes.substr(0, 70));
    expect_refusal(say(one.bytes), one.status, one.code, one.message);
  }
}

class RatioTest : public ContractTest {
 protected:
  RatioTest()
      : ContractTest({"--fold-interval", "0s", "--inflate-ratio-max", "10", "--body-bytes-max", "1MiB"}) {}
};

TEST_F(RatioTest, ABodyThatGrowsTooMuchIsTold) {
  expect_refusal(client_.request("POST", "/events", gzipped(std::string(20 << 20, ' ')),
                                 {{"Content-Encoding", "gzip"}}),
                 413, "inflate_ratio",
                 "the body grows to more than 1048576 bytes and by more than 10 : 1 when it is made "
                 "plain; send it less compressed or in parts");
}

class BusyTest : public ContractTest {
 protected:
  BusyTest()
      : ContractTest({"--fold-interval", "0s", "--scans-max", "1", "--bytes-in-flight-max", "1MiB",
                      "--body-bytes-max", "1MiB"}) {}

  std::uint64_t in_flight() {
    constexpr std::string_view kGauge = "\nminuted_http_in_flight_bytes ";
    const std::string body = HttpClient(daemon_.port()).get("/metrics").body;
    return std::stoull(body.substr(body.find(kGauge) + kGauge.size()));
  }
};

TEST_F(BusyTest, OneReadTooManyIsToldTheBound) {
  for (int batch = 0; batch < 20; ++batch) {
    const std::string time = format_iso8601(Millis{(kMinuteSeconds + 60 * batch) * 1000});
    std::string lines;
    for (int i = 0; i < 2000; ++i) {
      lines += to_text(EventText{.host = "h" + std::to_string(i), .time = time}) + "\n";
    }
    ASSERT_EQ(client_.push_ndjson(lines).status, 200U);
    fold();  // one by one: all at once would outlast the client on a slow machine
  }
  // Megabytes, taken bit by bit, but not so slowly that the read may be cut off for another.
  HttpClient slow(daemon_.port());
  slow.shrink_receive_buffer(32'768);
  slow.send("GET " + std::string(kDayQuery) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  slow.read_bytes(1);
  std::atomic<bool> over{false};
  std::thread reader([&] {
    while (!over) {
      slow.read_bytes(2048);
      std::this_thread::sleep_for(std::chrono::milliseconds(4));
    }
  });
  const Answer refused = client_.get(kDayQuery);
  over = true;
  reader.join();
  expect_refusal(refused, 503, "too_many_scans",
                 "1 reads are under way, as many as may be; try again soon");
  EXPECT_EQ(refused.header("retry-after"), "1");
}

TEST_F(BusyTest, BodiesBeyondWhatMayBeInFlightAreTold) {
  const std::string head =
      "POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n";
  HttpClient first(daemon_.port());
  first.send(head + std::string(600'000, ' '));
  while (in_flight() < 600'000) {
  }
  HttpClient second(daemon_.port());
  second.send(head + std::string(600'000, ' '));
  const Answer refused = second.read_answer();
  expect_refusal(refused, 503, "overloaded",
                 "too many bytes of requests are in flight; send it again");
  EXPECT_EQ(refused.header("retry-after"), "1");
}

// Codes whose messages other tests show.
const std::map<std::string, std::string>& elsewhere() {
  static const std::map<std::string, std::string> kElsewhere = [] {
    std::map<std::string, std::string> all;
    const auto shown = [&](const std::string& file, const std::vector<std::string>& codes) {
      for (const std::string& code : codes) all.emplace(code, file);
    };
    shown("tests/integration/access_contract_test.cpp",
          {"missing_token", "malformed_authorization", "unknown_token", "expired_token",
           "revoked_token", "insufficient_scope"});
    shown("tests/integration/group_contract_test.cpp", {"query_too_large", "too_many_groups"});
    shown("tests/integration/idempotency_contract_test.cpp", {"idempotency_key_reused"});
    shown("tests/integration/nodes_contract_test.cpp", {"too_many_nodes"});
    shown("tests/integration/bounds_contract_test.cpp", {"too_many_new_series", "disk_full"});
    shown("tests/server/http/connection_limiter_test.cpp",
          {"too_many_connections", "too_many_from_address"});
    // No request of a user's brings these about.
    shown("tests/server/render/error_mapping_test.cpp",
          {"unavailable", "snapshot_expired", "locked", "io_error", "unsupported_format", "corruption",
           "commits_lost", "internal"});
    shown("server/handlers/health.cpp", {"stopping", "writes_stopped"});
    shown("server/handlers/opening.cpp", {"starting"});
    shown("tests/integration/clock_contract_test.cpp", {"clock_not_believed"});
    return all;
  }();
  return kElsewhere;
}

std::string text_of(const std::string& path) {
  std::ifstream in(std::string(MINUTED_SOURCE_DIR) + "/" + path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(ErrorsPageTest, EachCodeHasATestThatShowsItsMessage) {
  std::set<std::string> shown = {"inflate_ratio", "too_many_scans", "overloaded"};
  for (const Mistake& one : mistakes()) shown.emplace(one.code);
  for (const Garble& one : garbles()) shown.emplace(one.code);
  for (const auto& [code, file] : elsewhere()) {
    EXPECT_NE(text_of(file).find('"' + code + '"'), std::string::npos) << code << " in " << file;
    EXPECT_TRUE(shown.insert(code).second) << code << " is here and there";
  }
  std::set<std::string> listed;
  const std::string page = text_of("server/ERRORS.md");
  const std::regex row(R"(\n\| `([a-z_]+)` \| )");
  for (std::sregex_iterator at(page.begin(), page.end(), row), end; at != end; ++at) {
    listed.insert((*at)[1]);
  }
  EXPECT_EQ(shown, listed);
}

}  // namespace
}  // namespace minuted::test
