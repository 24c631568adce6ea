// Promise: every cursor, whichever items it has, shows one moment while events are folded, rolled and sealed beside
// it; ends when its time is up, when it is recalled and when there is no memory for it; and gives its view and its
// memory back as soon as it has ended, though its caller still has it.
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "query/event_scan.hpp"
#include "query/group_scan.hpp"
#include "query/node_scan.hpp"
#include "query/read_fixture.hpp"
#include "query/row_scan.hpp"
#include "query/series_scan.hpp"
#include "query/storage_scan.hpp"
#include "query/totals_scan.hpp"

namespace minuted::test {
namespace {

using Context = std::shared_ptr<ReadContext>;

// A cursor of any items, as texts.
class AnyCursor {
 public:
  virtual ~AnyCursor() = default;
  virtual Result<bool> next(std::string& item) = 0;
};

template <class Item, class Print>
class TextCursor final : public AnyCursor {
 public:
  TextCursor(std::unique_ptr<Cursor<Item>> cursor, Print print)
      : cursor_(std::move(cursor)), print_(print) {}
  Result<bool> next(std::string& text) override {
    Item item;
    const auto more = cursor_->next(item);
    if (!more.ok() || !*more) return more;
    std::ostringstream out;
    print_(out, item);
    text = out.str();
    return true;
  }

 private:
  const std::unique_ptr<Cursor<Item>> cursor_;
  const Print print_;
};

template <class Item, class Print>
std::unique_ptr<AnyCursor> texts(std::unique_ptr<Cursor<Item>> cursor, Print print) {
  return std::make_unique<TextCursor<Item, Print>>(std::move(cursor), print);
}

struct Read {
  std::string name;
  std::function<std::unique_ptr<AnyCursor>(Context)> open;
  bool counts_rows = true;
};

std::unique_ptr<AnyCursor> open_rows(Context context, const QuerySpec& spec) {
  const auto print = [](std::ostream& out, const Row& row) {
    out << row.repo << '/' << row.bucket << '/' << row.minute.value << '/' << row.host << ' '
        << row.rollup->requests();
  };
  if (!merges_rows(spec)) {
    return texts<Row>(std::make_unique<RowScan>(std::move(context), spec), print);
  }
  auto rows = std::make_unique<RowScan>(context, rows_to_merge(spec));
  return texts<Row>(merge_rows(std::move(rows), spec, std::move(context)), print);
}

Read rows_read(std::string name, Span span, std::optional<Grouping> grouping = std::nullopt) {
  QuerySpec spec;
  spec.range = kEveryMinute;
  spec.span = span;
  spec.grouping = grouping;
  return {std::move(name), [spec](Context context) { return open_rows(std::move(context), spec); }};
}

Read totals_read(std::string name, TotalsQuery::By by) {
  return {std::move(name), [by](Context context) {
            auto cursor = std::make_unique<TotalsScan>(std::move(context), TotalsQuery{by, {}, {}});
            return texts<Totals>(std::move(cursor), [](std::ostream& out, const Totals& totals) {
              out << totals.id << ' ' << totals.requests;
            });
          }};
}

Read nodes_read(std::string name, std::optional<MinuteRange> days) {
  return {std::move(name), [days](Context context) {
            auto cursor = std::make_unique<NodeScan>(std::move(context), NodeQuery{{}, {}, days});
            return texts<NodeRow>(std::move(cursor), [](std::ostream& out, const NodeRow& row) {
              out << row.bucket << '/' << row.day.value << '/' << row.node << ' '
                  << row.last_sign.value << ' ' << row.minutes_alive;
            });
          }};
}

Read storage_read(std::string name, UsageBy by) {
  return {std::move(name), [by](Context context) {
            UsageQuery query;
            query.window = {{floor_to({kNowMinute}, 60).value + 60 - 168 * 60}, 168, 60};
            query.by = by;
            query.series = true;
            auto cursor = std::make_unique<StorageScan>(std::move(context), query);
            return texts<UsageEntity>(std::move(cursor),
                                        [](std::ostream& out, const UsageEntity& entity) {
                                          out << entity.id << ' ' << entity.totals.requests;
                                          for (const RepoRollup& point : entity.points) {
                                            out << ' ' << point.requests;
                                          }
                                        });
          }};
}

std::vector<Read> all_reads() {
  std::vector<Read> reads = {
      rows_read("minutes", Span::kMinute),
      rows_read("hours", Span::kHour),
      rows_read("days", Span::kDay),
      rows_read("sums over hosts", Span::kMinute, Grouping{true, true, false}),
      rows_read("sums over buckets", Span::kHour, Grouping{true, false, true}),
      rows_read("sums over repos", Span::kHour, Grouping{false, true, false}),
      totals_read("totals of repos", TotalsQuery::By::kRepo),
      totals_read("totals of buckets", TotalsQuery::By::kBucket),
      nodes_read("nodes", std::nullopt),
      nodes_read("days of nodes", kEveryMinute),
      storage_read("usage by repo", UsageBy::kRepo),
      storage_read("usage by bucket", UsageBy::kBucket),
      {"series",
       [](Context context) {
         auto cursor = std::make_unique<SeriesScan>(std::move(context), SeriesQuery{});
         return texts<SeriesRow>(std::move(cursor), [](std::ostream& out, const SeriesRow& row) {
           out << row.repo << '/' << row.bucket << '/' << row.host << ' ' << row.first.value << ' '
               << row.last.value;
         });
       }},
      {"events",
       [](Context context) {
         EventQuery query;
         query.range = kEveryMinute;
         auto cursor = std::make_unique<EventScan>(std::move(context), query);
         return texts<EventView>(std::move(cursor), [](std::ostream& out, const EventView& event) {
           out << event.repo << '/' << event.bucket << '/' << event.timestamp.value << '/'
               << event.host;
         });
       },
       false}};
  return reads;
}

class CursorsTest : public ReadTest {
 protected:
  CursorsTest() {
    options_.retention.raw_ms = 400 * kDayMs;
    read_options_.steps_per_clock_check = 0;
    read_options_.groups_max = 1000;
  }

  static EventView event_of(std::string_view repo, std::string_view bucket, std::string_view host,
                            std::int64_t ms) {
    EventView event = event_at(ms, bucket, host);
    event.repo = repo;
    return event;
  }

  // Events of every repo, bucket and host, `days_ago`; `more` is one host more.
  void append_all(int days_ago, std::int64_t minute = 0, const std::string& more = "h2") {
    AppendRequest request;
    for (const char* repo : {"r1", "r2", "r3"}) {
      for (const char* bucket : {"a", "b", "c"}) {
        for (const std::string& host : {std::string("h1"), more}) {
          request.batch.add(event_of(repo, bucket, host, kNowMs - days_ago * kDayMs + minute * 60'000));
        }
      }
    }
    std::promise<Result<Receipt>> promise;
    auto receipt = promise.get_future();
    committer_->submit(std::move(request),
                       [&](Result<Receipt> result) { promise.set_value(std::move(result)); });
    ASSERT_TRUE(receipt.get().ok());
  }

  // Events in every place that there is: pages, rows of all tiers, and unfolded ones.
  void fill() {
    append_all(5);
    fold_and_roll();
    seal();
    append_all(5, 1);  // late
    append_all(1);
    fold();
    append_all(0);
    append_all(1, 2);
  }

  // All items; a failure is the test's.
  static std::vector<std::string> items_of(AnyCursor& cursor) {
    std::vector<std::string> items;
    std::string item;
    for (;;) {
      const auto more = cursor.next(item);
      EXPECT_TRUE(more.ok()) << more.error().message;
      if (!more.ok() || !*more) return items;
      items.push_back(item);
    }
  }

  // Takes one item, then steps until an error comes.
  std::optional<Error> error_after(AnyCursor& cursor, const std::function<void()>& then) {
    std::string item;
    const auto first = cursor.next(item);
    EXPECT_TRUE(first.ok() && *first);
    then();
    for (;;) {
      const auto more = cursor.next(item);
      if (!more.ok()) {
        const auto after = cursor.next(item);
        EXPECT_TRUE(after.ok() && !*after) << "after an error there is nothing more";
        return more.error();
      }
      if (!*more) return std::nullopt;
    }
  }
};

TEST_F(CursorsTest, AReadThatHasEndedKeepsNothing) {
  fill();
  for (const Read& read : all_reads()) {
    SCOPED_TRACE(read.name);
    append_all(0);
    const std::uint64_t rows_before = reads_.rows;
    const auto cursor = read.open(begin_read());
    const std::size_t items = items_of(*cursor).size();
    EXPECT_GT(items, 2U);
    EXPECT_EQ(reads_.memory.held(), 0U);
    EXPECT_EQ(reads_.open, 1U) << "its caller still has it";
    fold();
    EXPECT_EQ(table_->kept_for_readers().size(), 0U);
    std::string item;
    const auto again = cursor->next(item);
    EXPECT_TRUE(again.ok() && !*again);
    if (!read.counts_rows) {
      EXPECT_EQ(reads_.rows, rows_before);
    } else {
      EXPECT_GE(reads_.rows - rows_before, items);
    }
  }
  EXPECT_EQ(reads_.open, 0U);
  EXPECT_EQ(reads_.queries, all_reads().size());
}

TEST_F(CursorsTest, AReadThatIsGivenUpKeepsNothingEither) {
  fill();
  for (const Read& read : all_reads()) {
    SCOPED_TRACE(read.name);
    auto cursor = read.open(begin_read());
    std::string item;
    EXPECT_TRUE(*cursor->next(item));
    EXPECT_GT(reads_.memory.held(), 0U);
    cursor.reset();
    EXPECT_EQ(reads_.memory.held(), 0U);
    EXPECT_EQ(reads_.open, 0U);
  }
}

TEST_F(CursorsTest, AReadShowsOneMomentWhateverHappensMeanwhile) {
  fill();
  for (const Read& read : all_reads()) {
    SCOPED_TRACE(read.name);
    const auto whole = items_of(*read.open(begin_read()));
    const auto cursor = read.open(begin_read());
    std::vector<std::string> items;
    std::string item;
    const std::string host = "new in " + read.name;
    const std::vector<std::function<void()>> beside = {
        [&] { append_all(0, -1, host); }, [&] { fold(); }, [&] { append_all(2, 1, host); },
        [&] { fold_and_roll(); },         [&] { append_all(5, 2, host); }, [&] { fold(); },
        [&] { seal(); }};
    const auto late = read.open(begin_read());  // its first step comes after all of them
    for (std::size_t step = 0;; ++step) {
      const auto more = cursor->next(item);
      ASSERT_TRUE(more.ok()) << more.error().message;
      if (!*more) break;
      items.push_back(item);
      if (step < beside.size()) beside[step]();
    }
    EXPECT_EQ(items, whole);
    for (std::size_t step = items.size(); step < beside.size(); ++step) beside[step]();
    EXPECT_EQ(items_of(*late), whole);
    EXPECT_NE(items_of(*read.open(begin_read())), whole) << "a read that begins now shows more";
  }
}

TEST_F(CursorsTest, TimeThatIsUpEndsEachRead) {
  fill();
  std::uint64_t expired = 0;
  for (const Read& read : all_reads()) {
    SCOPED_TRACE(read.name);
    // Before the first item, for a read may add everything up before it has one.
    const auto late = read.open(begin_read({.clock = &clock_, .lifetime_ms = -1}));
    std::string item;
    EXPECT_EQ(code_of(late->next(item)), ErrorCode::kExpired);
    EXPECT_EQ(reads_.expired, ++expired);
    EXPECT_EQ(reads_.memory.held(), 0U);
    const auto again = late->next(item);
    EXPECT_TRUE(again.ok() && !*again);
  }
  for (const Read& read : all_reads()) {
    SCOPED_TRACE(read.name);
    const auto cursor = read.open(begin_read());
    const auto error =
        error_after(*cursor, [&] { clock_.advance_ms(read_options_.lifetime_ms + 1); });
    // Points of usage, and the groups of all repos, are all there once the first is.
    if (read.name.starts_with("usage") || read.name == "sums over repos") continue;
    ASSERT_TRUE(error) << "it went on";
    EXPECT_EQ(error->code, ErrorCode::kExpired);
    EXPECT_EQ(reads_.memory.held(), 0U);
    append_all(0);
    fold();
    EXPECT_EQ(table_->kept_for_readers().size(), 0U);
  }
}

TEST_F(CursorsTest, ARecallEndsEachRead) {
  fill();
  for (const Read& read : all_reads()) {
    SCOPED_TRACE(read.name);
    const auto cursor = read.open(begin_read());
    reads_.recall.recall_before(recall_.moment() + 1);
    std::string item;
    EXPECT_EQ(code_of(cursor->next(item)), ErrorCode::kOverloaded);
    EXPECT_EQ(reads_.memory.held(), 0U);
    append_all(0);
    fold();  // from here on moments are later
    EXPECT_EQ(table_->kept_for_readers().size(), 0U);
  }
  EXPECT_EQ(reads_.recall.reads_recalled, all_reads().size());
}

TEST_F(CursorsTest, WithoutMemoryNoReadBegins) {
  fill();
  reads_.memory.set_bytes_max(64U << 10);
  for (const Read& read : all_reads()) {
    SCOPED_TRACE(read.name);
    const auto cursor = read.open(begin_read());
    std::string item;
    EXPECT_EQ(code_of(cursor->next(item)), ErrorCode::kQueryTooLarge);
    EXPECT_EQ(reads_.memory.held(), 0U);
    const auto again = cursor->next(item);
    EXPECT_TRUE(again.ok() && !*again);
  }
  reads_.memory.set_bytes_max(256U << 10);
  const auto other = begin_read();
  ReadMemory others(*other);
  ASSERT_TRUE(others.hold(224U << 10).ok());
  for (const Read& read : all_reads()) {
    SCOPED_TRACE(read.name);
    std::string item;
    EXPECT_EQ(code_of(read.open(begin_read())->next(item)), ErrorCode::kOverloaded);
    EXPECT_EQ(reads_.memory.held(), 224U << 10);
  }
}

}  // namespace
}  // namespace minuted::test
