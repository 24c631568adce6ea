// Holds up "reads see acknowledged writes" in the engine itself: the same threads at full speed,
// while it seals, and the store is flushed and compacted below them.
#include <gtest/gtest.h>

#include "consistency/checker.hpp"
#include "engine_over.hpp"
#include "minuted/engine.hpp"
#include "store/store.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

class EngineTarget final : public Target {
 public:
  explicit EngineTarget(Engine& engine) : engine_(engine) {}

  bool push(std::size_t group, const std::string& key) override {
    AppendRequest request;
    for (std::size_t row = 0; row < kRowsPerGroup; ++row) {
      const Place place = place_of(group, row);
      EventView event;
      event.repo = place.repo;
      event.bucket = place.bucket;
      event.host = place.host;
      event.timestamp = Millis{place.minute * 60'000};
      event.upl_bytes = 1;
      request.batch.add(event);
    }
    request.idempotency = IdempotencyKey{"checker", key, {group, 0}};
    return engine_.append_and_wait(std::move(request)).ok();
  }

  std::optional<std::vector<SeenRow>> read(const Question& question) override {
    QuerySpec spec;
    spec.span = question.span;
    spec.range = {{0}, {kMinuteMax.value + 1}};
    if (question.group) spec.buckets = {place_of(*question.group, 0).bucket};
    if (question.row) {
      const Place place = place_of(*question.group, *question.row);
      spec.repos = {place.repo};
      spec.hosts = {place.host};
    }
    const auto cursor = engine_.query(spec);
    if (!cursor.ok()) return {};
    std::vector<SeenRow> rows;
    Row row;
    while (true) {
      const auto more = (*cursor)->next(row);
      if (!more.ok()) return {};
      if (!*more) return rows;
      rows.push_back({{std::string(row.repo), std::string(row.bucket), std::string(row.host),
                       row.minute.value},
                      static_cast<std::uint64_t>(row.rollup->upl_bytes)});
    }
  }

  bool fold() override { return engine_.fold().ok() && engine_.seal().ok(); }

 private:
  Engine& engine_;
};

// A month ahead: all spans are closed, and sealed whenever folds have left rows.
class ClockAhead final : public Clock {
 public:
  Millis now() const override { return Millis{system_clock().now().value + 31 * kMillisPerDay}; }
  std::int64_t steady_ms() const override { return system_clock().steady_ms(); }
};

void check_engine(std::size_t fold_batch_bytes, CheckOptions check, const char* what) {
  const TempDir directory;
  Options options;
  options.path = directory / "store";
  const ClockAhead clock;
  options.clock = &clock;
  options.fold_interval_ms = 0;
  options.fold_batch_bytes = fold_batch_bytes;
  options.memtable_bytes = 1U << 20;
  auto engine = Engine::open(options);
  ASSERT_TRUE(engine.ok()) << engine.error().message;
  check.duration_ms = check_duration_ms();
  check.upkeep = [&] {
    EXPECT_TRUE(store_below(**engine).compact().ok());
  };
  expect_consistent(
      check_consistency([&] { return std::make_unique<EngineTarget>(**engine); }, check), what);
}

TEST(EngineConsistencyTest, ReadsSeeWhatWasAcknowledgedWhileFoldsRun) {
  check_engine(8U << 20, {}, "engine");
}

TEST(EngineConsistencyTest, ReadsSeeWhatWasAcknowledgedWhileFoldsTakeManySteps) {
  check_engine(1, {}, "engine, folds of one key");
}

// What a fold's end may do to a read that begins just then, some moments long.
TEST(EngineConsistencyTest, ShortReadsSeeWhatWasAcknowledgedWhileFoldsEnd) {
  CheckOptions check;
  check.writers = 1;
  check.readers = 2;
  check.rows_only = true;
  check_engine(8U << 20, check, "engine, short reads");
}

}  // namespace
}  // namespace minuted::test
