// The engine against the oracle under random interleavings of append, resend, fold, roll, seal, read and
// reopen: every read equals the model, whatever has been folded or sealed, percentiles within 1% of those of
// the events. Holds up "counted exactly once" and "every acknowledged event is in every later read".
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>
#include <set>
#include <tuple>

#include "crash/stored_state.hpp"
#include "engine/rolling.hpp"
#include "engine_over.hpp"
#include "minuted/engine.hpp"
#include "model/oracle.hpp"
#include "model/storage_oracle.hpp"
#include "support/long_form.hpp"
#include "support/manual_clock.hpp"
#include "support/random.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

constexpr std::int64_t kStartMs = 1'700'000'000'000;
const MinuteRange kAllMinutes{{0}, {kMinuteMax.value + 1}};
constexpr std::array kQuantiles = {0.0, 0.5, 0.9, 0.95, 0.99, 1.0};

class RandomHistory {
 public:
  explicit RandomHistory(std::uint64_t seed) : random_(seed) {
    clock_.set_now(Millis{kStartMs});
    open();
  }

  void step() {
    switch (pick(19)) {
      case 0: fold(); break;
      case 1: reopen(); break;
      case 2: resend(); break;
      case 12: seal(); break;
      case 17: roll_some(); break;
      case 13: remove(); break;
      case 14: tell(); break;
      case 15:
      case 16: read_storage(random_storage()); break;
      case 3:
      case 4: read(random_spec()); break;
      default: append(); break;
    }
  }

  void read_everything() {
    QuerySpec spec{kAllMinutes, {}, {}, {}};
    read(spec);
    spec.columns = Columns::kSketch;
    read(spec);
  }

  // Each grouping of each span, of all hosts and of some.
  void read_every_grouping() {
    for (unsigned sets = 0; sets < 8 && !testing::Test::HasFatalFailure(); ++sets) {
      for (const Span span : {Span::kMinute, Span::kHour, Span::kDay}) {
        QuerySpec spec{kAllMinutes, {}, {}, {}, span};
        spec.grouping = Grouping{(sets & 4) != 0, (sets & 2) != 0, (sets & 1) != 0};
        SCOPED_TRACE("sets " + std::to_string(sets) + " span " +
                     std::to_string(minutes_in(span)));
        read(spec);
        spec.columns = static_cast<Columns>(pick(3));
        spec.hosts = {"aa", "zz", "absent"};
        read(spec);
      }
    }
  }

  // Each breakdown of each window, with its points, and the whole of it.
  void read_every_storage() {
    for (std::size_t window = 0; window < std::size(kStorageWindows); ++window) {
      SCOPED_TRACE("window " + std::to_string(window));
      UsageQuery query;
      query.window = storage_window(window, Millis{kStartMs});
      query.series = true;
      read_storage(query);
      for (int by = 0; by < 5 && !testing::Test::HasFatalFailure(); ++by) {
        query.by = static_cast<UsageBy>(by);
        read_storage(query);
      }
    }
  }

  // Every tier is the sum of its minutes, and the totals are.
  void check_store() {
    std::vector<std::string> violations;
    check_tiers(store_below(*engine_), violations);
    ASSERT_EQ(violations, std::vector<std::string>{});
  }

  void fold() { ASSERT_TRUE(engine_->fold().ok()); }
  // As of now, when some spans are closed, of days before, when few are, or of weeks later, when all are.
  void seal() {
    const std::uint64_t when = pick(leaps_ ? 3 : 2);
    clock_.set_now(when == 0   ? Millis{kStartMs}
                   : when == 1 ? days_before()
                               : Millis{kStartMs + static_cast<std::int64_t>(pick(20 * 86'400'000ULL))});
    ASSERT_TRUE(engine_->seal().ok());
    clock_.set_now(Millis{kStartMs});
  }

  // As of some time among the events; half of the passes are cut short.
  void roll_some() {
    roll(*engine_, days_before(), pick(2) ? SIZE_MAX : 1 + pick(6));
    check_store();
  }

 private:
  struct Sent {
    std::vector<EventView> events;  // of ids that live as long as the process
    IdempotencyKey key;
    std::uint64_t accepted = 0;
  };
  // What an event's id is unique within, and the id.
  using EventId = std::tuple<std::string, std::string, std::string, Minute, std::string>;

  std::uint64_t pick(std::uint64_t below) { return random_() % below; }

  // Events are up to three days late.
  Millis days_before() {
    return Millis{kStartMs + 3'600'000 - static_cast<std::int64_t>(pick(3 * 86'400'000ULL + 3'600'000))};
  }

  void open() {
    Options options;
    options.path = dir_ / "store";
    options.clock = &clock_;
    options.fold_interval_ms = 0;
    options.seal_interval_ms = 0;
    options.seal_after_ms = 0;
    options.idempotency_window_ms = 100 * 86'400'000LL;
    // Small bounds, so that folds take several batches and families are flushed now and then.
    options.fold_batch_bytes = pick(2) ? 1 : 1U << 20;
    options.memtable_bytes = 1U << 20;
    auto opened = Engine::open(options);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    engine_ = std::move(*opened);
  }

  void reopen() {
    engine_.reset();
    open();
  }

  // Ids that are prefixes of each other, so that a sloppy key order shows.
  std::string_view id() {
    static constexpr std::string_view kIds[] = {"a", "aa", "a b", "b", "\xC3\xA9", "zz"};
    return kIds[pick(std::size(kIds))];
  }

  EventView random_event() {
    EventView e;
    e.repo = id();
    e.bucket = id();
    e.host = id();
    // Mostly a few minutes, sometimes hours or days late.
    const std::uint64_t late_ms = pick(8) ? pick(5 * 60'000) : pick(3 * 86'400'000ULL);
    e.timestamp = Millis{kStartMs - static_cast<std::int64_t>(late_ms)};
    e.op = static_cast<OpClass>(pick(kOpClasses));
    e.status = pick(4) ? static_cast<std::uint16_t>(100 + pick(500)) : std::uint16_t{0};
    e.upl_bytes = pick(3) ? pick(1 << 20) : kBytesMax - pick(10);
    e.dwl_bytes = pick(3) ? 0 : pick(1ULL << 40);
    e.size_change = static_cast<std::int64_t>(random_());
    if (pick(3)) e.latency_us = pick(20) ? pick(1'000'000) : kLatencyUsMax;
    if (pick(3) == 0) e.id = id();
    return e;
  }

  void send(const Sent& sent, bool expect_replayed) {
    AppendRequest request;
    for (const EventView& e : sent.events) request.batch.add(e);
    request.idempotency = sent.key;
    const auto receipt = engine_->append_and_wait(std::move(request));
    ASSERT_TRUE(receipt.ok()) << receipt.error().message;
    EXPECT_EQ(receipt->accepted, sent.accepted);
    EXPECT_EQ(receipt->duplicates, sent.events.size() - sent.accepted);
    EXPECT_EQ(receipt->replayed, expect_replayed);
  }

  void append() {
    Sent sent;
    const std::uint64_t count = pick(30);
    for (std::uint64_t i = 0; i < count; ++i) sent.events.push_back(random_event());
    sent.key = {"scope", "key-" + std::to_string(sent_.size()), {random_(), random_()}};
    for (const EventView& e : sent.events) {
      const bool counted =
          e.id.empty() || ids_.emplace(e.repo, e.bucket, e.host, minute_of(e.timestamp), e.id).second;
      if (!counted) continue;
      ++sent.accepted;
      oracle_.add(e);
    }
    send(sent, false);
    sent_.push_back(std::move(sent));
  }

  void resend() {
    if (sent_.empty()) return;
    send(sent_[pick(sent_.size())], true);
  }

  void remove() {
    Removal removal{std::string(id()), std::nullopt, std::nullopt};
    if (pick(4) != 0) removal.bucket = std::string(id());
    if (pick(4) != 0) {
      const auto last = static_cast<std::uint32_t>(kStartMs / 60'000);
      const auto begin = last - static_cast<std::uint32_t>(pick(2) ? pick(6) : pick(4000));
      removal.range = MinuteRange{{begin}, {begin + static_cast<std::uint32_t>(pick(3000))}};
    }
    const auto removed = engine_->remove(removal);
    ASSERT_TRUE(removed.ok()) << removed.error().message;
    oracle_.remove(removal);
    std::erase_if(ids_, [&](const EventId& id) {
      const auto& [repo, bucket, host, minute, text] = id;
      return repo == removal.repo && (!removal.bucket || bucket == *removal.bucket) &&
             (!removal.range || removal.range->contains(minute));
    });
    check_store();
  }

  void tell() {
    RepoFactsChange change;
    const char* const texts[] = {"", "w", "ww", "v"};
    if (pick(2)) change.workspace = texts[pick(4)];
    if (pick(2)) change.provider = texts[pick(4)];
    const std::string repo(id());
    RepoFacts& facts = facts_[repo];
    if (change.workspace) facts.workspace = *change.workspace;
    if (change.provider) facts.provider = *change.provider;
    const auto told = engine_->tell_repo(repo, change);
    ASSERT_TRUE(told.ok()) << told.error().message;
    ASSERT_EQ(*told, facts);
  }

  UsageQuery random_storage() {
    const auto sorted = [](std::vector<std::string> list) {
      std::sort(list.begin(), list.end());
      list.erase(std::unique(list.begin(), list.end()), list.end());
      return list;
    };
    UsageQuery query;
    query.scope = static_cast<UsageScope>(pick(3));
    query.id = query.scope == UsageScope::kWorkspace ? (pick(2) ? "w" : "v") : std::string(id());
    if (pick(3) == 0) query.visible_repos = sorted(random_list());
    if (pick(3) == 0) query.buckets = sorted(random_list());
    query.window = storage_window(
        pick(std::size(kStorageWindows)),
        Millis{kStartMs + static_cast<std::int64_t>(pick(2) ? 0 : pick(4 * 86'400'000ULL)) -
               static_cast<std::int64_t>(pick(2) ? 0 : pick(4 * 86'400'000ULL))});
    if (pick(4) != 0) query.by = static_cast<UsageBy>(pick(5));
    query.series = pick(2) == 1;
    if (pick(3) == 0) query.limit = pick(4);
    if (pick(3) == 0) query.offset = pick(4);
    return query;
  }

  void read_storage(const UsageQuery& query) {
    std::string failed;
    const OracleStorage answer = test::read_storage(*engine_, query, failed);
    ASSERT_EQ(failed, "");
    const OracleStorage expected = storage_of(oracle_.rows({kAllMinutes, {}, {}, {}}), facts_, query);
    ASSERT_TRUE(answer == expected)
        << answer.page.size() << " of " << answer.entities << " entities where "
        << expected.page.size() << " of " << expected.entities << " are right; by "
        << (query.by ? static_cast<int>(*query.by) : -1) << ", points of "
        << query.window.point_minutes << ", scope " << static_cast<int>(query.scope) << " " << query.id
        << ", buckets " << query.buckets.size() << ", series " << query.series;
  }

  std::vector<std::string> random_list() {
    std::vector<std::string> list;
    if (pick(2)) return list;
    for (std::uint64_t i = pick(4); i > 0; --i) list.emplace_back(pick(5) ? id() : "absent");
    return list;
  }

  QuerySpec random_spec() {
    QuerySpec spec;
    const auto last = static_cast<std::uint32_t>(kStartMs / 60'000);
    const auto begin = last - static_cast<std::uint32_t>(pick(2) ? pick(6) : pick(5000));
    spec.range = {{begin}, {begin + static_cast<std::uint32_t>(pick(2) ? pick(6) : pick(5000))}};
    spec.repos = random_list();
    spec.buckets = random_list();
    spec.hosts = random_list();
    spec.span = static_cast<Span>(pick(3));
    spec.columns = static_cast<Columns>(pick(3));
    if (pick(2)) spec.grouping = Grouping{pick(2) == 1, pick(2) == 1, pick(2) == 1};
    if (pick(4) == 0) {
      const Grouping kept = spec.grouping.value_or(Grouping{true, true, true});
      const auto id_if = [&](bool is_kept) { return std::string(is_kept ? id() : ""); };
      spec.after = RowKey{id_if(kept.repo), id_if(kept.bucket), {begin}, id_if(kept.host)};
    }
    return spec;
  }

  // Reads up to `rows_max` rows; whether that was all.
  bool read_page(const QuerySpec& spec, std::size_t rows_max, std::vector<OracleRow>& rows) {
    auto cursor = engine_->query(spec);
    EXPECT_TRUE(cursor.ok()) << cursor.error().message;
    Row row;
    for (std::size_t i = 0; i < rows_max; ++i) {
      const auto more = (*cursor)->next(row);
      EXPECT_TRUE(more.ok()) << more.error().message;
      if (!more.ok() || !*more) return true;
      rows.push_back(to_oracle(row));
      if (spec.columns == Columns::kSketch) {
        percentiles_.emplace_back();
        for (const double q : kQuantiles) {
          percentiles_.back().push_back(row.rollup->latency_quantile_us(q).value_or(-1));
        }
      }
    }
    return false;
  }

  // In one go or page by page, with something happening between the pages that adds no rows.
  void read(QuerySpec spec) {
    std::vector<OracleRow> expected = oracle_.rows_with_latencies(spec);
    const std::size_t page = pick(3) ? SIZE_MAX : 1 + pick(20);
    std::vector<OracleRow> rows;
    percentiles_.clear();
    while (!read_page(spec, page, rows) && rows.size() <= expected.size()) {
      const OracleRow& last = rows.back();
      spec.after = RowKey{last.repo, last.bucket, {static_cast<std::uint32_t>(last.minute)},
                          last.host};
      if (pick(4) == 0) fold();
      if (pick(4) == 0) seal();
    }
    if (spec.columns == Columns::kSketch) {
      ASSERT_EQ(percentiles_.size(), expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) take_latencies(expected[i], percentiles_[i]);
    }
    for (OracleRow& r : expected) r.latencies.clear();
    if (spec.columns == Columns::kSums) {
      // There or not.
      for (auto* list : {&expected, &rows}) {
        for (OracleRow& r : *list) {
          r.client_errors = r.server_errors = r.latency_min_us = r.latency_max_us = 0;
          if (spec.grouping) r.ops = {};
        }
      }
    }
    if (spec.columns != Columns::kSketch) {
      for (OracleRow& r : rows) r.sketch.clear();
    }
    ASSERT_EQ(rows, expected);
  }

  // The sketch of the row's latencies; and that what was read as their percentiles is within 1% of them.
  static void take_latencies(OracleRow& row, const std::vector<double>& percentiles) {
    LatencySketch sketch;
    for (const std::uint64_t us : row.latencies) sketch.add(us);
    row.sketch = sketch.buckets();
    std::sort(row.latencies.begin(), row.latencies.end());
    for (std::size_t i = 0; i < kQuantiles.size(); ++i) {
      double exact = -1;
      double tolerance = 0;
      if (!row.latencies.empty()) {
        const auto n = static_cast<double>(row.latencies.size());
        const auto rank = static_cast<std::size_t>(std::max(1.0, std::ceil(kQuantiles[i] * n)));
        exact = static_cast<double>(row.latencies[rank - 1]);
        tolerance = exact * LatencySketch::kRelativeError * (1 + 1e-12);
      }
      EXPECT_NEAR(percentiles[i], exact, tolerance) << row << " q=" << kQuantiles[i];
    }
  }

  std::mt19937_64 random_;
  std::vector<std::vector<double>> percentiles_;  // of the rows read last
  TempDir dir_;
  ManualClock clock_;
  const bool leaps_ = pick(2) == 1;  // its seals are weeks later, and all events late then
  Oracle oracle_;
  FactsByRepo facts_;
  std::vector<Sent> sent_;
  std::set<EventId> ids_;  // of the events that are counted
  std::unique_ptr<Engine> engine_;
};

TEST(EngineModelTest, ReadsEqualTheOracleUnderRandomInterleavings) {
  const std::uint64_t seed = test_seed();
  const int histories = long_form() ? 500 : static_cast<int>(sampled(6));
  for (int i = 0; i < histories; ++i) {
    SCOPED_TRACE("history " + std::to_string(i));
    RandomHistory history(seed + static_cast<std::uint64_t>(i));
    for (int step = 0; step < 150 && !testing::Test::HasFatalFailure(); ++step) history.step();
    history.read_everything();
    history.read_every_grouping();
    history.read_every_storage();
    history.fold();
    history.read_everything();
    history.read_every_grouping();
    history.read_every_storage();
    history.seal();
    history.read_every_storage();
    history.check_store();
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace minuted::test
