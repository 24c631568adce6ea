// Sealing: rows of closed spans become pages, and no answer shows it. Holds up "an event that is
// hours late lands in its minute", sealed or not, and "corruption is never silent" for pages.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "engine/engine_fixture.hpp"
#include "engine_over.hpp"
#include "schema/keys.hpp"
#include "schema/tiers.hpp"
#include "maintenance/seal/sealer.hpp"
#include "minuted/engine.hpp"
#include "model/oracle.hpp"
#include "page/page_codec.hpp"
#include "store/store.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

constexpr std::int64_t kSpanMs = 6 * kHourMs;
// The start of a span of six hours, and of one of fifteen days.
constexpr std::int64_t kStartMs = 1'699'920'000'000 / (60 * kSpanMs) * (60 * kSpanMs);

class SealTest : public testing::Test {
 protected:
  SealTest() {
    options_.path = dir_ / "store";
    options_.clock = &clock_;
    options_.fold_interval_ms = 0;
    options_.seal_after_ms = kHourMs;
    clock_.set_now(Millis{kStartMs});
    open();
  }

  void open() {
    engine_.reset();
    auto opened = Engine::open(options_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    engine_ = std::move(*opened);
  }

  // So many ms after kStartMs.
  void append(std::int64_t at_ms, std::string_view bucket = "b", std::string_view host = "h") {
    EventView e;
    e.repo = "r";
    e.bucket = bucket;
    e.host = host;
    e.timestamp = Millis{kStartMs + at_ms};
    e.op = OpClass::kPut;
    e.upl_bytes = 7;
    e.latency_us = static_cast<std::uint64_t>(1'000 + at_ms % 977);
    AppendRequest request;
    request.batch.add(e);
    ASSERT_TRUE(engine_->append_and_wait(std::move(request)).ok());
    oracle_.add(e);
  }

  void fold() { ASSERT_TRUE(engine_->fold().ok()); }
  void seal_at(std::int64_t at_ms) {
    clock_.set_now(Millis{kStartMs + at_ms});
    const auto sealed = engine_->seal();
    ASSERT_TRUE(sealed.ok()) << sealed.error().message;
  }

  void expect_all_rows(const QuerySpec& spec = {kAllMinutes, {}, {}, {}}) {
    EXPECT_EQ(read(spec), oracle_.rows(spec));
  }

  std::vector<OracleRow> read(const QuerySpec& spec) {
    return read_rows(*engine_, spec);
  }

  std::vector<std::string> keys(Family family) {
    std::vector<std::string> keys;
    const auto view = store_below(*engine_).view();
    const auto cursor = view->cursor(family, {}, {});
    for (; cursor->valid(); cursor->next()) keys.emplace_back(cursor->key());
    return keys;
  }

  static std::string key_at(std::int64_t at_ms, std::string_view bucket = "b") {
    std::string key = pair_prefix("r", bucket);
    append_minute(key, minute_of(Millis{kStartMs + at_ms}));
    return key;
  }

  TempDir dir_;
  ManualClock clock_;
  Options options_;
  Oracle oracle_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(SealTest, ClosedSpansBecomePagesAndOpenOnesStayRows) {
  append(0);
  append(5 * kHourMs);
  append(kSpanMs - 1);
  append(kSpanMs);  // the next span
  append(0, "c");
  fold();

  seal_at(kSpanMs + kHourMs - 60'000);
  EXPECT_EQ(keys(Family::kMinutePage), std::vector<std::string>{}) << "no span is closed for an hour";
  seal_at(kSpanMs + kHourMs);
  EXPECT_EQ(keys(Family::kMinutePage), (std::vector{key_at(0), key_at(0, "c")}));
  EXPECT_EQ(keys(Family::kMinute), std::vector{key_at(kSpanMs)});
  EXPECT_EQ(keys(Family::kHourPage), std::vector<std::string>{}) << "their span is fifteen days";
  EXPECT_EQ(engine_->stats().pages_sealed, 2U);
  EXPECT_EQ(engine_->stats().rows_sealed, 4U);
  expect_all_rows();

  seal_at(61 * kSpanMs);
  EXPECT_EQ(keys(Family::kMinute), std::vector<std::string>{});
  EXPECT_EQ(keys(Family::kHour), std::vector<std::string>{});
  EXPECT_EQ(keys(Family::kHourPage), (std::vector{key_at(0), key_at(0, "c")}));
  expect_all_rows();
  QuerySpec hours{kAllMinutes, {}, {}, {}};
  hours.span = Span::kHour;
  expect_all_rows(hours);
  open();
  expect_all_rows();
  expect_all_rows(hours);
}

TEST_F(SealTest, ALateEventIsAddedToItsSealedMinute) {
  append(60'000);
  append(60'000, "b", "i");
  append(180'000);
  fold();
  seal_at(2 * kSpanMs);
  append(60'000);            // of a sealed row
  append(120'000);           // between sealed rows
  append(180'000, "b", "a");  // beside a sealed row
  expect_all_rows();
  fold();
  EXPECT_EQ(keys(Family::kMinute).size(), 3U);
  expect_all_rows();
  append(60'000, "b", "i");  // a page, rows and raw events at once
  expect_all_rows();
  fold();
  seal_at(2 * kSpanMs);
  EXPECT_EQ(keys(Family::kMinute), std::vector<std::string>{});
  EXPECT_EQ(keys(Family::kMinutePage), std::vector{key_at(0)});
  expect_all_rows();
}

// The sketch of a sealed row is what it would be if it had never been sealed.
TEST_F(SealTest, SketchesAreMergedAsWell) {
  for (int i = 0; i < 5; ++i) append(i * 100);
  fold();
  seal_at(2 * kSpanMs);
  for (int i = 5; i < 9; ++i) append(i * 100);
  fold();
  seal_at(2 * kSpanMs);
  LatencySketch expected;
  for (std::uint64_t i = 0; i < 9; ++i) expected.add(1'000 + i * 100);
  const auto page = store_below(*engine_).get(Family::kMinutePage, key_at(0));
  const auto sketches = store_below(*engine_).get(Family::kMinuteSketches, key_at(0));
  ASSERT_TRUE(page.ok() && page->has_value() && sketches.ok() && sketches->has_value());
  PageReader reader;
  ASSERT_TRUE(reader.open(**page) && reader.open_sketches(**sketches));
  std::uint32_t slot = 0;
  std::string_view host;
  Rollup sealed;
  ASSERT_TRUE(reader.next(slot, host, sealed));
  EXPECT_EQ(sealed.sketch, expected);
}

TEST_F(SealTest, RangesFiltersAndPagesOfAnswersCutSealedSpans) {
  for (std::int64_t minute = 0; minute < 3 * 360; minute += 7) {
    append(minute * 60'000, minute % 2 ? "b" : "c", minute % 3 ? "h" : "i");
  }
  fold();
  seal_at(3 * kSpanMs);  // two spans of three
  const std::uint32_t first = minute_of(Millis{kStartMs}).value;
  for (const std::uint32_t begin : {0U, 1U, 359U, 360U, 400U}) {
    for (const std::uint32_t minutes : {1U, 7U, 360U, 700U}) {
      QuerySpec spec{{{first + begin}, {first + begin + minutes}}, {}, {}, {}};
      expect_all_rows(spec);
      spec.hosts = {"i"};
      expect_all_rows(spec);
      spec.buckets = {"b"};
      expect_all_rows(spec);
      spec.repos = {"r"};
      expect_all_rows(spec);
      spec.after = RowKey{"r", "b", {first + begin + 3}, "h"};
      expect_all_rows(spec);
    }
  }
}

TEST_F(SealTest, ACursorSeesTheMomentItWasMadeWhileRowsAreSealed) {
  append(0);
  append(60'000);
  fold();
  auto cursor = engine_->query({kAllMinutes, {}, {}, {}});
  ASSERT_TRUE(cursor.ok());
  seal_at(2 * kSpanMs);
  Row row;
  std::vector<std::uint32_t> minutes;
  for (auto more = (*cursor)->next(row); more.ok() && *more; more = (*cursor)->next(row)) {
    minutes.push_back(row.minute.value);
  }
  const std::uint32_t first = minute_of(Millis{kStartMs}).value;
  EXPECT_EQ(minutes, (std::vector{first, first + 1}));
}

// Bytes that cannot be read are reported where they lie, are never sealed over, and hold up no other.
TEST_F(SealTest, UnreadableRowsAndPagesAreReportedAndLeftAlone) {
  append(0, "a");
  append(0, "b");
  append(0, "c");
  append(0, "d");
  fold();
  seal_at(0);
  Store& store = store_below(*engine_);
  WriteSet damage(store);
  damage.put(Family::kMinute, key_at(0, "b"), "\x7F nonsense");
  damage.put(Family::kMinutePage, key_at(0, "c"), "\x03nonsense");
  ASSERT_TRUE(store.write(damage, Durability::kSynced).ok());

  clock_.set_now(Millis{kStartMs + 2 * kSpanMs});
  const auto sealed = engine_->seal();
  ASSERT_FALSE(sealed.ok());
  EXPECT_EQ(sealed.error().code, ErrorCode::kCorruption);
  EXPECT_EQ(keys(Family::kMinute), (std::vector{key_at(0, "b"), key_at(0, "c")}));
  EXPECT_EQ(keys(Family::kMinutePage),
            (std::vector{key_at(0, "a"), key_at(0, "c"), key_at(0, "d")}));
  EXPECT_EQ(engine_->stats().seal_failures, 2U);
  for (const char* bucket : {"b", "c"}) {
    auto cursor = engine_->query({kAllMinutes, {}, {bucket}, {}});
    ASSERT_TRUE(cursor.ok());
    Row row;
    const auto read = (*cursor)->next(row);
    ASSERT_FALSE(read.ok()) << bucket;
    EXPECT_EQ(read.error().code, ErrorCode::kCorruption);
    EXPECT_NE(read.error().message.find(std::string("bucket ") + '"' + bucket), std::string::npos)
        << read.error().message;
  }
  expect_all_rows({kAllMinutes, {}, {"a"}, {}});
  expect_all_rows({kAllMinutes, {}, {"d"}, {}});
}

// Its page would not be read in bounded memory.
TEST_F(SealTest, ASpanOfTooManyRowsStaysRows) {
  AppendRequest request;
  const std::size_t hosts = kPageRowsMax / 360 + 1;
  for (std::size_t host = 0; host < hosts; ++host) {
    const std::string name = "host-" + std::to_string(host);
    for (std::int64_t minute = 0; minute < 360; ++minute) {
      EventView e;
      e.repo = "r";
      e.bucket = "wide";
      e.host = name;
      e.timestamp = Millis{kStartMs + minute * 60'000};
      request.batch.add(e);
      oracle_.add(e);
    }
  }
  ASSERT_TRUE(engine_->append_and_wait(std::move(request)).ok());
  append(0, "x");
  fold();
  seal_at(2 * kSpanMs);
  EXPECT_EQ(keys(Family::kMinute).size(), 360U);
  EXPECT_EQ(keys(Family::kMinutePage), std::vector{key_at(0, "x")});
  expect_all_rows();
}

TEST_F(SealTest, TheFoldsThreadSealsByItself) {
  engine_.reset();
  options_.fold_interval_ms = 1;
  options_.seal_interval_ms = 1;
  open();
  append(0);
  clock_.set_now(Millis{kStartMs + 2 * kSpanMs});
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (engine_->stats().pages_sealed == 0 && std::chrono::steady_clock::now() < end) {
    clock_.advance_ms(1);
    std::this_thread::yield();
  }
  EXPECT_EQ(engine_->stats().pages_sealed, 1U);
  expect_all_rows();
  // And again, for a late event, though no other span has closed.
  append(0);
  while (engine_->stats().pages_sealed == 1 && std::chrono::steady_clock::now() < end) {
    clock_.advance_ms(1);
    std::this_thread::yield();
  }
  EXPECT_EQ(engine_->stats().pages_sealed, 2U);
  expect_all_rows();
}

}  // namespace
}  // namespace minuted::test
