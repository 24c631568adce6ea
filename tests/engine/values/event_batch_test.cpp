// The batch beside a naive model: a map from (prefix, minute) to the events in the order they came.
#include "minuted/event_batch.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/printers.hpp"
#include "support/random.hpp"

namespace minuted {
namespace {

using test::Event;
using GroupKey = std::pair<std::string, std::uint32_t>;
using SeriesKey = std::pair<std::string, std::string>;

std::string prefix_of(const Event& e) { return e.repo + '\0' + e.bucket + '\0'; }

class Model {
 public:
  void add(const Event& e) {
    groups_[{prefix_of(e), minute_of(e.timestamp).value}].push_back(e);
    series_.insert({prefix_of(e), e.host});
    ++size_;
  }
  void clear() { *this = Model{}; }

  const std::map<GroupKey, std::vector<Event>>& groups() const { return groups_; }
  const std::set<SeriesKey>& series() const { return series_; }
  std::size_t size() const { return size_; }

 private:
  std::map<GroupKey, std::vector<Event>> groups_;
  std::set<SeriesKey> series_;
  std::size_t size_ = 0;
};

// The event that a row of a group stands for.
Event event_of(const EventBatch& batch, const EventBatch::Group& group,
               const EventBatch::Row& row) {
  Event e;
  const std::string prefix(group.prefix);
  e.repo = prefix.substr(0, prefix.find('\0'));
  e.bucket = prefix.substr(e.repo.size() + 1, prefix.size() - e.repo.size() - 2);
  e.host = batch.host(row.host);
  e.timestamp = Millis{start_of(group.minute).value + row.ms_in_minute};
  e.op = row.op;
  e.status = row.status;
  e.upl_bytes = row.upl_bytes;
  e.dwl_bytes = row.dwl_bytes;
  e.size_change = row.size_change;
  if (row.latency_us >= 0) e.latency_us = static_cast<std::uint64_t>(row.latency_us);
  e.id = batch.id(row);
  return e;
}

// Groups of a batch, as the model has them; ascending, or the test fails.
std::map<GroupKey, std::vector<Event>> groups_of(const EventBatch& batch) {
  std::map<GroupKey, std::vector<Event>> out;
  GroupKey previous;
  bool first = true;
  for (const EventBatch::Group& group : batch.groups()) {
    GroupKey key{std::string(group.prefix), group.minute.value};
    if (!first) {
      EXPECT_LT(previous, key);
    }
    first = false;
    previous = key;
    std::vector<Event>& events = out[std::move(key)];
    for (const EventBatch::Row& row : group.rows) events.push_back(event_of(batch, group, row));
  }
  return out;
}

std::multiset<SeriesKey> series_of(const EventBatch& batch) {
  std::multiset<SeriesKey> out;
  for (const EventBatch::Series& s : batch.series()) {
    out.insert({std::string(s.prefix), std::string(s.host)});
  }
  return out;
}

void expect_agrees(const EventBatch& batch, const Model& model) {
  ASSERT_EQ(batch.size(), model.size());
  ASSERT_EQ(batch.empty(), model.size() == 0);
  ASSERT_TRUE(groups_of(batch) == model.groups());
  ASSERT_EQ(series_of(batch),
            (std::multiset<SeriesKey>(model.series().begin(), model.series().end())));
}

Event plain(std::string repo, std::string bucket, std::string host, std::int64_t ms) {
  Event e;
  e.repo = std::move(repo);
  e.bucket = std::move(bucket);
  e.host = std::move(host);
  e.timestamp = Millis{ms};
  return e;
}

// A batch and its model, filled together.
struct Pair {
  EventBatch batch;
  Model model;

  void add(const Event& e) {
    batch.add(e.view());
    model.add(e);
  }
  void add_random(test::Random& random, const test::Names& names, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      add(random.event(names, Millis{1'700'000'000'000}, 300'000));
    }
  }
  void expect_agrees_grouped() {
    batch.group();
    expect_agrees(batch, model);
  }
};

// Promise: groups are ascending by (prefix bytes, minute), hold every event once and keep the order
// in which the events of a group came; the series are exactly those that occur.
TEST(EventBatchTest, GroupsAsTheModelDoes) {
  test::Random random;
  for (int round = 0; round < 100; ++round) {
    const test::Names names =
        random.names(random.between(1, 5), random.between(1, 5), random.between(1, 10));
    Pair pair;
    pair.add_random(random, names, random.below(500));
    pair.expect_agrees_grouped();
    pair.expect_agrees_grouped();  // again: nothing changes
    if (HasFatalFailure()) return;
  }
}

// Promise: events that fill whole batches of their own groups or minutes are grouped as well.
TEST(EventBatchTest, GroupsManyDistinctPairsAndMinutes) {
  Pair pair;
  for (int i = 5000; i > 0; --i) {
    pair.add(plain("r" + std::to_string(i % 700), "b" + std::to_string(i % 11), "h",
                   i * kMillisPerMinute + i));
  }
  pair.expect_agrees_grouped();
}

// Promise: order is by unsigned bytes of "repo\0bucket\0", so that an id sorts before the longer
// ones it begins.
TEST(EventBatchTest, PrefixesSortByTheirBytes) {
  Pair pair;
  for (const char* repo : {"b", "a", "a!", "aa", "\xC3\xA9", "z", "a b"}) {
    for (const char* bucket : {"~", "\xF4\x8F\xBF\xBF", "x", "xx"})
      pair.add(plain(repo, bucket, "h", 0));
  }
  pair.expect_agrees_grouped();
  EXPECT_EQ(pair.batch.groups().front().prefix, std::string_view("a\0x\0", 4));
}

// Promise: ids are told apart where their concatenations are not, or are the other's mirror.
TEST(EventBatchTest, PairsThatReadAlikeAreDistinct) {
  Pair pair;
  for (int i = 0; i < 3; ++i) {
    for (const auto& [repo, bucket] :
         std::vector<std::pair<const char*, const char*>>{{"a", "bc"},
                                                          {"ab", "c"},
                                                          {"bc", "a"},
                                                          {"c", "ab"},
                                                          {"abc", "abc"},
                                                          {"a", "b"},
                                                          {"b", "a"}}) {
      pair.add(plain(repo, bucket, "h", i));
    }
  }
  pair.expect_agrees_grouped();
  EXPECT_EQ(pair.batch.groups().size(), 7U);
}

// Promise: the ends of every field come through.
TEST(EventBatchTest, ExtremesComeThrough) {
  Pair pair;
  Event e = plain(std::string(255, 'r'), std::string(255, 'b'), std::string(255, 'h'), 0);
  pair.add(e);
  e.timestamp = kMillisMax;
  e.op = OpClass::kGet;
  e.status = kStatusMax;
  e.upl_bytes = e.dwl_bytes = kBytesMax;
  e.size_change = INT64_MIN;
  e.latency_us = kLatencyUsMax;
  e.id = std::string(kEventIdBytesMax, '\0');
  pair.add(e);
  e.size_change = INT64_MAX;
  e.latency_us = 0;
  e.id = "x";
  e.timestamp = Millis{kMillisMax.value - 59'999};
  pair.add(e);
  pair.expect_agrees_grouped();
}

// Promise: an empty batch has no groups and no series.
TEST(EventBatchTest, EmptyIsEmpty) {
  Pair pair;
  EXPECT_TRUE(pair.batch.empty());
  EXPECT_EQ(pair.batch.size(), 0U);
  EXPECT_TRUE(pair.batch.groups().empty());
  pair.expect_agrees_grouped();
  pair.batch.clear();
  pair.expect_agrees_grouped();
}

// Promise: events may be added after grouping; the next grouping holds all of them in order.
TEST(EventBatchTest, AddsAfterGrouping) {
  test::Random random;
  for (int round = 0; round < 50; ++round) {
    const test::Names names = random.names(2, 2, 3);
    Pair pair;
    for (int times = 0; times < 6; ++times) {
      pair.add_random(random, names, random.below(60));
      if (random.chance(70)) pair.expect_agrees_grouped();
      if (HasFatalFailure()) return;
    }
    pair.expect_agrees_grouped();
  }
}

// Promise: adding ungroups the batch.
TEST(EventBatchTest, AddingUngroups) {
  Pair pair;
  pair.add(plain("r", "b", "h", 0));
  pair.batch.group();
  EXPECT_EQ(pair.batch.groups().size(), 1U);
  pair.add(plain("r", "b", "h", 1));
  EXPECT_TRUE(pair.batch.groups().empty());
  pair.expect_agrees_grouped();
}

// Promise: clear() forgets all events and ids, grouped or not, and the batch can be filled again.
TEST(EventBatchTest, ClearedBatchesAreReused) {
  test::Random random;
  Pair pair;
  for (int round = 0; round < 60; ++round) {
    const test::Names names = random.names(2, 3, 4);
    pair.add_random(random, names, random.below(200));
    if (random.chance(80)) pair.expect_agrees_grouped();
    if (HasFatalFailure()) return;
    pair.batch.clear();
    pair.model.clear();
    EXPECT_TRUE(pair.batch.empty());
    EXPECT_TRUE(pair.batch.groups().empty());
    EXPECT_TRUE(pair.batch.series().empty());
  }
}

// Promise: a moved batch keeps every view valid, also of texts so short that a string would carry
// them in itself; what was moved from can be cleared and used again.
TEST(EventBatchTest, MovingKeepsTheViews) {
  test::Random random;
  for (const std::uint64_t events : {1U, 3U, 200U}) {
    Pair pair;
    Event e = plain("r", "b", "h", 60'001);
    e.id = "i";
    pair.add(e);
    pair.add_random(random, random.names(1, 2, 2), events - 1);
    pair.batch.group();
    const std::vector<EventBatch::Group> before(pair.batch.groups().begin(),
                                                pair.batch.groups().end());
    const std::string_view host = pair.batch.host(0);

    EventBatch moved(std::move(pair.batch));
    EventBatch assigned;
    assigned.add(plain("x", "y", "z", 0).view());
    assigned = std::move(moved);
    expect_agrees(assigned, pair.model);
    ASSERT_EQ(assigned.groups().size(), before.size());
    for (std::size_t g = 0; g < before.size(); ++g) {
      EXPECT_EQ(assigned.groups()[g].prefix.data(), before[g].prefix.data());
      EXPECT_EQ(assigned.groups()[g].rows.data(), before[g].rows.data());
    }
    EXPECT_EQ(assigned.host(0).data(), host.data());

    // More into the moved one, and a fresh start for the one moved from.
    const Event more = plain("r", "b", "h2", 60'002);
    assigned.add(more.view());
    pair.model.add(more);
    assigned.group();
    expect_agrees(assigned, pair.model);
    pair.batch.clear();
    pair.model.clear();
    pair.add_random(random, random.names(1, 1, 1), 10);
    pair.expect_agrees_grouped();
  }
}

// Promise: a batch is not copied: a copy's groups would look into the original.
TEST(EventBatchTest, IsMovedAndNotCopied) {
  EXPECT_FALSE(std::is_copy_constructible_v<EventBatch>);
  EXPECT_FALSE(std::is_copy_assignable_v<EventBatch>);
  EXPECT_TRUE(std::is_nothrow_move_constructible_v<EventBatch>);
  EXPECT_TRUE(std::is_nothrow_move_assignable_v<EventBatch>);
}

// Promise: the figure that bounds the commit queue covers the events, and clear() keeps the memory.
TEST(EventBatchTest, MemoryIsCounted) {
  test::Random random;
  Pair pair;
  EXPECT_EQ(pair.batch.memory_bytes(), 0U);
  pair.add_random(random, random.names(3, 3, 8), 1000);
  const std::size_t ungrouped = pair.batch.memory_bytes();
  EXPECT_GE(ungrouped, 1000 * sizeof(EventBatch::Row));
  EXPECT_LE(ungrouped, 1000 * sizeof(EventBatch::Row) * 4);
  pair.batch.group();
  const std::size_t grouped = pair.batch.memory_bytes();
  EXPECT_GE(grouped, ungrouped + 1000 * sizeof(EventBatch::Row));
  pair.batch.clear();
  EXPECT_EQ(pair.batch.memory_bytes(), grouped);
}

}  // namespace
}  // namespace minuted
