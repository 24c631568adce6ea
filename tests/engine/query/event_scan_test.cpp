// Promise: raw events come in the order of (repo, bucket, time), those of one millisecond as they were committed,
// each once, whether they are folded or not, and none from before the horizon. Against a sorted list. What every
// cursor does besides is in cursors_test.cpp.
#include "query/event_scan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "query/read_fixture.hpp"
#include "schema/keys.hpp"

namespace minuted::test {
namespace {

class EventScanTest : public HistoryTest {
 protected:
  EventScanTest() { options_.retention.raw_ms = 100 * kDayMs; }

  std::vector<Event> read(const EventQuery& query) {
    EventScan cursor(begin_read(), query);
    std::vector<Event> found;
    EventView event;
    for (;;) {
      const auto more = cursor.next(event);
      EXPECT_TRUE(more.ok()) << more.error().message;
      if (!more.ok() || !*more) return found;
      found.push_back(own(event));
    }
  }

  std::vector<Event> model(const EventQuery& query) const {
    const auto names = [](const std::vector<std::string>& ids, const std::string& id) {
      return ids.empty() || std::find(ids.begin(), ids.end(), id) != ids.end();
    };
    std::vector<Event> found;
    for (const Event& e : events_) {
      const Minute minute = minute_of(e.timestamp);
      if (query.range.contains(minute) && minute >= read_options_.archive_begin &&
          names(query.repos, e.repo) && names(query.buckets, e.bucket) &&
          names(query.hosts, e.host)) {
        found.push_back(e);
      }
    }
    std::stable_sort(found.begin(), found.end(), [](const Event& a, const Event& b) {
      return std::tie(a.repo, a.bucket, a.timestamp) < std::tie(b.repo, b.bucket, b.timestamp);
    });
    return found;
  }
};

TEST_F(EventScanTest, EqualsTheModelWhereverTheEventsLie) {
  for (int round = 0; round < 10; ++round) {
    go_on();
    // Some of one millisecond, in several commits.
    for (int commit = 0; commit < 2; ++commit) {
      std::vector<Event> same;
      for (int i = 0; i < 4; ++i) {
        same.push_back(random_.event(names_, Millis{kNowMs}, 2));
        same.back().id.clear();
      }
      append(same);
      events_.insert(events_.end(), same.begin(), same.end());
    }
    for (int question = 0; question < 20; ++question) {
      EventQuery query;
      query.range = kEveryMinute;
      if (random_.chance(50)) {
        const auto ago = static_cast<std::uint32_t>(random_.below(4 * 60));
        query.range = {{kNowMinute - ago}, {kNowMinute - ago + 30}};
      }
      query.repos = some(names_.repos);
      query.buckets = some(names_.buckets);
      query.hosts = some(names_.hosts);
      read_options_.archive_begin =
          random_.chance(50) ? Minute{0} : Minute{kNowMinute - static_cast<std::uint32_t>(random_.below(200))};
      const auto found = read(query);
      const auto wanted = model(query);
      ASSERT_EQ(found.size(), wanted.size());
      for (std::size_t i = 0; i < found.size(); ++i) ASSERT_TRUE(found[i] == wanted[i]) << i;
    }
  }
}

TEST_F(EventScanTest, AMinuteOfManyEventsIsBoundedByTheMemoryOfReads) {
  std::vector<Event> events;
  for (int i = 0; i < 4000; ++i) {
    events.push_back(own(event_at(kNowMs + i % 50'000)));
    events.back().host = "host-" + std::to_string(i);
  }
  append(events);
  fold();
  reads_.memory.set_bytes_max(160U << 10);
  EventQuery query;
  query.range = kEveryMinute;
  EventScan cursor(begin_read(), query);
  EventView event;
  EXPECT_EQ(code_of(cursor.next(event)), ErrorCode::kQueryTooLarge);
  EXPECT_EQ(reads_.memory.held(), 0U);
}

TEST_F(EventScanTest, EventsThatCannotBeReadAreNamed) {
  append({event_at(kNowMs)});
  fold();
  const std::string key = keys(Family::kArchive).front();
  WriteSet set(*store_);
  set.put(Family::kArchive, key, "no chunk");
  ASSERT_TRUE(store_->write(set, Durability::kBuffered).ok());
  EventQuery query;
  query.range = kEveryMinute;
  EventScan cursor(begin_read(), query);
  EventView event;
  const auto step = cursor.next(event);
  ASSERT_EQ(code_of(step), ErrorCode::kCorruption);
  EXPECT_TRUE(step.error().message.starts_with("the raw events of repo")) << step.error().message;
}

}  // namespace
}  // namespace minuted::test
