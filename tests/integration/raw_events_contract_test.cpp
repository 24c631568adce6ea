// `GET /events` through the socket: raw events come back as they were pushed, or it says why not.
#include "integration/conversation.hpp"

namespace minuted::test {
namespace {

using NoRawEventsContractTest = ContractTest;

TEST_F(NoRawEventsContractTest, WhileTheyAreNotKeptItSaysSo) {
  client_.push(to_text(EventText{}));
  expect_refusal(client_.get("/events"), 400, "invalid_argument",
                 "raw events are not kept once they are folded; --retention raw=7d would "
                 "keep them for seven days");
}

class RawEventsContractTest : public ContractTest {
 protected:
  RawEventsContractTest()
      : ContractTest({"--fold-interval", "0s", "--retention", "raw=3650d"}) {}
};

TEST_F(RawEventsContractTest, WhatIsPushedComesBackAndCanBePushedAgain) {
  const std::string all =
      R"({"timestamp":1704103230123,"repoId":"r\"","bucketId":"b","host":"h","op":"PUT","upl_bytes":7,)"
      R"("dwl_bytes":9223372036854775807,"size_change":-5,"latency_ms":12.345,"status":503,"id":"x 1"})"
      "\n";
  const std::string least =
      R"({"timestamp":1704103230000,"repoId":"r\"","bucketId":"c","host":"h","op":"OTHER",)"
      R"("upl_bytes":0,"dwl_bytes":0,"size_change":0})"
      "\n";
  const std::string old =
      R"({"timestamp":"2000-01-01T00:00:00.001Z","repoId":"s","bucketId":"c","host":"h","op":"LIST",)"
      R"("upl_bytes":0,"dwl_bytes":0,"size_change":0,"latency_ms":0})"
      "\n";
  EXPECT_EQ(client_.push_ndjson(least + old + all).body, to_text(ReceiptText{3}));
  const std::string_view query = "/events?startDate=2000-01-01";
  for (int folded = 0; folded < 2; ++folded) {
    const Answer answer = client_.get(query);
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.header("content-type"), "application/x-ndjson");
    EXPECT_EQ(answer.body, all + least) << "a retention of ten years clips what is older";
    fold();
  }
  EXPECT_EQ(client_.get("/events?startDate=2000-01-01&bucketId=c&hosts=h&limit=x").body, least);
  EXPECT_EQ(client_.get("/events?startDate=2024-01-02").body, "");
  EXPECT_EQ(client_.get("/events?startDate=2024-01-01&unitId=c").body.find("unitId"),
            least.find("bucketId"));
  EXPECT_EQ(client_.get("/events?startDate=yesterday").status, 400U);
  // With its integers as strings too.
  const std::string quoted = client_.get("/events?startDate=2024-01-01&bucketId=c&integers=string").body;
  EXPECT_NE(quoted.find(R"("upl_bytes":"0","dwl_bytes":"0","size_change":"0")"), quoted.npos) << quoted;
  EXPECT_EQ(client_.push_ndjson(quoted).body, to_text(ReceiptText{.accepted = 1}));
  EXPECT_EQ(client_.get("/events?startDate=2024-01-01&bucketId=c").body, least + least);
  // An event with an id is known already, the other counts again.
  EXPECT_EQ(client_.push_ndjson(all + least).body,
            to_text(ReceiptText{.accepted = 1, .duplicates = 1}));
}

TEST_F(RawEventsContractTest, EventsOfAMinuteComeInTheOrderOfTheirTimes) {
  const auto line = [](std::int64_t ms) {
    return R"({"timestamp":)" + std::to_string(1'704'103'200'000 + ms) +
           R"(,"repoId":"r","bucketId":"b","host":"h","op":"OTHER","upl_bytes":0,"dwl_bytes":0,)"
           R"("size_change":0})"
           "\n";
  };
  EXPECT_EQ(client_.push_ndjson(line(59'999) + line(7) + line(30'000)).body, to_text(ReceiptText{3}));
  EXPECT_EQ(client_.push_ndjson(line(8) + line(0)).body, to_text(ReceiptText{2}));
  for (int folded = 0; folded < 2; ++folded) {
    EXPECT_EQ(client_.get("/events?startDate=2024-01-01").body,
              line(0) + line(7) + line(8) + line(30'000) + line(59'999));
    fold();
  }
}

}  // namespace
}  // namespace minuted::test
