// `Idempotency-Key`: a batch is counted once however often it is sent. Holds up "exactly once".
#include <cstdio>

#include "integration/conversation.hpp"

namespace minuted::test {
namespace {

class IdempotencyContractTest : public ContractTest {
 protected:
  Answer push_with(std::string_view key, std::string_view body, std::string_view query = "") {
    return client_.post("/events" + std::string(query), body,
                        {{"Idempotency-Key", std::string(key)}});
  }
  std::string day() { return client_.get(kDayQuery).body; }
};

TEST_F(IdempotencyContractTest, ARepeatGetsTheFirstAnswerAndCountsNothing) {
  const std::string body = "[" + to_text(EventText{}) + ",17]";
  const std::string error = error_text(1, "", "element 1 is a number, 17; send an event object");
  EXPECT_EQ(push_with("k", body).body, to_text(ReceiptText{1, 1, false, error}));
  for (int round = 0; round < 2; ++round) {
    const Answer answer = push_with("k", body);
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.body, to_text(ReceiptText{1, 1, true, error}));
    EXPECT_EQ(day(), rows_text({{}}));
    fold();
  }
  EXPECT_EQ(push_with("k2", body).body, to_text(ReceiptText{1, 1, false, error}));
  EXPECT_EQ(client_.push(body).body, to_text(ReceiptText{1, 1, false, error}));
  EXPECT_EQ(
      day(),
      rows_text({{.sums = R"("upl_bytes":21,"dwl_bytes":0,"size_change":0,"latency_ms":0)"}}));
}

TEST_F(IdempotencyContractTest, AnotherBodyUnderTheKeyIsRefused) {
  const std::string body = to_text(EventText{});
  ASSERT_EQ(push_with("k", body).status, 200U);
  const std::string_view message =
      "the idempotency key \"k\" was used before for another request; send that one again as it "
      "was, or this one with a new key (the body or ?strict differs)";
  expect_refusal(push_with("k", body + " "), 422, "idempotency_key_reused", message);
  expect_refusal(push_with("k", body, "?strict=1"), 422, "idempotency_key_reused", message);
  EXPECT_EQ(push_with("k", body, "?strict=0").body, to_text(ReceiptText{1, 0, true}));
  EXPECT_EQ(day(), rows_text({{}}));
}

TEST_F(IdempotencyContractTest, ARefusedBatchLeavesNoKey) {
  expect_refusal(push_with("k", "[17]", "?strict=1"), 400, "invalid_event",
                 "1 events of the strict batch are not accepted, and so none is; the first is at "
                 "index 0: element 0 is a number, 17; send an event object");
  EXPECT_EQ(push_with("k", "[").status, 400U);
  EXPECT_EQ(push_with("k", to_text(EventText{})).body, to_text(ReceiptText{1}));
}

TEST_F(IdempotencyContractTest, ABatchWithoutEventsHasAKeyToo) {
  EXPECT_EQ(push_with("k", "[]").body, to_text(ReceiptText{0}));
  EXPECT_EQ(push_with("k", "[]").body, to_text(ReceiptText{0, 0, true}));
  EXPECT_EQ(push_with("k", to_text(EventText{})).status, 422U);
}

TEST_F(IdempotencyContractTest, AnEventWithAnIdCountsOnceInWhateverBatch) {
  const std::string event = to_text(EventText{});
  const std::string named = event.substr(0, event.size() - 1) + R"(,"id":"e1"})";
  EXPECT_EQ(client_.push("[" + named + "," + named + ",17]").body,
            to_text(ReceiptText{1, 1, false,
                                error_text(2, "", "element 2 is a number, 17; send an event object"),
                                1}));
  fold();
  EXPECT_EQ(push_with("k", named).body, to_text(ReceiptText{0, 0, false, "", 1}));
  EXPECT_EQ(push_with("k", named).body, to_text(ReceiptText{0, 0, true, "", 1}));
  EXPECT_EQ(client_.push(named + "", {{"Idempotency-Key", "k2"}}).body,
            to_text(ReceiptText{0, 0, false, "", 1}));
  EXPECT_EQ(day(), rows_text({{}}));
}

TEST_F(IdempotencyContractTest, KeysThatAreNoneAreRefused) {
  const std::string longest(128, 'k');
  EXPECT_EQ(push_with(longest, "[]").status, 200U);
  EXPECT_EQ(push_with("!~\"\\,;", "[]").status, 200U);
  const std::string advice = " is not accepted; give one key of 1 to 128 visible ASCII characters";
  struct Case {
    std::string key;
    std::string shown;
  };
  const std::vector<Case> cases = {
      {"", "\"\""},
      {"a b", "\"a b\""},
      {"a\tb", "\"a\\x09b\""},
      {"caf\xC3\xA9", "\"caf\xC3\xA9\""},
      {"\xFF", "\"\\xff\""},
      {longest + "k", "\"" + std::string(40, 'k') + "…\""},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.shown);
    expect_refusal(push_with(one.key, to_text(EventText{})), 400, "invalid_idempotency_key",
                   "Idempotency-Key " + one.shown + advice);
  }
  expect_refusal(
      client_.push(to_text(EventText{}), {{"Idempotency-Key", "a"}, {"idempotency-key", "a"}}), 400,
      "invalid_idempotency_key", "Idempotency-Key \"a\" is given 2 times" + advice);
  EXPECT_EQ(day(), rows_text({}));
}

// A trailer comes after everything that could have judged it.
TEST_F(IdempotencyContractTest, TrailersAreNoHeaders) {
  const std::string body = to_text(EventText{});
  char size[8];
  std::snprintf(size, sizeof size, "%zx", body.size());
  const auto push_with_trailer = [&](const std::string& trailer) {
    return say("POST /events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" +
               std::string(size) + "\r\n" + body + "\r\n0\r\n" + trailer + "\r\n\r\n");
  };
  for (const char* trailer :
       {"Idempotency-Key: k", "Idempotency-Key: k", "Content-Type: text/plain",
        "Content-Type: application/x-ndjson", "Content-Encoding: gzip"}) {
    EXPECT_EQ(push_with_trailer(trailer).body, to_text(ReceiptText{1})) << trailer;
  }
  EXPECT_EQ(push_with("k", body).body, to_text(ReceiptText{1}));
}

TEST_F(IdempotencyContractTest, ARepeatInFlightWaitsForTheFirst) {
  constexpr int kRounds = 20;
  constexpr std::size_t kAtOnce = 4;
  std::vector<HttpClient> clients;
  for (std::size_t i = 0; i < kAtOnce; ++i) clients.emplace_back(daemon_.port());
  for (int round = 0; round < kRounds; ++round) {
    const std::string body = to_text(EventText{});
    const std::string request =
        "POST /events HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: k" + std::to_string(round) +
        "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    for (HttpClient& client : clients) ASSERT_TRUE(client.send(request));
    std::size_t first = 0;
    for (HttpClient& client : clients) {
      const std::string answer = client.read_answer().body;
      if (answer == to_text(ReceiptText{1})) {
        ++first;
      } else {
        EXPECT_EQ(answer, to_text(ReceiptText{1, 0, true}));
      }
    }
    EXPECT_EQ(first, 1U) << "in round " << round;
  }
  const std::string sums = "\"upl_bytes\":" + std::to_string(7 * kRounds) +
                           R"(,"dwl_bytes":0,"size_change":0,"latency_ms":0)";
  EXPECT_EQ(day(), rows_text({{.sums = sums}}));
}

}  // namespace
}  // namespace minuted::test
