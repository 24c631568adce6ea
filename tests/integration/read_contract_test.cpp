// `GET /stats/minute` as its clients see it: ranges, filters, order, defaults, refusals, and
// answers of any size.
#include "integration/conversation.hpp"
#include "minuted/event.hpp"
#include "minuted/time.hpp"

namespace minuted::test {
namespace {

class ReadContractTest : public ContractTest {
 protected:
  std::string read(const std::string& query) {
    const Answer answer = client_.get("/stats/minute" + query);
    EXPECT_EQ(answer.status, 200U) << query;
    EXPECT_TRUE(answer.whole) << query;
    return answer.body;
  }
};

TEST_F(ReadContractTest, RangesIncludeTheMinutesOfBothEnds) {
  // 10:15 UTC of four days, and the first and last minute of the second.
  constexpr std::int64_t kFirst = 1'704'104'100;
  constexpr std::int64_t kDaySeconds = 86'400;
  const std::vector<std::int64_t> minutes = {kFirst,
                                             1'704'153'600,
                                             kFirst + kDaySeconds,
                                             1'704'239'940,
                                             kFirst + 2 * kDaySeconds,
                                             kFirst + 3 * kDaySeconds};
  for (const std::int64_t minute : minutes) {
    const Millis last_of_it{minute * 1000 + 59'999};
    ASSERT_EQ(client_.push(to_text(EventText{.time = format_iso8601(last_of_it)})).status, 200U);
  }
  struct Case {
    std::string_view query;
    std::size_t begin;
    std::size_t end;
  };
  const std::vector<Case> cases = {
      {"?startDate=2024-01-02&endDate=2024-01-02", 1, 4},
      {"?startDate=2024-01-02T00:00Z&endDate=2024-01-02T23:59Z", 1, 4},
      {"?startDate=2024-01-01&endDate=2024-01-04", 0, 6},
      {"?startDate=2024-01-02T10:15:00Z&endDate=2024-01-02T10:15:59.999Z", 2, 3},
      {"?startDate=2024-01-02T10:16:00Z&endDate=2024-01-03T10:14:59Z", 3, 4},
      {"?startDate=2024-01-02T10:15&endDate=2024-01-02T10:15", 2, 3},
      {"?startDate=2024-01-02T12:15+02:00&endDate=2024-01-02T12:15+02:00", 2, 3},
      {"?startDate=2024-01-02T12:15%2B02:00&endDate=2024-01-02T05:15-05:00", 2, 3},
      {"?startDate=2024-01-02+10:15&endDate=2024-01-02T10:15:00.5Z", 2, 3},
      {"?startDate=2024-01-02", 1, 6},
      {"?startDate=2024-01-03T10:16:00Z", 5, 6},
      {"?endDate=2024-01-02", 1, 4},
      {"?endDate=2024-01-02T10:15:00Z", 0, 3},
      {"?endDate=2024-01-02T10:16:00Z", 1, 3},
      {"?startDate=&endDate=2024-01-02", 1, 4},
      {"?startDate=2025-01-01&endDate=2025-01-01", 6, 6},
      {"?startDate=1960-01-01&endDate=9999-12-31", 0, 6},
      {"", 6, 6},
  };
  for (int folded = 0; folded < 2; ++folded) {
    for (const Case& one : cases) {
      std::vector<std::string> rows;
      for (std::size_t i = one.begin; i < one.end; ++i) {
        rows.push_back(to_text(RowText{.timestamp = minutes[i]}));
      }
      EXPECT_EQ(read(std::string(one.query)), rows_text(rows)) << one.query;
    }
    fold();
  }
}

TEST_F(ReadContractTest, WithoutDatesItIsTheLastDayAndTheFuture) {
  // Far enough from the ends that the minute may turn meanwhile.
  const Millis now = system_clock().now();
  const auto push_at = [&](std::string_view host, std::int64_t minutes_ahead) {
    const Millis time{now.value + minutes_ahead * kMillisPerMinute};
    EXPECT_EQ(client_.push(to_text(EventText{.host = host, .time = format_iso8601(time)})).body,
              to_text(ReceiptText{1}));
    return time.value / kMillisPerMinute * 60;
  };
  push_at("day-ago", -24 * 60 - 5);
  const auto today = push_at("today", -24 * 60 + 5);
  const auto ahead = push_at("ahead", 5);
  EXPECT_EQ(read("?repoId=r"), rows_text({{.timestamp = today, .host = "today"},
                                          {.timestamp = ahead, .host = "ahead"}}));
}

TEST_F(ReadContractTest, AnEventWithoutATimeIsOfNow) {
  const std::int64_t before = system_clock().now().value / kMillisPerMinute * 60;
  ASSERT_EQ(
      client_.push(R"({"repoId":"r","bucketId":"b","host":"h","timestamp":null,"upl_bytes":7})")
          .status,
      200U);
  const std::int64_t after = system_clock().now().value / kMillisPerMinute * 60;
  const std::string rows = read("");
  EXPECT_TRUE(rows == rows_text({{.timestamp = before}}) ||
              rows == rows_text({{.timestamp = after}}))
      << rows;
}

TEST_F(ReadContractTest, EveryFilterHoldsAndAnyOfItsValues) {
  const std::vector<RowText> all = {{.repo = "a", .bucket = "x", .host = "1"},
                                    {.repo = "a", .bucket = "x", .host = "2"},
                                    {.repo = "a", .bucket = "y", .host = "1"},
                                    {.repo = "b", .bucket = "x", .host = "1"},
                                    {.repo = "b", .bucket = "x y", .host = "3"}};
  for (const RowText& row : all) {
    ASSERT_EQ(client_.push(to_text(EventText{row.repo, row.bucket, row.host})).status, 200U);
  }
  struct Case {
    std::string_view query;
    std::vector<std::size_t> rows;
  };
  const std::vector<Case> cases = {
      {"", {0, 1, 2, 3, 4}},
      {"&repoId=a", {0, 1, 2}},
      {"&repoId=b,a", {0, 1, 2, 3, 4}},
      {"&repoId=a&repoId=b&repoId=a", {0, 1, 2, 3, 4}},
      {"&repoId=a%2Cb", {0, 1, 2, 3, 4}},
      {"&repoId=,a,,", {0, 1, 2}},
      {"&repoId=", {0, 1, 2, 3, 4}},
      {"&repoId=none", {}},
      {"&repoId=A", {}},
      {"&bucketId=x", {0, 1, 3}},
      {"&bucketId=x,y&repoId=a", {0, 1, 2}},
      {"&bucketId=x+y", {4}},
      {"&bucketId=x%20y", {4}},
      {"&hosts=1", {0, 2, 3}},
      {"&hosts=2,3", {1, 4}},
      {"&hosts=1&bucketId=x&repoId=b", {3}},
      {"&hosts=2&repoId=b", {}},
      {"&Hosts=2&repoid=b&somethingElse=%zz", {0, 1, 2, 3, 4}},
  };
  for (int folded = 0; folded < 2; ++folded) {
    for (const Case& one : cases) {
      std::vector<std::string> rows;
      for (const std::size_t i : one.rows) rows.push_back(to_text(all[i]));
      EXPECT_EQ(client_.get(std::string(kDayQuery).append(one.query)).body, rows_text(rows))
          << one.query;
    }
    fold();
  }
}

TEST_F(ReadContractTest, UnitIdIsTheOlderNameOfBucketId) {
  ASSERT_EQ(client_
                .push(R"({"repoId":"r","unitId":"b","host":"h","timestamp":1704103230,)"
                      R"("upl_bytes":7})")
                .status,
            200U);
  ASSERT_EQ(client_.push(to_text(EventText{.bucket = "c"})).status, 200U);
  const std::string unit = rows_text({{.bucket_name = "unitId"}});
  EXPECT_EQ(client_.get(std::string(kDayQuery) + "&unitId=b").body, unit);
  EXPECT_EQ(client_.get(std::string(kDayQuery) + "&unitId=b&bucketId=b").body, unit);
  EXPECT_EQ(client_.get(std::string(kDayQuery) + "&bucketId=b").body, rows_text({{}}));
}

TEST_F(ReadContractTest, RowsComeByRepoBucketMinuteHostBytewise) {
  const std::string earlier = "2024-01-01T09:59:00Z";
  const std::vector<RowText> sorted = {
      {.repo = "B"},
      {.repo = "a", .bucket = "Z"},
      {.timestamp = kMinuteSeconds - 60, .repo = "a", .bucket = "b", .host = "z"},
      {.repo = "a", .bucket = "b", .host = "H"},
      {.repo = "a", .bucket = "b", .host = "h"},
      {.repo = "a", .bucket = "b", .host = "h1"},
      {.repo = "a", .bucket = "b\xC3\xA9"},
      {.repo = "a!", .bucket = "a"},
      {.repo = "\xC3\xA9"},
      {.repo = "\xF0\x9F\x98\x80"},
  };
  std::string body;
  for (auto row = sorted.rbegin(); row != sorted.rend(); ++row) {
    const bool is_earlier = row->timestamp != kMinuteSeconds;
    body += to_text(EventText{row->repo, row->bucket, row->host,
                              is_earlier ? earlier : std::string(kTime)}) +
            "\n";
  }
  ASSERT_EQ(client_.push_ndjson(body).body, to_text(ReceiptText{10}));
  std::vector<std::string> rows;
  for (const RowText& row : sorted) rows.push_back(to_text(row));
  EXPECT_EQ(client_.get(kDayQuery).body, rows_text(rows));
  fold();
  EXPECT_EQ(client_.get(kDayQuery).body, rows_text(rows));
}

TEST_F(ReadContractTest, IdsAreEscapedAsJson) {
  ASSERT_EQ(client_.push(to_text(EventText{.repo = R"(a\"\\\/b)", .host = "<&'>"})).status, 200U);
  EXPECT_EQ(client_.get(std::string(kDayQuery) + "&repoId=a%22%5C%2Fb").body,
            rows_text({{.repo = R"(a\"\\/b)", .host = "<&'>"}}));
}

TEST_F(ReadContractTest, BadValuesAreRefusedByName) {
  const std::string date_advice =
      " is not an ISO 8601 date; give a day like 2024-02-01 or a time like 2024-02-01T10:15:00Z or "
      "2024-02-01T10:15:00+02:00";
  const std::string list_advice =
      "; give a comma-separated list of ids, each 1 to 255 bytes of UTF-8 without control "
      "characters";
  struct Case {
    std::string query;
    std::string message;
  };
  const std::vector<Case> cases = {
      {"startDate=yesterday", "startDate \"yesterday\"" + date_advice},
      {"endDate=2024-02-30", "endDate \"2024-02-30\"" + date_advice},
      {"startDate=1704103200", "startDate \"1704103200\"" + date_advice},
      {"startDate=2024-01-02&endDate=2024-01-01",
       "startDate \"2024-01-02\" is after endDate \"2024-01-01\"; give a startDate that is not "
       "after "
       "the endDate"},
      {"startDate=2024-01-02&startDate=2024-01-03",
       "startDate is given twice, as \"2024-01-02\" and \"2024-01-03\"; give one value"},
      {"repoId=a%07", "repoId \"a\\x07\" must not contain control characters" + list_advice},
      {"hosts=" + std::string(256, 'h'),
       "hosts \"" + std::string(40, 'h') + "…\" must be 1 to 255 bytes, not 256" + list_advice},
      {"repoId=%",
       "repoId \"%\" is not percent-encoded: \"%\" is not % and two hexadecimal digits; "
       "a % itself is written %25"},
      {"bucketId=%FF",
       "bucketId \"\\xff\" is not valid UTF-8; percent-encode the bytes of its "
       "UTF-8 form"},
      {"groupBy=repo,day",
       "groupBy \"day\" is nothing that rows can be grouped by; give a comma-separated list of repo, "
       "bucket and host, or an empty one for one row in all per timestamp"},
      {"unitId=a&bucketId=b",
       "unitId \"a\" and bucketId \"b\" differ; unitId is the older name of "
       "bucketId: give one of them, or the same ids in both"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.query);
    expect_refusal(client_.get("/stats/minute?" + one.query), 400, "invalid_parameter",
                   one.message);
    const Answer head = client_.request("HEAD", "/stats/minute?" + one.query);
    EXPECT_EQ(head.status, 400U);
    EXPECT_EQ(head.body, "");
  }
}

TEST_F(ReadContractTest, EmptyValuesAreAsGoodAsNone) {
  EXPECT_EQ(read("?fields=&format=&integers=&limit=&cursor=&repoId=&startDate="), rows_text({}));
}

TEST_F(ReadContractTest, ALargeAnswerIsStreamedWhole) {
  constexpr int kMinutes = 100;
  constexpr int kHosts = 250;
  std::vector<std::string> rows;
  std::string body;
  for (int minute = 0; minute < kMinutes; ++minute) {
    const Millis time{(kMinuteSeconds + 60 * minute) * 1000};
    for (int host = 0; host < kHosts; ++host) {
      const std::string name = "host-" + std::to_string(1000 + host);
      body += to_text(EventText{.host = name, .time = format_iso8601(time)}) + "\n";
      rows.push_back(to_text(RowText{.timestamp = kMinuteSeconds + 60 * minute, .host = name}));
    }
  }
  ASSERT_EQ(client_.push_ndjson(body).body, to_text(ReceiptText{kMinutes * kHosts}));
  const std::string expected = rows_text(rows);
  for (int folded = 0; folded < 2; ++folded) {
    const Answer answer = client_.get(kDayQuery);
    EXPECT_EQ(answer.header("transfer-encoding"), "chunked");
    EXPECT_EQ(answer.header("content-length"), "");
    EXPECT_TRUE(answer.whole);
    EXPECT_TRUE(answer.body == expected)
        << "the answer's " << answer.body.size() << " bytes differ";
    fold();
  }
  HttpClient old(daemon_.port());
  old.send("GET " + std::string(kDayQuery) + " HTTP/1.0\r\n\r\n");
  const std::string text = old.read_bytes();
  EXPECT_TRUE(text.starts_with("HTTP/1.0 200 OK\r\n")) << text.substr(0, 200);
  EXPECT_EQ(text.find("chunked"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\n" + expected))
      << "an answer to HTTP/1.0 ends with the connection";
}

// Rows and series: the cursor of a page leads on, also after a restart; with one character changed it is
// refused, whichever it is, and so are those that other stores and older versions made.
TEST_F(ReadContractTest, ACursorThatWasChangedIsRefused) {
  for (const char* host : {"h1", "h2"}) {
    ASSERT_EQ(client_.push(to_text(EventText{.host = host})).status, 200U);
  }
  const auto cursor_of = [](const std::string& page) {
    const std::size_t at = page.find("nextCursor") + 13;
    return page.substr(at, page.find('"', at) - at);
  };
  const std::string queries[] = {std::string(kDayQuery) + "&limit=1",
                                 std::string(kDayQuery) + "&groupBy=host&limit=1",
                                 "/stats/hourly?startDate=2024-01-01&limit=1",
                                 "/stats/daily?startDate=2024-01-01&limit=1", "/series?limit=1"};
  std::vector<std::string> pages;
  for (const std::string& query : queries) {
    SCOPED_TRACE(query);
    const std::string cursor = cursor_of(client_.get(query).body);
    ASSERT_GT(cursor.size(), 40U);
    // Each third is enough here; the unit test changes them all.
    for (std::size_t at = 0; at < cursor.size(); at += 3) {
      std::string other = cursor;
      other[at] = other[at] == 'A' ? 'B' : 'A';
      expect_refusal(client_.get(query + "&cursor=" + other), 400, "invalid_parameter",
                     "cursor " + shorten(other) +
                         " is not one of ours; give the nextCursor of the page before, as it was");
    }
    pages.push_back(query + "&cursor=" + cursor);
  }
  EXPECT_EQ(client_.get("/stats/minute?cursor=AQAAAAEAAAACAAAAAAAAAANyZXBvAGJ1Y2tldAAAAAECaG9zdA").status,
            400U);
  std::vector<std::string> answers;
  for (const std::string& page : pages) answers.push_back(client_.get(page).body);
  daemon_.kill();
  const Daemon again(directory_ / "store", kNoFolds);
  HttpClient client(again.port());
  for (std::size_t i = 0; i < pages.size(); ++i) {
    EXPECT_NE(answers[i].find("h2"), std::string::npos);
    EXPECT_EQ(client.get(pages[i]).body, answers[i]);
  }
  const TempDir other_directory;
  const Daemon other(other_directory / "store", kNoFolds);
  HttpClient other_client(other.port());
  for (const std::string& page : pages) EXPECT_EQ(other_client.get(page).status, 400U);
}

TEST_F(ReadContractTest, HeadDoesNotAsk) {
  ASSERT_EQ(client_.push(to_text(EventText{})).status, 200U);
  const Answer head = client_.request("HEAD", kDayQuery);
  EXPECT_EQ(head.status, 200U);
  EXPECT_EQ(head.header("content-type"), "application/json");
  EXPECT_EQ(head.body, "");
  // It may leave out what only the answer's making would show, but must not say anything else than GET.
  EXPECT_EQ(head.headers.count("transfer-encoding"), 0U);
  EXPECT_EQ(head.headers.count("content-length"), 0U);
  EXPECT_NE(client_.get(kDayQuery).header("content-length"), "");
  EXPECT_EQ(client_.get(kDayQuery).body, rows_text({{}}));  // on the same connection
}

}  // namespace
}  // namespace minuted::test
