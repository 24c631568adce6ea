// Signs of life: sets of minutes against a naive set, the bytes of each value, and merges that may come
// in any order and any number of times.
#include "nodes/signs.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "support/hex.hpp"
#include "support/random.hpp"

namespace minuted::test {
namespace {

class SignsTest : public testing::Test {
 protected:
  std::uint32_t pick(std::uint64_t below) { return static_cast<std::uint32_t>(random_() % below); }

  MinutesOfDay random_minutes(std::set<std::uint32_t>* naive = nullptr) {
    MinutesOfDay minutes;
    std::set<std::uint32_t> all;
    const auto add = [&](std::uint32_t m) {
      minutes.add(m);
      all.insert(m);
    };
    const std::uint32_t form = pick(4);
    for (std::uint32_t i = 1 + pick(form == 0 ? 3 : form == 1 ? 900 : 40); i != 0; --i) {
      const std::uint32_t begin = pick(kMinutesPerDay);
      const std::uint32_t end = std::min(kMinutesPerDay, begin + 1 + (form == 3 ? pick(300) : 0));
      for (std::uint32_t m = begin; m < end; ++m) add(m);
    }
    if (naive != nullptr) *naive = all;
    return minutes;
  }

  DaySigns random_signs() {
    DaySigns signs;
    for (std::uint32_t i = 1 + pick(4); i != 0; --i) {
      signs.of(std::string(1 + pick(3), static_cast<char>('a' + pick(3)))).merge(random_minutes());
    }
    return signs;
  }

  HostStates random_states() {
    HostStates states;
    for (std::uint32_t i = 1 + pick(4); i != 0; --i) {
      const Minute minute{pick(3) + 28'000'000};
      states.of(std::string(1 + pick(2), static_cast<char>('a' + pick(3))))
          .note(minute, Millis{start_of(minute).value + pick(3)}, pick(3) - std::int64_t{1});
    }
    return states;
  }

  std::mt19937_64 random_{test_seed()};
};

template <class Value>
std::string bytes_of(const Value& value) {
  std::string out;
  encode_value(value, out);
  return out;
}

TEST_F(SignsTest, MinutesAreAsANaiveSetHasThem) {
  for (int round = 0; round < 2'000; ++round) {
    std::set<std::uint32_t> naive;
    MinutesOfDay minutes = random_minutes(&naive);
    const std::uint32_t begin = pick(kMinutesPerDay);
    const std::uint32_t end = begin + pick(kMinutesPerDay + 1 - begin);
    EXPECT_EQ(minutes.first(), *naive.begin());
    EXPECT_EQ(minutes.last(), *naive.rbegin());
    EXPECT_EQ(minutes.count_below(end),
              std::distance(naive.begin(), naive.lower_bound(end)));
    for (std::uint32_t m = 0; m < kMinutesPerDay; ++m) {
      ASSERT_EQ(minutes.contains(m), naive.contains(m)) << m;
    }
    std::string bytes;
    encode_minutes(minutes, bytes);
    EXPECT_LE(bytes.size(), MinutesOfDay::kBytes + 2);
    ByteReader in(bytes);
    MinutesOfDay read;
    take_minutes(in, read);
    EXPECT_TRUE(in.done());
    ASSERT_EQ(read, minutes);
    minutes.take_out(begin, end);
    naive.erase(naive.lower_bound(begin), naive.lower_bound(end));
    EXPECT_EQ(minutes.count_below(kMinutesPerDay), naive.size());
    EXPECT_EQ(minutes.empty(), naive.empty());
  }
}

template <class Value>
void expect_merges(const Value& a, const Value& b, const Value& c, bool idempotent) {
  const auto merged = [](std::initializer_list<Value> values) {
    Value out;
    for (const Value& v : values) EXPECT_TRUE(merge_encoded(bytes_of(v), out));
    return out;
  };
  EXPECT_EQ(merged({a}), a);
  EXPECT_EQ(merged({a, b}), merged({b, a}));
  EXPECT_EQ(merged({merged({a, b}), c}), merged({a, merged({b, c})}));
  if (idempotent) {
    EXPECT_EQ(merged({a, a}), a);
  }
}

TEST_F(SignsTest, MergesAreAssociativeCommutativeAndIdempotent) {
  for (int round = 0; round < 300; ++round) {
    expect_merges(random_signs(), random_signs(), random_signs(), true);
    expect_merges(random_states(), random_states(), random_states(), true);
    const auto day = [&] { return HeartbeatDay{random_minutes(), pick(3), pick(1000)}; };
    expect_merges(day(), day(), day(), false);
  }
}

TEST_F(SignsTest, TheLastEventThatCarriedALatencyDecidesItAndOfSeveralTheLargest) {
  HostState state;
  state.note(Minute{10}, Millis{600'500}, 7);
  state.note(Minute{9}, Millis{540'900}, 99);
  EXPECT_EQ(state, (HostState{Minute{9}, Millis{600'500}, Millis{600'500}, 7}));
  state.note(Minute{10}, Millis{600'500}, -1);
  state.note(Minute{10}, Millis{600'500}, 8);
  EXPECT_EQ(state.latency_us, 8);
  state.note(Minute{10}, Millis{600'501}, -1);
  EXPECT_EQ(state, (HostState{Minute{9}, Millis{600'501}, Millis{600'500}, 8}));
  // A late one, after the last that carried a latency and before the last.
  state.note(Minute{11}, Millis{660'000}, -1);
  state.note(Minute{10}, Millis{600'502}, 1);
  EXPECT_EQ(state, (HostState{Minute{9}, Millis{660'000}, Millis{600'502}, 1}));
}

// Frozen: format 7.
TEST_F(SignsTest, GoldenBytes) {
  DaySigns signs;
  for (const std::uint32_t m : {0U, 1U, 2U, 700U, 1439U}) signs.of("h").add(m);
  signs.of("i").add(5);
  EXPECT_EQ(to_hex(bytes_of(signs)), "11020168030002b90500e20500016901" "0500");
  HostStates states;
  states.of("h").note(Minute{300}, Millis{18'000'999}, 12);
  states.of("i").note(Minute{300}, Millis{18'000'999}, -1);
  EXPECT_EQ(to_hex(bytes_of(states)), "14020168ac02e7070d00" "0169ac02e70700");
  states.of("i").note(Minute{300}, Millis{18'000'500}, 12);
  EXPECT_EQ(to_hex(bytes_of(states)), "14020168ac02e7070d00" "0169ac02e7070df303");
  HeartbeatDay day;
  day.minutes.add(64);
  day.latency_count = 2;
  day.latency_sum_us = 300;
  EXPECT_EQ(to_hex(bytes_of(day)), "1301400002ac02");
}

template <class Value>
void expect_damage_is_refused(const std::string& bytes, std::mt19937_64& random) {
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Value value;
    EXPECT_FALSE(merge_encoded(std::string_view(bytes).substr(0, size), value)) << size;
    EXPECT_TRUE(value.empty());
  }
  Value value;
  EXPECT_FALSE(merge_encoded(bytes + '\0', value));
  // Whatever is made of other bytes, encoding it gives a value again.
  for (int i = 0; i < 300; ++i) {
    std::string other = bytes;
    for (int n = 0; n < 3; ++n) other[random() % other.size()] = static_cast<char>(random());
    Value read;
    if (!merge_encoded(other, read)) continue;
    Value again;
    EXPECT_TRUE(merge_encoded(bytes_of(read), again));
    EXPECT_EQ(again, read);
  }
}

TEST_F(SignsTest, DamagedBytesAreRefusedAndNeverReadPastTheirEnd) {
  for (int round = 0; round < 20; ++round) {
    expect_damage_is_refused<DaySigns>(bytes_of(random_signs()), random_);
    expect_damage_is_refused<HostStates>(bytes_of(random_states()), random_);
    expect_damage_is_refused<HeartbeatDay>(bytes_of(HeartbeatDay{random_minutes(), 1, 2}), random_);
  }
}

}  // namespace
}  // namespace minuted::test
