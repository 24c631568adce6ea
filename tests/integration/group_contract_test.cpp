// `groupBy` through the socket: which columns rows have, in which order they come, what they add up,
// and what happens when there are too many.
#include "integration/conversation.hpp"
#include "minuted/time.hpp"

namespace minuted::test {
namespace {

class GroupContractTest : public ContractTest {
 protected:
  explicit GroupContractTest(const std::vector<std::string>& flags = kNoFolds)
      : ContractTest(flags) {}

  std::string read(const std::string& query) {
    const Answer answer = client_.get(std::string(kDayQuery) + query);
    EXPECT_EQ(answer.status, 200U) << answer.body;
    EXPECT_TRUE(answer.whole) << query;
    return answer.body;
  }

  // One event each in eight places, whose uploads add up to a different sum in each set of them.
  void push_eight() {
    std::string body;
    unsigned bytes = 1;
    for (const char* repo : {"a", "b"}) {
      for (const char* bucket : {"x", "y"}) {
        for (const char* host : {"h", "i"}) {
          const std::string more = "\"upl_bytes\":" + std::to_string(bytes);
          body += to_text(EventText{.repo = repo, .bucket = bucket, .host = host, .more = more});
          body += "\n";
          bytes *= 2;
        }
      }
    }
    ASSERT_EQ(client_.push_ndjson(body).body, to_text(ReceiptText{8}));
  }
};

struct GroupText {
  std::string ids = "";  // `"repoId":"r",` and so on
  unsigned upl_bytes = 0;
  std::string host = "";
  std::int64_t timestamp = kMinuteSeconds;
};

std::string groups_text(std::initializer_list<GroupText> groups) {
  std::vector<std::string> rows;
  for (const GroupText& group : groups) {
    std::string text = R"({"timestamp":)" + std::to_string(group.timestamp) + "," + group.ids;
    text += "\"upl_bytes\":" + std::to_string(group.upl_bytes);
    text += R"(,"dwl_bytes":0,"size_change":0,"latency_ms":0)";
    if (!group.host.empty()) text += ",\"host\":" + json_string(group.host);
    rows.push_back(text + "}");
  }
  return rows_text(rows);
}

std::string repo(const char* id) { return std::string(R"("repoId":")") + id + "\","; }
std::string bucket(const char* id) { return std::string(R"("bucketId":")") + id + "\","; }

TEST_F(GroupContractTest, RowsKeepWhatTheyAreGroupedBy) {
  push_eight();
  for (int folded = 0; folded < 2; ++folded) {
    SCOPED_TRACE(folded);
    EXPECT_EQ(read("&groupBy="), groups_text({{"", 255}}));
    EXPECT_EQ(read("&groupBy"), groups_text({{"", 255}}));
    EXPECT_EQ(read("&groupBy=host"), groups_text({{"", 0x55, "h"}, {"", 0xAA, "i"}}));
    EXPECT_EQ(read("&groupBy=bucket"), groups_text({{bucket("x"), 0x33}, {bucket("y"), 0xCC}}));
    EXPECT_EQ(read("&groupBy=repo"), groups_text({{repo("a"), 0x0F}, {repo("b"), 0xF0}}));
    EXPECT_EQ(read("&groupBy=bucket,host"), groups_text({{bucket("x"), 0x11, "h"},
                                                         {bucket("x"), 0x22, "i"},
                                                         {bucket("y"), 0x44, "h"},
                                                         {bucket("y"), 0x88, "i"}}));
    EXPECT_EQ(read("&groupBy=host,repo"), groups_text({{repo("a"), 0x05, "h"},
                                                       {repo("a"), 0x0A, "i"},
                                                       {repo("b"), 0x50, "h"},
                                                       {repo("b"), 0xA0, "i"}}));
    EXPECT_EQ(read("&groupBy=bucket&groupBy=repo"),
              groups_text({{repo("a") + bucket("x"), 0x03},
                           {repo("a") + bucket("y"), 0x0C},
                           {repo("b") + bucket("x"), 0x30},
                           {repo("b") + bucket("y"), 0xC0}}));
    EXPECT_EQ(read("&groupBy=repo,bucket,host"), read(""));
    fold();
  }
}

TEST_F(GroupContractTest, OnlyWhatMatchesTheFiltersIsAddedUp) {
  push_eight();
  EXPECT_EQ(read("&groupBy=&hosts=h"), groups_text({{"", 0x55}}));
  EXPECT_EQ(read("&groupBy=repo&hosts=i&bucketId=y"),
            groups_text({{repo("a"), 0x08}, {repo("b"), 0x80}}));
  EXPECT_EQ(read("&groupBy=host&repoId=b&bucketId=x,none"),
            groups_text({{"", 0x10, "h"}, {"", 0x20, "i"}}));
  EXPECT_EQ(read("&groupBy=bucket&unitId=x"), groups_text({{R"("unitId":"x",)", 0x33}}));
  EXPECT_EQ(read("&groupBy=&unitId=x"), groups_text({{"", 0x33}}));
  EXPECT_EQ(read("&groupBy=&hosts=none"), groups_text({}));
}

TEST_F(GroupContractTest, RowsOfAKeptColumnComeByTime) {
  for (const char* time : {"2024-01-01T10:00Z", "2024-01-01T10:01Z", "2024-01-01T12:00Z"}) {
    for (const char* id : {"a", "b"}) {
      ASSERT_EQ(client_.push(to_text(EventText{.repo = id, .host = id, .time = time})).status, 200U);
    }
  }
  const std::int64_t t = kMinuteSeconds;
  for (int folded = 0; folded < 2; ++folded) {
    EXPECT_EQ(read("&groupBy="),
              groups_text({{"", 14, "", t}, {"", 14, "", t + 60}, {"", 14, "", t + 7200}}));
    EXPECT_EQ(read("&groupBy=host"), groups_text({{"", 7, "a", t},
                                                  {"", 7, "b", t},
                                                  {"", 7, "a", t + 60},
                                                  {"", 7, "b", t + 60},
                                                  {"", 7, "a", t + 7200},
                                                  {"", 7, "b", t + 7200}}));
    EXPECT_EQ(read("&groupBy=repo"), groups_text({{repo("a"), 7, "", t},
                                                  {repo("a"), 7, "", t + 60},
                                                  {repo("a"), 7, "", t + 7200},
                                                  {repo("b"), 7, "", t},
                                                  {repo("b"), 7, "", t + 60},
                                                  {repo("b"), 7, "", t + 7200}}));
    const std::string day = "?startDate=2024-01-01&endDate=2024-01-01&groupBy=";
    EXPECT_EQ(client_.get("/stats/hourly" + day).body,
              groups_text({{"", 28, "", t}, {"", 14, "", t + 7200}}));
    EXPECT_EQ(client_.get("/stats/daily" + day + "bucket").body,
              groups_text({{bucket("b"), 42, "", t - 36'000}}));
    fold();
  }
}

TEST_F(GroupContractTest, MeansAreWeightedAndSumsSaturate) {
  const auto push = [&](const char* host, const std::string& more) {
    ASSERT_EQ(client_.push(to_text(EventText{.host = host, .more = more})).status, 200U);
  };
  push("h", R"("size_change":-5,"latency_ms":1,"dwl_bytes":9223372036854775807)");
  push("h", R"("size_change":-5,"latency_ms":1,"dwl_bytes":1)");
  push("i", R"("size_change":3,"latency_ms":5)");
  push("j", R"("size_change":3)");
  const std::string sums =
      R"("upl_bytes":0,"dwl_bytes":9223372036854775807,"size_change":-4,"latency_ms":2.333,)"
      R"("saturated":true})";
  for (int folded = 0; folded < 2; ++folded) {
    EXPECT_EQ(read("&groupBy="), rows_text(std::vector{R"({"timestamp":1704103200,)" + sums}));
    EXPECT_EQ(read("&groupBy=repo,bucket"),
              rows_text(std::vector{R"({"timestamp":1704103200,"repoId":"r","bucketId":"b",)" +
                                    sums}));
    fold();
  }
}

TEST_F(GroupContractTest, PagesAreTheWholeAnswer) {
  push_eight();
  ASSERT_EQ(client_.push(to_text(EventText{.time = "2024-01-01T12:00Z"})).status, 200U);
  const std::string kept[] = {"", "repo", "bucket", "host", "repo,bucket", "repo,host", "bucket,host"};
  for (const char* route : {"/stats/minute", "/stats/daily"}) {
    for (const std::string& ids : kept) {
      const std::string query =
          std::string(route) + "?startDate=2024-01-01&endDate=2024-01-01&groupBy=" + ids;
      const std::string whole = client_.get(query).body;
      for (const unsigned limit : {1U, 2U, 3U, 9U}) {
        unsigned pages = 0;
        EXPECT_EQ(read_pages(client_, query + "&limit=" + std::to_string(limit), pages), whole)
            << query << " by " << limit;
        if (limit == 1 && ids != "" && pages < 2) ADD_FAILURE() << query << " is one page";
      }
    }
    fold();
  }
}

// As many rows as take several steps to add up, and several pieces to send.
TEST_F(GroupContractTest, ALargeAnswerIsAddedUpWhole) {
  constexpr int kMinutes = 600;
  constexpr int kHosts = 60;
  std::string body;
  std::vector<std::string> rows;
  for (int minute = 0; minute < kMinutes; ++minute) {
    const std::string time = format_iso8601({(kMinuteSeconds + 60 * minute) * 1000});
    for (int host = 0; host < kHosts; ++host) {
      body += to_text(EventText{.host = "h" + std::to_string(host), .time = time}) + "\n";
    }
    rows.push_back(R"({"timestamp":)" + std::to_string(kMinuteSeconds + 60 * minute) +
                   R"(,"upl_bytes":420,"dwl_bytes":0,"size_change":0,"latency_ms":0})");
  }
  ASSERT_EQ(client_.push_ndjson(body).body, to_text(ReceiptText{kMinutes * kHosts}));
  for (int folded = 0; folded < 2; ++folded) {
    EXPECT_TRUE(read("&groupBy=") == rows_text(rows));
    EXPECT_EQ(read("&groupBy=bucket,host").size(), read("&repoId=r").size() -
                                                       rows.size() * kHosts * repo("r").size());
    fold();
  }
}

class FewGroupsTest : public GroupContractTest {
 protected:
  FewGroupsTest() : GroupContractTest({"--fold-interval", "0s", "--groups-max", "3"}) {}
};

TEST_F(FewGroupsTest, MoreGroupsThanMayBeAreRefusedByName) {
  push_eight();
  EXPECT_EQ(read("&groupBy=host"), groups_text({{"", 0x55, "h"}, {"", 0xAA, "i"}}));
  HttpClient client(daemon_.port());
  for (int again = 0; again < 2; ++again) {
    // On one connection: nothing was sent that would have to be broken off.
    const Answer refused = client.get(std::string(kDayQuery) + "&groupBy=bucket,host");
    expect_refusal(refused, 400, "too_many_groups",
                   "the rows fall into more than 3 groups, as many as are allowed; ask for a shorter "
                   "range or fewer ids, or group by fewer of repo, bucket and host (the limit is the "
                   "setting groups-max)");
    EXPECT_EQ(refused.header("connection"), "");
  }
  EXPECT_EQ(read("&groupBy=bucket,host&repoId=a&bucketId=x"),
            groups_text({{bucket("x"), 1, "h"}, {bucket("x"), 2, "i"}}));
  // Where groups need not be held there may be any number.
  EXPECT_EQ(read("&groupBy=repo,bucket"), groups_text({{repo("a") + bucket("x"), 0x03},
                                                       {repo("a") + bucket("y"), 0x0C},
                                                       {repo("b") + bucket("x"), 0x30},
                                                       {repo("b") + bucket("y"), 0xC0}}));
}

// A read that can never fit is refused for good, at its own size, and holds nothing afterwards.
class LittleMemoryTest : public GroupContractTest {
 protected:
  LittleMemoryTest() : GroupContractTest({"--fold-interval", "0s", "--query-bytes-max", "1MiB"}) {}
};

TEST_F(LittleMemoryTest, AReadThatNeedsMoreThanOneMayHoldIsRefusedByName) {
  std::string body;
  for (int i = 0; i < 12'000; ++i) {
    const std::string id = "bucket-" + std::to_string(i);
    body += to_text(EventText{.bucket = id}) + "\n";
  }
  ASSERT_EQ(client_.push_ndjson(body).status, 200U);
  HttpClient client(daemon_.port());
  for (int again = 0; again < 2; ++again) {
    const Answer refused = client.get(std::string(kDayQuery) + "&groupBy=bucket&fields=*");
    expect_refusal(refused, 400, "query_too_large",
                   "the read needs more than 917504 bytes of memory, the most that one read may hold "
                   "of the 1048576 that all reads may; ask for a shorter range or fewer ids, group by "
                   "fewer of repo, bucket and host, or leave the percentiles out (the limit is the "
                   "setting query-bytes-max)");
    EXPECT_EQ(refused.header("connection"), "");
  }
  EXPECT_NE(client.get("/metrics").body.find("\nminuted_query_memory_bytes 0\n"), std::string::npos);
  EXPECT_NE(read("&groupBy=host&fields=requests").find("\"requests\":12000"), std::string::npos);
}

}  // namespace
}  // namespace minuted::test
