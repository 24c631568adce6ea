// Hours, days and pages through the socket: the same rows as minutes, over whole spans, and page by
// page the same answer as in one go, folded or not and over a restart.
#include "integration/conversation.hpp"

namespace minuted::test {
namespace {

constexpr std::int64_t kHourSeconds = 1'704'103'200;  // 10:00, which is kTime's minute as well
constexpr std::int64_t kDaySeconds = 1'704'067'200;

class SpansContractTest : public ContractTest {
 protected:
  std::string read(const std::string& target) {
    const Answer answer = client_.get(target);
    EXPECT_EQ(answer.status, 200U) << answer.body;
    return answer.body;
  }
  void push_at(std::initializer_list<const char*> times) {
    for (const char* time : times) {
      EXPECT_EQ(client_.push(to_text(EventText{.time = time})).status, 200U);
    }
  }
};

std::string uploads(unsigned bytes) {
  return "\"upl_bytes\":" + std::to_string(bytes) +
         R"(,"dwl_bytes":0,"size_change":0,"latency_ms":0)";
}

TEST_F(SpansContractTest, HoursAndDaysCoverTheirWholeSpanFoldedOrNot) {
  push_at({"2024-01-01T10:00:00Z", "2024-01-01T10:59:59.999Z", "2024-01-01T11:00:00Z",
           "2024-01-02T00:00:00Z"});
  const std::string eleven = uploads(7);
  const std::string ten = uploads(14);
  const std::string day = uploads(21);
  for (int folded = 0; folded < 2; ++folded) {
    SCOPED_TRACE(folded);
    // A minute inside widens to the whole span.
    EXPECT_EQ(read("/stats/hourly?startDate=2024-01-01T10:30&endDate=2024-01-01T10:31"),
              rows_text({{.timestamp = kHourSeconds, .sums = ten}}));
    EXPECT_EQ(read("/stats/hourly?startDate=2024-01-01T10:59&endDate=2024-01-01T11:00"),
              rows_text({{.timestamp = kHourSeconds, .sums = ten},
                         {.timestamp = kHourSeconds + 3600, .sums = eleven}}));
    EXPECT_EQ(read("/stats/daily?startDate=2024-01-01T10:30&endDate=2024-01-01T10:31"),
              rows_text({{.timestamp = kDaySeconds, .sums = day}}));
    EXPECT_EQ(read("/stats/daily?startDate=2024-01-01T23:59&endDate=2024-01-02"),
              rows_text({{.timestamp = kDaySeconds, .sums = day},
                         {.timestamp = kDaySeconds + 86'400, .sums = eleven}}));
    EXPECT_EQ(read("/stats/daily?startDate=2024-01-01&endDate=2024-01-01&unitId=b&hosts=h&repoId=r"),
              rows_text({{.timestamp = kDaySeconds, .sums = day, .bucket_name = "unitId"}}));
    EXPECT_EQ(read("/stats/hourly?startDate=2024-01-01&endDate=2024-01-02&hosts=absent"),
              rows_text(std::vector<std::string>{}));
    fold();
  }
}

TEST_F(SpansContractTest, PagesAreTheWholeAnswer) {
  std::string body;
  for (const char* repo : {"r", "rr", "s"}) {
    for (const char* host : {"h", "i"}) {
      for (const char* time : {"2024-01-01T10:00Z", "2024-01-01T10:01Z", "2024-01-01T12:00Z"}) {
        body += to_text(EventText{.repo = repo, .host = host, .time = time}) + "\n";
      }
    }
  }
  ASSERT_EQ(client_.push_ndjson(body).body, to_text(ReceiptText{18}));
  for (const char* route : {"/stats/minute", "/stats/hourly", "/stats/daily"}) {
    const std::string query = std::string(route) + "?startDate=2024-01-01&endDate=2024-01-01";
    const std::string whole = read(query);
    for (const unsigned limit : {1U, 2U, 5U, 7U, 18U, 100U}) {
      SCOPED_TRACE(query + " limit " + std::to_string(limit));
      unsigned pages = 0;
      EXPECT_EQ(read_pages(client_, query + "&limit=" + std::to_string(limit), pages), whole);
      if (limit == 1) {
        EXPECT_GE(pages, 6U);
      }
    }
    fold();
  }
}

TEST_F(SpansContractTest, ACursorSurvivesARestartAndBelongsToItsQuery) {
  push_at({"2024-01-01T10:00Z", "2024-01-01T10:01Z"});
  const std::string query = std::string(kDayQuery) + "&limit=1";
  const std::string first = read(query);
  constexpr std::string_view kNext = R"("nextCursor":")";
  const std::size_t at = first.find(kNext) + kNext.size();
  ASSERT_GT(at, kNext.size());
  const std::string cursor = first.substr(at, first.find('"', at) - at);
  daemon_.kill();
  const Daemon restarted(directory_ / "store", kNoFolds);
  HttpClient client(restarted.port());
  EXPECT_EQ(client.get(query + "&cursor=" + cursor).body,
            rows_text({{.timestamp = kMinuteSeconds + 60}}));
  for (const std::string& other :
       {std::string(kDayQuery) + "&limit=1&repoId=r", std::string("/stats/hourly?startDate=2024-01-01"
                                                                  "&endDate=2024-01-01&limit=1")}) {
    const Answer refused = client.get(other + "&cursor=" + cursor);
    EXPECT_EQ(refused.status, 400U) << other;
    EXPECT_NE(refused.body.find("cursor"), std::string::npos) << refused.body;
  }
  for (const char* wrong : {"&limit=0", "&limit=-1", "&limit=many", "&limit=1&cursor=x"}) {
    EXPECT_EQ(client.get(std::string(kDayQuery) + wrong).status, 400U) << wrong;
  }
}

}  // namespace
}  // namespace minuted::test
