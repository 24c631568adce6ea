// The forms of an answer through the socket: extra columns, CSV and NDJSON, byte counts as strings, each
// compressed and plain. Holds up "the same rows, whatever the form", and that whoever takes a compressed
// answer slowly, or not at all, costs no more than its piece.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "integration/conversation.hpp"
#include "minuted/time.hpp"
#include "support/random.hpp"
#include "support/unpack.hpp"

namespace minuted::test {
namespace {

const std::string kCsvNames =
    "timestamp,repoId,bucketId,upl_bytes,dwl_bytes,size_change,latency_ms,host\n";

class FormsContractTest : public ContractTest {
 protected:
  explicit FormsContractTest(const std::vector<std::string>& flags = kNoFolds)
      : ContractTest(flags) {}

  std::string read(const std::string& query, const HeaderList& headers = {}) {
    const Answer answer = client_.get(std::string(kDayQuery) + query, headers);
    EXPECT_EQ(answer.status, 200U) << answer.body;
    EXPECT_TRUE(answer.whole) << query;
    return answer.body;
  }

  void push(const std::string& more, std::string_view host = "h", std::string_view bucket = "b") {
    const EventText event{.bucket = bucket, .host = host, .more = more};
    ASSERT_EQ(client_.push(to_text(event)).body, to_text(ReceiptText{1}));
  }

  // Rows that no compressor makes much smaller.
  void push_noise(int minutes, int hosts) {
    Random random(1);
    std::string body;
    int events = 0;
    for (int minute = 0; minute < minutes; ++minute) {
      const std::string time = format_iso8601(Millis{(kMinuteSeconds + 60 * minute) * 1000});
      for (int host = 0; host < hosts; ++host) {
        const auto number = [&] { return std::to_string(random.bits() >> 2); };
        const std::string more = "\"upl_bytes\":" + number() + ",\"dwl_bytes\":" + number() +
                                 ",\"size_change\":" + number();
        const std::string name = std::to_string(host);
        body += to_text(EventText{.host = name, .time = time, .more = more}) + "\n";
        ++events;
      }
      if (body.size() < (16 << 20) && minute + 1 != minutes) continue;
      ASSERT_EQ(client_.push_ndjson(body).body, to_text(ReceiptText{static_cast<unsigned>(events)}));
      body.clear();
      events = 0;
    }
    fold();
  }
};

TEST_F(FormsContractTest, FieldsFollowTheStandardColumnsInOneOrder) {
  push(R"("op":"GET","status":200,"latency_ms":1)");
  push(R"("op":"PUT","status":404,"latency_ms":2)");
  push(R"("op":"PUT","status":503,"latency_ms":1000)");
  push(R"("op":"LIST")", "i");
  const std::string ids = R"({"timestamp":1704103200,"repoId":"r","bucketId":"b","upl_bytes":0,)"
                          R"("dwl_bytes":0,"size_change":0,"latency_ms":)";
  const std::string of_h =
      R"(,"requests":3,"errors":2,"client_errors":1,"server_errors":1,"gets":1,"puts":2,"deletes":0,)"
      R"("heads":0,"lists":0,"others":0,"latency_sum_ms":1003,"latency_min_ms":1,"latency_max_ms":1000)";
  const std::string of_i =
      R"(,"requests":1,"errors":0,"client_errors":0,"server_errors":0,"gets":0,"puts":0,"deletes":0,)"
      R"("heads":0,"lists":1,"others":0,"latency_sum_ms":null,"latency_min_ms":null,"latency_max_ms":null,)"
      R"("latency_p50_ms":null,"latency_p90_ms":null,"latency_p95_ms":null,"latency_p99_ms":null})";
  // 2 ms lies in a bucket of 1,978 to 2,018 µs, whose point is this.
  const std::string percentiles =
      R"(,"latency_p50_ms":1.986898,"latency_p90_ms":1000,"latency_p95_ms":1000,"latency_p99_ms":1000})";
  for (int folded = 0; folded < 2; ++folded) {
    const std::string all = read("&fields=*");
    const std::size_t p50 = all.find(R"("latency_p50_ms":)");
    ASSERT_NE(p50, all.npos) << all;
    const double ms = std::stod(all.substr(p50 + 17));
    EXPECT_NEAR(ms, 2, 0.02);
    const std::string point = all.substr(p50 + 17, all.find(',', p50) - p50 - 17);
    std::string tail = percentiles;
    tail.replace(tail.find("1.986898"), 8, point);
    EXPECT_EQ(all, rows_text(std::vector{ids + R"(334.333,"host":"h")" + of_h + tail,
                                         ids + R"(0,"host":"i")" + of_i}));
    // Asked in another order, and twice.
    EXPECT_EQ(read("&fields=puts,requests&fields=gets,puts&hosts=h"),
              rows_text(std::vector{ids + R"(334.333,"host":"h","requests":3,"gets":1,"puts":2})"}));
    EXPECT_EQ(read("&fields=requests,puts,lists,errors,latency_max_ms,latency_sum_ms&groupBy="),
              rows_text(std::vector<std::string>{
                  R"({"timestamp":1704103200,"upl_bytes":0,"dwl_bytes":0,"size_change":0,)"
                  R"("latency_ms":334.333,"requests":4,"errors":2,"puts":2,"lists":1,)"
                  R"("latency_sum_ms":1003,"latency_max_ms":1000})"}));
    EXPECT_EQ(client_.get("/stats/daily?startDate=2024-01-01&endDate=2024-01-01&groupBy=host&"
                          "fields=latency_p99_ms,gets&format=csv")
                  .body,
              "timestamp,upl_bytes,dwl_bytes,size_change,latency_ms,host,gets,latency_p99_ms\n"
              "1704067200,0,0,0,334.333,h,1,1000\n1704067200,0,0,0,0,i,0,\n");
    fold();
  }
}

TEST_F(FormsContractTest, AnUnknownFieldIsRefusedByName) {
  const Answer answer = client_.get(std::string(kDayQuery) + "&fields=gets,wrong");
  EXPECT_EQ(answer.status, 400U);
  EXPECT_NE(answer.body.find(R"(fields \"wrong\" is no column)"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("latency_p99_ms"), std::string::npos) << answer.body;
}

TEST_F(FormsContractTest, CsvAndNdjsonAreTheSameRows) {
  push(R"("upl_bytes":7)");
  push(R"("upl_bytes":7)", R"(a\"b)", "c d");
  const std::string first = to_text(RowText{});
  const std::string second = to_text(RowText{.bucket = "c d", .host = R"(a\"b)"});
  const std::string csv =
      kCsvNames + "1704103200,r,b,7,0,0,0,h\n1704103200,r,c d,7,0,0,0,\"a\"\"b\"\n";
  const std::string ndjson = first + "\n" + second + "\n";
  for (int folded = 0; folded < 2; ++folded) {
    EXPECT_EQ(read("&format=json"), rows_text(std::vector{first, second}));
    EXPECT_EQ(read("&format=csv"), csv);
    EXPECT_EQ(read("&format=ndjson"), ndjson);
    EXPECT_EQ(read("", {{"Accept", "text/csv"}}), csv);
    EXPECT_EQ(read("", {{"Accept", "application/x-ndjson, */*;q=0.1"}}), ndjson);
    EXPECT_EQ(read("", {{"Accept", "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"}}),
              rows_text(std::vector{first, second}));
    EXPECT_EQ(read("&format=csv", {{"Accept", "application/json"}}), csv) << "format wins";
    EXPECT_EQ(read("&format=csv", {{"Accept", "image/png"}}), csv) << "format wins";
    fold();
  }
  EXPECT_EQ(read("&format=csv&repoId=none"), kCsvNames);
  EXPECT_EQ(read("&format=ndjson&repoId=none"), "");
  EXPECT_EQ(read("&format=csv&unitId=b&groupBy=bucket"),
            "timestamp,unitId,upl_bytes,dwl_bytes,size_change,latency_ms\n1704103200,b,7,0,0,0\n");
}

// Two fields of one name are one list.
TEST_F(FormsContractTest, AcceptMayComeInParts) {
  const HeaderList headers = {{"Accept", "image/png"}, {"Accept", "text/csv"}};
  EXPECT_EQ(read("", headers), kCsvNames);
}

TEST_F(FormsContractTest, HeadAnswersTheHeadersOfGet) {
  push(R"("upl_bytes":7)");
  struct Case {
    std::string query;
    std::string accept;
    std::string type;
  };
  for (const Case& one : {Case{"", "", "application/json"},
                          {"", "text/csv", "text/csv; charset=utf-8"},
                          {"&format=csv", "", "text/csv; charset=utf-8"},
                          {"&format=ndjson", "", "application/x-ndjson"}}) {
    for (const std::string coding : {"", "gzip", "zstd"}) {
      HeaderList headers;
      if (!one.accept.empty()) headers.emplace_back("Accept", one.accept);
      if (!coding.empty()) headers.emplace_back("Accept-Encoding", coding);
      for (const char* method : {"GET", "HEAD"}) {
        const Answer answer =
            client_.request(method, std::string(kDayQuery) + one.query, {}, headers);
        SCOPED_TRACE(std::string(method) + one.query + coding);
        EXPECT_EQ(answer.status, 200U);
        EXPECT_EQ(answer.header("content-type"), one.type);
        EXPECT_EQ(answer.header("content-encoding"), coding);
        EXPECT_EQ(answer.header("vary"), "Accept, Accept-Encoding");
      }
    }
  }
}

TEST_F(FormsContractTest, WhatNobodyOffersIsNotAcceptable) {
  Answer refused = client_.get(kDayQuery, {{"Accept", "image/png, text/html"}});
  expect_refusal(refused, 406, "not_acceptable",
                 "Accept \"image/png, text/html\" takes none of application/json, "
                 "application/x-ndjson and text/csv; accept one of them, or give format=json, ndjson "
                 "or csv");
  EXPECT_EQ(refused.header("vary"), "Accept, Accept-Encoding");
  refused = client_.get(kDayQuery, {{"Accept-Encoding", "br, identity;q=0"}});
  expect_refusal(refused, 406, "not_acceptable",
                 "Accept-Encoding \"br, identity;q=0\" takes none of gzip, zstd and identity; accept "
                 "one of them");
  // Errors are plain, whatever is accepted, and JSON.
  refused = client_.get("/stats/minute?startDate=x",
                        {{"Accept", "text/csv"}, {"Accept-Encoding", "gzip, identity;q=0"}});
  EXPECT_EQ(refused.status, 400U);
  EXPECT_EQ(refused.header("content-type"), "application/json");
  EXPECT_EQ(refused.header("content-encoding"), "");
}

TEST_F(FormsContractTest, PagesAreJsonAlone) {
  const auto message = [](const std::string& what, const std::string& form) {
    return what + " asks for a page, which is JSON, but the answer would be " + form +
           "; leave limit and cursor out for all rows, or give format=json";
  };
  const std::string query(kDayQuery);
  expect_refusal(client_.get(query + "&limit=5&format=csv"), 400, "invalid_parameter",
                 message("limit 5", "csv"));
  expect_refusal(client_.get(query + "&limit=5", {{"Accept", "application/x-ndjson"}}), 400,
                 "invalid_parameter", message("limit 5", "ndjson"));
  EXPECT_EQ(client_.get(query + "&limit=5&format=json", {{"Accept", "text/csv"}}).status, 200U);
}

TEST_F(FormsContractTest, ACursorIsOfItsColumns) {
  push(R"("upl_bytes":7)");
  push(R"("upl_bytes":7)", "i");
  const std::string query = std::string(kDayQuery) + "&fields=requests&integers=string";
  const std::string whole = client_.get(query).body;
  unsigned pages = 0;
  EXPECT_EQ(read_pages(client_, query + "&limit=1", pages), whole);
  EXPECT_EQ(pages, 2U);
  const std::string page = client_.get(query + "&limit=1").body;
  const std::size_t at = page.find(R"("nextCursor":")") + 14;
  const std::string cursor = "&cursor=" + page.substr(at, page.find('"', at) - at);
  EXPECT_EQ(client_.get(query + cursor).status, 200U);
  EXPECT_EQ(client_.get(std::string(kDayQuery) + "&fields=requests" + cursor).status, 400U);
  EXPECT_EQ(client_.get(std::string(kDayQuery) + "&integers=string" + cursor).status, 400U);
}

TEST_F(FormsContractTest, ByteCountsMayBeStrings) {
  push(R"("upl_bytes":9223372036854775807,"dwl_bytes":1,"size_change":-5,"latency_ms":1)");
  const std::string sums = R"("upl_bytes":"9223372036854775807","dwl_bytes":"1","size_change":"-5",)"
                           R"("latency_ms":1)";
  const std::string row = to_text(RowText{.sums = sums});
  EXPECT_EQ(read("&integers=string"), rows_text(std::vector{row}));
  EXPECT_EQ(read("&integers=string&format=ndjson"), row + "\n");
  EXPECT_EQ(read("&integers=string&format=csv"), read("&format=csv")) << "CSV has no types";
  EXPECT_EQ(read("&integers=number"), read(""));
  EXPECT_EQ(client_.get(std::string(kDayQuery) + "&integers=yes").status, 400U);
}

TEST_F(FormsContractTest, EachFormIsCompressedWhole) {
  push_noise(30, 200);
  for (const std::string route : {"/stats/minute", "/stats/hourly", "/stats/daily"}) {
    for (const char* more : {"", "&format=csv", "&format=ndjson", "&fields=*", "&groupBy=",
                             "&repoId=none", "&groupBy=host&format=csv&fields=*"}) {
      const std::string query = route + "?startDate=2024-01-01&endDate=2024-01-01" + more;
      const std::string plain = client_.get(query).body;
      for (const std::string coding : {"gzip", "zstd"}) {
        SCOPED_TRACE(query + " " + coding);
        const Answer answer = client_.get(query, {{"Accept-Encoding", coding}});
        ASSERT_EQ(answer.status, 200U);
        EXPECT_TRUE(answer.whole);
        EXPECT_EQ(answer.header("content-encoding"), coding);
        const Unpacked unpacked = unpack(coding, answer.body);
        EXPECT_TRUE(unpacked.sound && unpacked.ended);
        EXPECT_TRUE(unpacked.plain == plain);
        EXPECT_TRUE(plain.size() < 2000 || answer.body.size() < plain.size() / 2);
        // A whole one has its length, as plain ones do.
        EXPECT_EQ(answer.header("content-length").empty(), plain.size() > 128 << 10);
      }
    }
  }
}

TEST_F(FormsContractTest, AnOldClientGetsACompressedAnswerToo) {
  push_noise(10, 200);
  const std::string plain = read("");
  HttpClient old(daemon_.port());
  old.send("GET " + std::string(kDayQuery) + " HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n");
  const std::string text = old.read_bytes();
  const std::size_t body = text.find("\r\n\r\n") + 4;
  EXPECT_NE(text.find("\r\nContent-Encoding: gzip\r\n"), std::string::npos);
  const Unpacked unpacked = unpack("gzip", text.substr(body));
  EXPECT_TRUE(unpacked.ended && unpacked.plain == plain);
}

TEST_F(FormsContractTest, TotalsAreCompressedToo) {
  push(R"("upl_bytes":7)");
  const std::string plain = client_.get("/repo/stats").body;
  const Answer answer = client_.get("/repo/stats", {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(answer.header("content-encoding"), "gzip");
  EXPECT_EQ(answer.header("vary"), "Accept-Encoding");
  EXPECT_EQ(unpack("gzip", answer.body).plain, plain);
  EXPECT_EQ(client_.get("/repo/stats").header("vary"), "Accept-Encoding");
}

class RawFormsContractTest : public FormsContractTest {
 protected:
  RawFormsContractTest() : FormsContractTest({"--fold-interval", "0s", "--retention", "raw=3650d"}) {}
};

TEST_F(RawFormsContractTest, EventsAreCompressedAndMayHaveStrings) {
  push(R"("upl_bytes":7,"dwl_bytes":8,"size_change":-9)");
  const std::string query = "/events?startDate=2024-01-01";
  const std::string plain = client_.get(query).body;
  const Answer answer = client_.get(query, {{"Accept-Encoding", "zstd"}});
  EXPECT_EQ(answer.header("content-encoding"), "zstd");
  EXPECT_EQ(unpack("zstd", answer.body).plain, plain);
  const std::string quoted = client_.get(query + "&integers=string").body;
  EXPECT_NE(quoted.find(R"("upl_bytes":"7","dwl_bytes":"8","size_change":"-9")"), std::string::npos)
      << quoted;
  EXPECT_EQ(client_.get(query + "&integers=x").status, 400U);
}

class CompressedReadersTest : public FormsContractTest {
 protected:
  CompressedReadersTest()
      : FormsContractTest({"--fold-interval", "0s", "--write-timeout", "60s", "--memory", "256MiB",
                           "--body-bytes-max", "32MiB"}) {}

  std::uint64_t open_cursors() {
    const std::string metrics = client_.get("/metrics").body;
    const std::string name = "\nminuted_query_cursors ";
    return std::stoull(metrics.substr(metrics.find(name) + name.size()));
  }
  // Memory of the daemon in bytes: `VmRSS`, now, or `VmHWM`, the most since reset_peak().
  std::size_t memory(const std::string& which) const {
    std::ifstream status("/proc/" + std::to_string(daemon_.pid()) + "/status");
    for (std::string word; status >> word;) {
      if (word != which + ":") continue;
      std::size_t kibibytes = 0;
      status >> kibibytes;
      return kibibytes << 10;
    }
    return 0;
  }
  void reset_peak() const {
    std::ofstream("/proc/" + std::to_string(daemon_.pid()) + "/clear_refs") << "5";
  }
  std::string question(const std::string& coding) const {
    return "GET " + std::string(kDayQuery) + " HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: " + coding +
           "\r\n\r\n";
  }
};

// Answers of 36 MB each, which do not fit the kernel's buffers even compressed, and that nobody takes for
// a while; then some readers are gone, and the others get all of it.
TEST_F(CompressedReadersTest, SlowAndVanishingOnesCostTheirPieceAlone) {
  push_noise(400, 600);
  const std::string plain = read("");
  ASSERT_GT(plain.size(), 30U << 20);
  reset_peak();
  const std::size_t before = memory("VmRSS");
  constexpr std::size_t kReaders = 12;
  std::vector<HttpClient> readers;
  for (std::size_t i = 0; i < kReaders; ++i) {
    // Those that will read on do not take it byte by byte.
    readers.emplace_back(daemon_.port()).shrink_receive_buffer(i < 2 ? 256 << 10 : 4096);
    readers.back().send(question(i % 2 == 0 ? "gzip" : "zstd"));
  }
  // Meanwhile others are answered.
  EXPECT_TRUE(unpack("gzip", client_.get(kDayQuery, {{"Accept-Encoding", "gzip"}}).body).plain == plain);
  EXPECT_EQ(open_cursors(), kReaders);
  const std::size_t grown = memory("VmHWM") - std::min(before, memory("VmHWM"));
  EXPECT_LT(grown, 96U << 20) << "beside " << before;
  std::vector<HttpClient> patient;
  for (std::size_t i = 0; i < 2; ++i) patient.push_back(std::move(readers[i]));
  readers.clear();
  for (std::size_t i = 0; i < patient.size(); ++i) {
    const Answer answer = patient[i].read_answer();
    EXPECT_TRUE(answer.whole);
    EXPECT_TRUE(unpack(i == 0 ? "gzip" : "zstd", answer.body).plain == plain);
  }
  // The vanished are noticed at their next write; each was stopped in the middle of one.
  for (int i = 0; i < 1000 && open_cursors() != 0; ++i) client_.closed(20);
  EXPECT_EQ(open_cursors(), 0U);
}

}  // namespace
}  // namespace minuted::test
