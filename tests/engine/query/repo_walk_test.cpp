// Promise: the parts that a walk hands out add up to what the repos asked for did in the minutes asked for, in
// every tier, for one repo, some, each and all together, wherever their values lie. Against a map of sums.
#include "query/repo_walk.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "query/planner.hpp"
#include "query/read_fixture.hpp"
#include "schema/tiers.hpp"

namespace minuted::test {
namespace {

using Slot = std::pair<std::string, std::uint32_t>;  // repo, first minute
using Sums = std::map<Slot, RepoRollup>;

class RepoWalkTest : public ReadTest {
 protected:
  static Sums walked(const std::shared_ptr<ReadContext>& read, const RepoTier& tier,
                     const MinuteRange& minutes, const WantedRepos& wanted) {
    const bool of_all = wanted.kind == WantedRepos::Kind::kSum;
    Sums sums;
    RepoWalk walk(*read, tier, minutes, wanted);
    RepoPart part;
    for (;;) {
      const auto more = walk.next(part);
      EXPECT_TRUE(more.ok()) << more.error().message;
      if (!more.ok() || !*more) break;
      const std::string repo = of_all ? std::string() : std::string(part.repo);
      if (part.page == nullptr) {
        sums[{repo, part.first.value}].merge(part.sums);
        continue;
      }
      for (std::size_t i = 0; i < part.page->size(); ++i) {
        const RepoSlot slot = part.page->at(i);
        if (slot.slot < part.slots.begin || slot.slot >= part.slots.end) continue;
        sums[{repo, part.first.value + slot.slot * tier.slot_minutes}].merge(slot.sums);
      }
    }
    return sums;
  }

  Sums wanted_of(const RepoTier& tier, const MinuteRange& minutes, const WantedRepos& wanted) const {
    Sums sums;
    for (const Event& event : events_) {
      const Minute minute = minute_of(event.timestamp);
      if (!minutes.contains(minute)) continue;
      if (wanted.kind == WantedRepos::Kind::kListed &&
          !std::binary_search(wanted.listed.begin(), wanted.listed.end(), event.repo)) {
        continue;
      }
      Rollup one;
      one.add(event.view());
      const std::string repo = wanted.kind == WantedRepos::Kind::kSum ? std::string() : event.repo;
      sums[{repo, floor_to(minute, tier.slot_minutes).value}].add(one);
    }
    return sums;
  }

  std::vector<Event> events_;
};

TEST_F(RepoWalkTest, EqualsTheModelWhereverTheValuesLie) {
  Random random;
  const Names names = random.names(12, 2, 2);
  constexpr std::int64_t kDays = 40;  // more than a page of hours
  const Millis begin{(kNowMs / kDayMs - kDays) * kDayMs};
  for (int round = 0; round < 10; ++round) {
    std::vector<Event> events;
    for (std::uint64_t i = random.below(80); i > 0; --i) {
      const bool close = random.chance(60);
      const Millis from{close ? kNowMs - 7 * kHourMs : begin.value};
      events.push_back(random.event(names, from, close ? 7 * kHourMs : kDays * kDayMs));
      events.back().id.clear();
    }
    append(events);
    events_.insert(events_.end(), events.begin(), events.end());
    if (random.chance(60)) fold();
    if (random.chance(40)) {
      fold_and_roll();
      seal();
    }
    const auto read = begin_read();
    for (const RepoTier& tier : kRepoTiers) {
      for (int question = 0; question < 10; ++question) {
        WantedRepos wanted;
        wanted.kind = random.pick(std::array{WantedRepos::Kind::kSum, WantedRepos::Kind::kEach,
                                             WantedRepos::Kind::kListed});
        if (wanted.kind == WantedRepos::Kind::kListed) {
          for (std::uint64_t i = random.below(6); i > 0; --i) {
            wanted.listed.push_back(random.chance(20) ? "nobody's" : random.pick(names.repos));
          }
          wanted.listed = ascending(wanted.listed);
        }
        const auto some_minute = [&] {
          const auto ago = static_cast<std::uint32_t>(
              random.below(random.chance(50) ? 2 * kMinutesPerDay : kDays * kMinutesPerDay));
          return floor_to({kNowMinute - ago}, tier.slot_minutes);
        };
        const Minute a = some_minute();
        const Minute b = some_minute();
        const MinuteRange minutes{std::min(a, b), {std::max(a, b).value + tier.slot_minutes}};
        ASSERT_TRUE(walked(read, tier, minutes, wanted) == wanted_of(tier, minutes, wanted))
            << "round " << round << ", slots of " << tier.slot_minutes;
      }
    }
  }
}

TEST_F(RepoWalkTest, OfNobodyAndOfNoMinutesThereIsNothing) {
  append({event_at(kNowMs)});
  const auto read = begin_read();
  const RepoTier& tier = kRepoTiers.front();
  EXPECT_EQ(walked(read, tier, kEveryMinute, {WantedRepos::Kind::kListed, {}}).size(), 0U);
  EXPECT_EQ(walked(read, tier, {{5}, {5}}, {}).size(), 0U);
  EXPECT_EQ(walked(read, tier, {{0}, {kNowMinute / 5 * 5 + 5}}, {}).size(), 1U);
}

TEST_F(RepoWalkTest, EndsWithItsTime) {
  append({event_at(kNowMs)});
  const auto read = begin_read({.clock = &clock_, .lifetime_ms = -1});
  RepoWalk walk(*read, kRepoTiers.front(), kEveryMinute, {});
  RepoPart part;
  EXPECT_EQ(code_of(walk.next(part)), ErrorCode::kExpired);
}

TEST_F(RepoWalkTest, ValuesThatCannotBeReadAreNamed) {
  const RepoTier& tier = kRepoTiers.front();
  const Minute page = floor_to({kNowMinute}, tier.page_minutes);
  const Minute slot = floor_to({kNowMinute}, tier.slot_minutes);
  const std::pair<Family, std::string> kinds[] = {
      {Family::kRepoPage, repo_key("r", tier.span, page)},
      {Family::kRepo, repo_key("r", tier.span, slot)}};
  for (const auto& [family, key] : kinds) {
    WriteSet set(*store_);
    set.put(family, key, "no value");
    ASSERT_TRUE(store_->write(set, Durability::kBuffered).ok());
    RepoPart part;
    const auto read = begin_read();
    RepoWalk walk(*read, tier, {page, {page.value + tier.page_minutes}}, {});
    EXPECT_EQ(code_of(walk.next(part)), ErrorCode::kCorruption);
    set.clear();
    set.remove(family, key);
    ASSERT_TRUE(store_->write(set, Durability::kBuffered).ok());
  }
}

}  // namespace
}  // namespace minuted::test
