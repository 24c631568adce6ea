// DELETE and retention through the socket: what is gone, what stays, and what is refused.
#include "integration/conversation.hpp"

namespace minuted::test {
namespace {

using RemovalContractTest = ContractTest;

constexpr std::string_view kDone = R"({"success":true})";

TEST_F(RemovalContractTest, ARepoOrABucketIsGoneOnceItIsAnswered) {
  client_.push("[" + to_text(EventText{}) + "," + to_text(EventText{.bucket = "c"}) + "," +
               to_text(EventText{.repo = "s"}) + "]");
  EXPECT_EQ(client_.request("DELETE", "/repos/r/buckets/b").body, kDone);
  EXPECT_EQ(client_.get(kDayQuery).body, rows_text({{.bucket = "c"}, {.repo = "s"}}));
  fold();
  EXPECT_EQ(client_.request("DELETE", "/repos/r").body, kDone);
  EXPECT_EQ(client_.get(kDayQuery).body, rows_text({{.repo = "s"}}));
  EXPECT_EQ(client_.request("DELETE", "/repos/never-heard-of").body, kDone);
  // And may come again.
  EXPECT_EQ(client_.push(to_text(EventText{})).body, to_text(ReceiptText{}));
  EXPECT_EQ(client_.get(kDayQuery).body, rows_text({RowText{}, {.repo = "s"}}));
}

TEST_F(RemovalContractTest, DatesTakeOutTheirMinutesAndHoursAreMadeAnew) {
  client_.push("[" + to_text(EventText{}) + "," +
               to_text(EventText{.time = "2024-01-01T10:01:00Z", .more = R"("upl_bytes":5)"}) + "]");
  fold();
  EXPECT_EQ(client_.request("DELETE",
                            "/repos/r?startDate=2024-01-01T10:00:59Z&endDate=2024-01-01T10:00:00Z").status,
            400U);
  EXPECT_EQ(client_.request("DELETE",
                            "/repos/r?startDate=2024-01-01T10:00Z&endDate=2024-01-01T10:00Z").body,
            kDone);
  const std::string sums = R"("upl_bytes":5,"dwl_bytes":0,"size_change":0,"latency_ms":0)";
  EXPECT_EQ(client_.get(kDayQuery).body,
            rows_text({{.timestamp = kMinuteSeconds + 60, .sums = sums}}));
  EXPECT_EQ(client_.get("/stats/hourly?startDate=2024-01-01").body, rows_text({{.sums = sums}}));
  EXPECT_EQ(client_.get("/stats/daily?startDate=2024-01-01").body,
            rows_text({{.timestamp = 1'704'067'200, .sums = sums}}));
}

TEST_F(RemovalContractTest, IdsInThePathAreDecodedAndChecked) {
  client_.push("[" + to_text(EventText{.repo = "a/b +"}) + "," + to_text(EventText{.repo = "a"}) + "]");
  EXPECT_EQ(client_.request("DELETE", "/repos/a%2Fb%20+").body, kDone);
  EXPECT_EQ(client_.get(kDayQuery).body, rows_text({{.repo = "a"}}));
  expect_refusal(client_.request("DELETE", "/repos/a%2"), 400, "invalid_parameter",
                 "repoId \"a%2\" is not percent-encoded: \"%2\" is not % and two hexadecimal digits; "
                 "a % itself is written %25");
  expect_refusal(client_.request("DELETE", "/repos/a/buckets/x%2Cy"), 400, "invalid_parameter",
                 "bucketId \"x,y\" in the path must not contain a comma; give an id of 1 to 255 bytes "
                 "of UTF-8 without control characters and commas");
  EXPECT_EQ(client_.request("DELETE", "/repos").status, 404U);
  // An unset variable of a script: the path without it would be another's.
  for (const std::string path : {"/repos/", "/repos/a/", "/repos/a/buckets/", "/repos//buckets/b",
                                 "//repos/a", "/repos//a", "/repos/a//buckets/b", "/"}) {
    if (path == "/") {
      EXPECT_EQ(client_.request("DELETE", path).status, 404U);
      continue;
    }
    expect_refusal(client_.request("DELETE", path), 400, "invalid_parameter",
                   "the path \"" + path + "\" has an empty segment, which a DELETE must not have; give the id "
                   "that is missing, or leave the slash out");
  }
  EXPECT_EQ(client_.get(kDayQuery).body, rows_text({{.repo = "a"}}));
  const Answer answer = client_.get("/repos/a");
  EXPECT_EQ(answer.status, 405U);
  EXPECT_EQ(answer.header("allow"), "PUT, DELETE, OPTIONS");
}

// Half a range, or one that was misspelt, would delete more than was meant.
TEST_F(RemovalContractTest, DatesThatAreNotBothThereAreRefused) {
  client_.push(to_text(EventText{}));
  expect_refusal(client_.request("DELETE", "/repos/r?startDate=2024-01-01"), 400,
                 "invalid_parameter",
                 "startDate \"2024-01-01\" stands alone; give startDate and endDate, or neither");
  expect_refusal(client_.request("DELETE", "/repos/r?enddate=2024-01-01"), 400, "invalid_parameter",
                 "\"enddate\" is no parameter of this request; give startDate and endDate, or neither");
  EXPECT_EQ(client_.get(kDayQuery).body, rows_text({RowText{}}));
}

// What is not well-formed, known and not empty must not widen a deletion: an unset variable of a script,
// dates in a body.
TEST_F(RemovalContractTest, AnythingButWholeDatesIsRefusedAndDeletesNothing) {
  client_.push(to_text(EventText{}));
  const auto refused = [&](const std::string& target, std::string_view body,
                           const std::string& message) {
    for (const std::string path : {"/repos/r", "/repos/r/buckets/b"}) {
      SCOPED_TRACE(path + target);
      expect_refusal(client_.request("DELETE", path + target, body), 400, "invalid_parameter", message);
    }
  };
  const std::string both = "; give startDate and endDate, each with a date, or neither";
  const std::string neither = " is no parameter of this request; give startDate and endDate, or neither";
  refused("?startDate=&endDate=", "", "startDate is empty" + both);
  refused("?startDate&endDate", "", "startDate is empty" + both);
  refused("?startDate=2024-01-01&endDate=", "", "endDate is empty" + both);
  refused("?startDate=2024-01-01&endDate=2024-01-01&endDate=", "", "endDate is empty" + both);
  refused("?", "", "the query is empty; give startDate and endDate, or leave out the ?");
  refused("?&", "", "\"\"" + neither);
  refused("?start%zzDate=2024-01-01&endDate=2024-01-01", "", "\"start%zzDate=2024-01-01\"" + neither);
  refused("?repoId=s", "", "\"repoId\"" + neither);
  const std::string no_body =
      " bytes is not accepted; give startDate and endDate as query parameters, and no body";
  const std::string dates = R"({"startDate":"2024-01-01","endDate":"2024-01-01"})";
  refused("", dates, "the body of " + std::to_string(dates.size()) + no_body);
  refused("", " ", "the body of 1" + no_body);
  refused("?startDate=2024-01-01&endDate=2024-01-01", "{}", "the body of 2" + no_body);
  EXPECT_EQ(client_.request("DELETE", "/repos/r?startDate=%20&endDate=%20").status, 400U);
  EXPECT_EQ(client_.get(kDayQuery).body, rows_text({RowText{}}));
  EXPECT_EQ(client_.request("DELETE", "/repos/r?startDate=2024-01-01&endDate=2024-01-01").body, kDone);
  EXPECT_EQ(client_.get(kDayQuery).body, rows_text({}));
}

TEST_F(RemovalContractTest, ACorrectedEventCanBePushedUnderTheSameId) {
  const auto event = [](const char* bytes) {
    return to_text(EventText{.more = std::string(R"("id":"i","upl_bytes":)") + bytes});
  };
  client_.push(event("1"));
  EXPECT_NE(client_.push(event("2")).body.find(R"("duplicates":1)"), std::string::npos);
  for (const char* dates : {"", "?startDate=2024-01-01&endDate=2024-01-01"}) {
    EXPECT_EQ(client_.request("DELETE", std::string("/repos/r") + dates).body, kDone);
    EXPECT_EQ(client_.push(event("2")).body, to_text(ReceiptText{}));
    const std::string sums = R"("upl_bytes":2,"dwl_bytes":0,"size_change":0,"latency_ms":0)";
    EXPECT_EQ(client_.get(kDayQuery).body, rows_text({{.sums = sums}}));
  }
}

class RetentionContractTest : public ContractTest {
 protected:
  RetentionContractTest()
      : ContractTest({"--fold-interval", "0s", "--retention", "minute=400d,hour=2y"}) {}
};

TEST_F(RetentionContractTest, EventsOlderThanTheMinutesAreRejectedAndSaySo) {
  const Answer answer = client_.push(to_text(EventText{}));
  EXPECT_EQ(answer.status, 200U);
  EXPECT_NE(answer.body.find(R"("accepted":0,"rejected":1)"), answer.body.npos) << answer.body;
  EXPECT_NE(answer.body.find("the oldest time that is kept"), answer.body.npos) << answer.body;
}

}  // namespace
}  // namespace minuted::test
