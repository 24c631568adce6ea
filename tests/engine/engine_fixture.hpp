// An engine over a directory of its own, with a clock that stands still and no folds but those asked
// for, and how its tests speak to it.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <latch>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "minuted/engine.hpp"
#include "model/oracle.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {

inline constexpr std::int64_t kNowMs = 1'700'000'040'000;  // the first second of a minute
inline constexpr std::uint32_t kNowMinute = kNowMs / 60'000;
inline constexpr std::int64_t kHourMs = 3'600'000;
inline const MinuteRange kAllMinutes{{0}, {kMinuteMax.value + 1}};

inline EventView event_at(std::int64_t ms, std::string_view bucket = "b", std::string_view host = "h") {
  EventView e;
  e.repo = "r";
  e.bucket = bucket;
  e.host = host;
  e.timestamp = Millis{ms};
  e.op = OpClass::kPut;
  e.upl_bytes = 10;
  return e;
}

inline AppendRequest request_of(std::initializer_list<EventView> events) {
  AppendRequest request;
  for (const EventView& e : events) request.batch.add(e);
  return request;
}

inline AppendRequest keyed(const std::string& key, std::uint64_t body,
                    std::initializer_list<EventView> events) {
  AppendRequest request = request_of(events);
  request.idempotency = IdempotencyKey{"scope", key, {0, body}};
  return request;
}

// All rows of a question; a failure is the test's.
inline std::vector<OracleRow> read_rows(Engine& engine, const QuerySpec& spec) {
  std::vector<OracleRow> rows;
  auto cursor = engine.query(spec);
  EXPECT_TRUE(cursor.ok());
  Row row;
  while (cursor.ok()) {
    const auto more = (*cursor)->next(row);
    EXPECT_TRUE(more.ok()) << more.error().message;
    if (!more.ok() || !*more) break;
    rows.push_back(to_oracle(row));
  }
  return rows;
}

class EngineTest : public testing::Test {
 protected:
  EngineTest() : clock_(Millis{kNowMs}) {
    options_.path = dir_ / "store";
    options_.clock = &clock_;
    options_.fold_interval_ms = 0;
  }

  void open() {
    engine_.reset();
    auto opened = Engine::open(options_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    engine_ = std::move(*opened);
  }

  Receipt append(AppendRequest request) {
    const auto receipt = engine_->append_and_wait(std::move(request));
    EXPECT_TRUE(receipt.ok()) << receipt.error().message;
    return receipt.ok() ? *receipt : Receipt{};
  }

  std::vector<OracleRow> read(const QuerySpec& spec = {kAllMinutes, {}, {}, {}}) {
    return read_rows(*engine_, spec);
  }

  std::uint64_t requests_read() {
    std::uint64_t n = 0;
    for (const OracleRow& row : read()) n += row.requests;
    return n;
  }

  // Calls `queue` while the commit thread is held in a callback (of an event that is stored as well),
  // so that all it appends becomes one commit.
  template <class Queue>
  void in_one_commit(Queue queue) {
    // Shared: the callback may still look at them when this is left.
    const auto held = std::make_shared<std::latch>(1);
    const auto queued = std::make_shared<std::latch>(1);
    engine_->append(request_of({event_at(kNowMs)}), [held, queued](const Result<Receipt>&) {
      held->count_down();
      queued->wait();
    });
    held->wait();
    queue();
    queued->count_down();
  }

  TempDir dir_;
  ManualClock clock_;
  Options options_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace minuted::test
