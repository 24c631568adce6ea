// Promise: what a client and an operator see of a daemon whose clock leaps: a 503 that says why, never a
// rejection, and never the loss of anything. The rules themselves are tested in engine/clock_test.cpp.
#include <gtest/gtest.h>

#include <memory>

#include "integration/conversation.hpp"
#include "minuted/time.hpp"
#include "support/shifted_clock.hpp"

namespace minuted::test {
namespace {

constexpr std::int64_t kDayMs = kMillisPerDay;
const std::vector<std::string> kRetention = {"--retention", "minute=2d,hour=30d,day=60d",
                                             "--fold-interval", "20ms"};

class ClockContractTest : public testing::Test {
 protected:
  void start(std::vector<std::string> flags = {}) {
    flags.insert(flags.end(), kRetention.begin(), kRetention.end());
    client_.reset();
    daemon_.reset();
    daemon_ = std::make_unique<Daemon>(directory_ / "store", flags, clock_.environment());
    ASSERT_NE(daemon_->port(), 0);
    client_ = std::make_unique<HttpClient>(daemon_->port());
  }

  static std::string stamped(std::int64_t ms, std::string_view host = "h") {
    return to_text(EventText{.host = host, .time = format_iso8601(Millis{ms})});
  }
  static std::string unstamped() { return R"({"repoId":"r","bucketId":"b","host":"own","upl_bytes":1})"; }

  void expect_taken(const Answer& answer, bool duplicate = false) {
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.body, to_text(ReceiptText{.duplicate = duplicate}));
  }
  void expect_not_believed(const Answer& answer, std::string_view reason) {
    EXPECT_EQ(answer.status, 503U) << answer.body;
    EXPECT_NE(answer.body.find(R"("error_code":"clock_not_believed")"), answer.body.npos) << answer.body;
    EXPECT_NE(answer.body.find(reason), answer.body.npos) << answer.body;
    EXPECT_EQ(answer.header("retry-after"), "5");
  }
  bool metric(const std::string& line) {
    return client_->get("/metrics").body.find("\n" + line + "\n") != std::string::npos;
  }
  // How many rows of `tier` there are of the last days.
  std::size_t rows(const std::string& tier) {
    const auto date = [](std::int64_t ms) { return format_iso8601(Millis{ms}).substr(0, 10); };
    const std::int64_t now = ShiftedClock::real_ms();
    const Answer answer =
        client_->get("/stats/" + tier + "?startDate=" + date(now - kDayMs) + "&endDate=" + date(now + kDayMs));
    EXPECT_EQ(answer.status, 200U) << answer.body;
    std::size_t count = 0;
    for (std::size_t at = 0; (at = answer.body.find(R"("timestamp":)", at)) != std::string::npos; ++at) ++count;
    return count;
  }

  TempDir directory_;
  ShiftedClock clock_{directory_ / "clock"};
  std::unique_ptr<Daemon> daemon_;
  std::unique_ptr<HttpClient> client_;
};

TEST_F(ClockContractTest, AClockBehindIsA503UntilItIsRight) {
  start();
  const std::string body = stamped(clock_.now_ms());
  expect_taken(client_->push(body, {{"Idempotency-Key", "k"}}));
  for (const std::int64_t shift : {-kDayMs, -clock_.now_ms()}) {
    for (const bool restart : {false, true}) {
      SCOPED_TRACE(std::to_string(shift) + (restart ? " restarted" : ""));
      clock_.shift(shift);
      if (restart) start();
      const char* const reason = shift == -kDayMs ? "before" : "before the date of this build";
      expect_not_believed(client_->get("/readyz"), reason);
      EXPECT_EQ(client_->get("/livez").status, 200U);
      expect_not_believed(client_->push(unstamped()), reason);
      expect_not_believed(client_->push(stamped(ShiftedClock::real_ms())), reason);
      const std::string refused = std::to_string(shift) + (restart ? "restarted" : "");
      expect_not_believed(client_->push("[" + unstamped() + "]", {{"Idempotency-Key", refused}}), reason);
      expect_not_believed(client_->post("/nodes/h/heartbeat", ""), reason);
      EXPECT_EQ(rows("minute"), 1U);
      EXPECT_TRUE(metric("minuted_clock_believed 0"));
      EXPECT_TRUE(metric("minuted_retention_paused 0"));
      EXPECT_NE(client_->get("/stats/nodes/minute").body.find("ONLINE"), std::string::npos);
      clock_.shift(0);
      EXPECT_EQ(client_->get("/readyz").status, 200U);
      EXPECT_TRUE(metric("minuted_clock_believed 1"));
      expect_taken(client_->push(body, {{"Idempotency-Key", "k"}}), true);
      expect_taken(client_->push("[" + unstamped() + "]", {{"Idempotency-Key", refused}}));
      ASSERT_EQ(client_->request("DELETE", "/repos/r/buckets/b").status, 200U);
      expect_taken(client_->push(stamped(clock_.now_ms())));
    }
  }
}

TEST_F(ClockContractTest, AClockAheadPausesRetentionAndTakesOnlyTimestamps) {
  start();
  const std::string body = stamped(clock_.now_ms());
  expect_taken(client_->push(body, {{"Idempotency-Key", "k"}}));
  for (const std::int64_t shift : {3 * kDayMs, 365 * kDayMs}) {
    for (const bool restart : {false, true}) {
      SCOPED_TRACE(std::to_string(shift) + (restart ? " restarted" : ""));
      clock_.shift(shift);
      if (restart) start();
      EXPECT_EQ(client_->get("/readyz").status, 200U);
      EXPECT_TRUE(metric("minuted_clock_believed 1"));
      EXPECT_TRUE(metric("minuted_retention_paused 1"));
      expect_not_believed(client_->push("[" + stamped(ShiftedClock::real_ms()) + "," + unstamped() + "]"),
                          "only events with timestamps");
      expect_not_believed(client_->push(stamped(clock_.now_ms() + kDayMs)), "more than a day");
      expect_not_believed(client_->post("/nodes/h/heartbeat", ""), "more than a day");
      expect_taken(client_->push(body, {{"Idempotency-Key", "k"}}), true);
      const std::string live = stamped(ShiftedClock::real_ms(), restart ? "live" : "live2");
      expect_taken(client_->push(live));
      EXPECT_EQ(client_->post("/admin/fold", "").status, 200U);
      EXPECT_GE(rows("minute"), 2U);
      EXPECT_NE(client_->get("/stats/nodes/minute").body.find("ONLINE"), std::string::npos);
      clock_.shift(0);
      EXPECT_TRUE(metric("minuted_retention_paused 0"));
      expect_taken(client_->push(unstamped()));
      expect_taken(client_->push(body, {{"Idempotency-Key", "k"}}), true);
    }
  }
  // A client that says the same confirms it.
  clock_.shift(3 * kDayMs);
  expect_not_believed(client_->push(unstamped()), "more than a day");
  expect_taken(client_->push(stamped(clock_.now_ms())));
  expect_taken(client_->push(unstamped()));
  EXPECT_TRUE(metric("minuted_retention_paused 0"));
}

// A store that was made while the clock ran ahead, by less than that after the date of the build.
TEST_F(ClockContractTest, AnOperatorAcceptsAStepBack) {
  clock_.shift(10 * kDayMs);
  start();
  expect_taken(client_->push(stamped(clock_.now_ms())));
  clock_.shift(kDayMs);
  start();
  expect_not_believed(client_->push(unstamped()), "newest commit");
  start({"--accept-clock"});
  EXPECT_EQ(client_->get("/readyz").status, 200U);
  expect_taken(client_->push(unstamped()));
  start();
  expect_taken(client_->push(unstamped()));
}

}  // namespace
}  // namespace minuted::test
