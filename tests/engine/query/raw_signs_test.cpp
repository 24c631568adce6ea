// Promise: what is added to the kept states of hosts is exactly what they do not have yet, whether it is unfolded
// or in minutes that no hour has; and hosts of which nothing is kept any more are left out.
#include "query/raw_signs.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "query/read_fixture.hpp"
#include "schema/keys.hpp"

namespace minuted::test {
namespace {

class RawSignsTest : public ReadTest {
 protected:
  // When the hosts of the pair were seen: what is kept, with what is not yet.
  HostStates states_of(const std::shared_ptr<ReadContext>& read, const std::string& prefix) {
    HostStates hosts;
    const auto kept = read->view().get(Family::kHostState, prefix);
    EXPECT_TRUE(kept.ok());
    EXPECT_TRUE(!kept.ok() || !kept->has_value() || merge_encoded(**kept, hosts));
    RawSigns signs(*read);
    EXPECT_TRUE(signs.add_to(prefix, hosts).ok());
    return hosts;
  }

  const std::string prefix_ = pair_prefix("r", "b");
};

TEST_F(RawSignsTest, StatesAreOfAllEventsWhereverTheseLie) {
  Random random;
  const Names names = random.names(2, 2, 4);
  std::map<std::string, HostStates> model;
  for (int round = 0; round < 15; ++round) {
    std::vector<Event> events;
    for (std::uint64_t i = random.below(20); i > 0; --i) {
      events.push_back(random.event(names, Millis{kNowMs - 3 * kDayMs}, 3 * kDayMs));
      Event& event = events.back();
      event.id.clear();
      model[pair_prefix(event.repo, event.bucket)].of(event.host).note(
          minute_of(event.timestamp), event.timestamp,
          event.latency_us ? static_cast<std::int64_t>(*event.latency_us) : -1);
    }
    append(events);
    if (random.chance(50)) fold();
    if (random.chance(30)) fold_and_roll();
    const auto read = begin_read();
    for (const auto& [prefix, hosts] : model) {
      const HostStates found = states_of(read, prefix);
      ASSERT_EQ(found.entries().size(), hosts.entries().size()) << "round " << round;
      for (std::size_t i = 0; i < hosts.entries().size(); ++i) {
        ASSERT_EQ(found.entries()[i].host, hosts.entries()[i].host);
        ASSERT_TRUE(found.entries()[i].kept == hosts.entries()[i].kept) << "round " << round;
      }
    }
  }
}

TEST_F(RawSignsTest, OnlyThePairsOwnEventsOfTheMinutesAskedForAreTaken) {
  append({event_at(kNowMs, "b", "h1"), event_at(kNowMs - 60'000, "b", "h2"),
          event_at(kNowMs + 60'000, "b", "h5"), event_at(kNowMs, "b!", "h3"),
          event_at(kNowMs, "a", "h4")});
  for (const bool folded : {false, true}) {
    if (folded) fold();
    const auto read = begin_read();
    RawSigns signs(*read);
    std::vector<std::string> hosts;
    const MinuteRange now{{kNowMinute}, {kNowMinute + 1}};
    ASSERT_TRUE(signs
                    .for_each(prefix_, now,
                              [&](Minute minute, const ChunkEvent& event) {
                                EXPECT_EQ(minute.value, kNowMinute);
                                hosts.emplace_back(event.host);
                              })
                    .ok());
    ASSERT_TRUE(signs
                    .for_each_open_host(
                        prefix_, now,
                        [&](Minute minute, std::string_view host, const SeenInMinute&) {
                          EXPECT_EQ(minute.value, kNowMinute);
                          hosts.emplace_back(host);
                        },
                        [] { return Result<void>(); })
                    .ok());
    EXPECT_EQ(hosts, std::vector<std::string>{"h1"});
  }
}

TEST_F(RawSignsTest, ItsTimeAndItsCallerEndIt) {
  append({event_at(kNowMs)});
  fold();
  append({event_at(kNowMs)});
  const auto late = begin_read({.clock = &clock_, .lifetime_ms = -1});
  RawSigns late_signs(*late);
  HostStates hosts;
  const auto ended = late_signs.add_to(prefix_, hosts);
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code, ErrorCode::kExpired);

  const auto read = begin_read();
  RawSigns signs(*read);
  const auto stopped = signs.for_each_open_host(
      prefix_, kEveryMinute, [](Minute, std::string_view, const SeenInMinute&) {},
      [] { return Result<void>(Error{ErrorCode::kOverloaded, "no memory"}); });
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().message, "no memory");
}

TEST_F(RawSignsTest, AMinuteThatCannotBeReadIsNamed) {
  WriteSet set(*store_);
  set.put(Family::kMinute, row_key(prefix_, {kNowMinute}), "no minute");
  ASSERT_TRUE(store_->write(set, Durability::kBuffered).ok());
  const auto read = begin_read();
  RawSigns signs(*read);
  HostStates hosts;
  const auto added = signs.add_to(prefix_, hosts);
  ASSERT_FALSE(added.ok());
  EXPECT_EQ(added.error().code, ErrorCode::kCorruption);
  EXPECT_TRUE(added.error().message.starts_with("a minute cannot be read: "));
}

TEST_F(RawSignsTest, HostsThatWereSeenLastBeforeTheDaysAreDroppedUnlessTheirEventsAreKept) {
  HostStates both;
  both.of("new").note({kNowMinute}, Millis{kNowMs}, -1);
  both.of("old").note({kNowMinute - 100}, Millis{kNowMs - 100 * 60'000}, -1);
  read_options_.horizons[static_cast<std::size_t>(Span::kDay)] = Minute{kNowMinute};
  HostStates hosts = both;
  ASSERT_TRUE(drop_past(*begin_read(), prefix_, hosts).ok());
  ASSERT_EQ(hosts.entries().size(), 1U);
  EXPECT_EQ(hosts.entries()[0].host, "new");

  options_.retention.raw_ms = 100 * kDayMs;
  close();
  open();
  append({event_at(kNowMs)});
  fold();
  hosts = both;
  ASSERT_TRUE(drop_past(*begin_read(), prefix_, hosts).ok());
  EXPECT_EQ(hosts.entries().size(), 2U) << "raw events of the pair are kept";
  read_options_.archive_begin = {kNowMinute + 1};
  ASSERT_TRUE(drop_past(*begin_read(), prefix_, hosts).ok());
  EXPECT_EQ(hosts.entries().size(), 1U) << "they are past, too";
}

}  // namespace
}  // namespace minuted::test
