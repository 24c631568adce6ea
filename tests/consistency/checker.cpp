#include "consistency/checker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

#include "support/long_form.hpp"
#include "support/random.hpp"

namespace minuted::test {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::int64_t kFirstMinute = 28'401'720;  // 2024-01-01T10:00Z
constexpr std::int64_t kMinutesApart = 200;  // rows of a group lie in other hours, some in other days
constexpr unsigned kResendPercent = 10;
constexpr std::uint64_t kFoldsPerUpkeep = 256;
constexpr std::size_t kViolationsKept = 20;
constexpr std::int64_t kShortMs = 4'000;
constexpr std::int64_t kLongMs = 600'000;
constexpr std::int64_t kProgressMs = 30'000;

// What was sent, acknowledged and seen, in batches of each group.
class Ledger {
 public:
  struct Before {
    std::array<std::uint64_t, kGroups> acknowledged;
    std::array<std::uint64_t, kGroups> seen;
  };

  void note_sent(std::size_t group) { ++sent_[group]; }
  void note_acknowledged(std::size_t group) { ++acknowledged_[group]; }

  Before before_read() const {
    Before before;
    for (std::size_t g = 0; g < kGroups; ++g) {
      before.seen[g] = seen_[g];
      before.acknowledged[g] = acknowledged_[g];
    }
    return before;
  }

  // Judges a read that has just ended. `add` takes a sentence for each violation.
  void judge(const Question& question, const Before& before, const std::vector<SeenRow>& rows,
             const std::function<void(std::string)>& add) {
    std::array<std::uint64_t, kGroups> sent;
    for (std::size_t g = 0; g < kGroups; ++g) sent[g] = sent_[g];
    std::vector<bool> used(rows.size());
    for (std::size_t g = 0; g < kGroups; ++g) {
      if (question.group.value_or(g) != g) continue;
      std::optional<std::uint64_t> of_group;
      for (std::size_t r = 0; r < kRowsPerGroup; ++r) {
        if (question.row.value_or(r) != r) continue;
        const std::uint64_t value = take(question, place_of(g, r), rows, used, add);
        const std::string where = "group " + std::to_string(g) + ", row " + std::to_string(r) +
                                  ", " + std::to_string(value) + " counted: ";
        if (value < before.acknowledged[g]) {
          add(where + std::to_string(before.acknowledged[g]) + " were acknowledged before");
        }
        if (value > sent[g]) add(where + "only " + std::to_string(sent[g]) + " were ever sent");
        if (value < before.seen[g]) {
          add(where + "an earlier read saw " + std::to_string(before.seen[g]));
        }
        if (of_group.value_or(value) != value) {
          add(where + "another row of the group has " + std::to_string(*of_group));
        }
        of_group = value;
      }
      if (of_group) raise(seen_[g], *of_group);
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!used[i]) add("a row that was not asked for: " + rows[i].place.bucket);
    }
  }

 private:
  // The value of the row that counts `place`, 0 if there is none.
  static std::uint64_t take(const Question& question, Place place,
                            const std::vector<SeenRow>& rows, std::vector<bool>& used,
                            const std::function<void(std::string)>& add) {
    const std::int64_t length = minutes_in(question.span);
    place.minute = place.minute / length * length;
    std::uint64_t value = 0;
    bool found = false;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].place != place) continue;
      if (found) add("two rows of " + place.repo + "/" + place.bucket);
      found = used[i] = true;
      value = rows[i].uploaded;
    }
    return value;
  }

  static void raise(std::atomic<std::uint64_t>& value, std::uint64_t to) {
    for (std::uint64_t now = value; now < to && !value.compare_exchange_weak(now, to);) {
    }
  }

  std::array<std::atomic<std::uint64_t>, kGroups> sent_{};
  std::array<std::atomic<std::uint64_t>, kGroups> acknowledged_{};
  std::array<std::atomic<std::uint64_t>, kGroups> seen_{};
};

class Check {
 public:
  Check(const std::function<std::unique_ptr<Target>()>& make_target, const CheckOptions& options)
      : make_target_(make_target), options_(options) {}

  Checked run() {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < options_.writers; ++i) {
      threads.emplace_back([this, i] { write(i); });
    }
    for (std::size_t i = 0; i < options_.readers; ++i) {
      threads.emplace_back([this, i] { read(i); });
    }
    threads.emplace_back([this] { fold(); });
    const auto end = SteadyClock::now() + std::chrono::milliseconds(options_.duration_ms);
    auto next_progress = SteadyClock::now() + std::chrono::milliseconds(kProgressMs);
    {
      std::unique_lock lock(mutex_);
      const auto over = [this] { return over_.load(); };
      while (!ended_.wait_until(lock, std::min(end, next_progress), over)) {
        if (SteadyClock::now() >= end) break;
        std::fprintf(stderr, "so far: %llu reads, %llu batches, %llu violations\n",
                     static_cast<unsigned long long>(reads_),
                     static_cast<unsigned long long>(batches_),
                     static_cast<unsigned long long>(violations_));
        next_progress += std::chrono::milliseconds(kProgressMs);
      }
    }
    over_ = true;
    threads.clear();
    return {reads_, batches_, resent_, folds_, violations_, first_violations_};
  }

 private:
  void write(std::size_t number) {
    Random random(100 + number);
    const auto target = make_target_();
    std::string last_key;
    std::size_t last_group = 0;
    for (std::uint64_t n = 0; !over_; ++n) {
      if (!last_key.empty() && random.chance(kResendPercent)) {
        if (!target->push(last_group, last_key)) add("a resent batch was not acknowledged");
        ++resent_;
        continue;
      }
      last_group = random.below(kGroups);
      last_key = std::to_string(number) + "-" + std::to_string(n);
      ledger_.note_sent(last_group);
      if (target->push(last_group, last_key)) {
        ledger_.note_acknowledged(last_group);
        ++batches_;
      } else {
        add("a batch was not acknowledged");
      }
    }
  }

  void read(std::size_t number) {
    Random random(200 + number);
    const auto target = make_target_();
    while (!over_) {
      Question question;
      question.span = static_cast<Span>(random.below(3));
      if (options_.rows_only || random.chance(70)) question.group = random.below(kGroups);
      if (question.group && (options_.rows_only || random.chance(50))) {
        question.row = random.below(kRowsPerGroup);
      }
      const Ledger::Before before = ledger_.before_read();
      const auto rows = target->read(question);
      ++reads_;
      if (!rows) {
        add("a read was not answered");
        continue;
      }
      ledger_.judge(question, before, *rows, [this](std::string violation) { add(violation); });
    }
  }

  void fold() {
    const auto target = make_target_();
    while (!over_) {
      if (!target->fold()) add("a fold failed");
      if (++folds_ % kFoldsPerUpkeep == 0 && options_.upkeep) options_.upkeep();
    }
  }

  void add(const std::string& violation) {
    ++violations_;
    const std::lock_guard lock(mutex_);
    if (first_violations_.size() < kViolationsKept) first_violations_.push_back(violation);
    if (first_violations_.size() == kViolationsKept) over_ = true;
    if (over_) ended_.notify_all();
  }

  const std::function<std::unique_ptr<Target>()>& make_target_;
  const CheckOptions& options_;
  Ledger ledger_;
  std::atomic<bool> over_ = false;
  std::atomic<std::uint64_t> reads_ = 0;
  std::atomic<std::uint64_t> batches_ = 0;
  std::atomic<std::uint64_t> resent_ = 0;
  std::atomic<std::uint64_t> folds_ = 0;
  std::atomic<std::uint64_t> violations_ = 0;
  std::mutex mutex_;
  std::condition_variable ended_;              // over_ was set under mutex_
  std::vector<std::string> first_violations_;  // under mutex_
};

}  // namespace

Place place_of(std::size_t group, std::size_t row) {
  return {"repo-" + std::to_string(row % 3), "group-" + std::to_string(group),
          "host-" + std::to_string(row),
          kFirstMinute + static_cast<std::int64_t>(row) * kMinutesApart};
}

Checked check_consistency(const std::function<std::unique_ptr<Target>()>& make_target,
                          const CheckOptions& options) {
  return Check(make_target, options).run();
}

void expect_consistent(const Checked& checked, const char* what) {
  std::fprintf(stderr,
               "%s: %llu checked reads beside %llu batches (%llu sent again) and %llu folds, "
               "%llu violations\n",
               what, static_cast<unsigned long long>(checked.reads),
               static_cast<unsigned long long>(checked.batches),
               static_cast<unsigned long long>(checked.resent),
               static_cast<unsigned long long>(checked.folds),
               static_cast<unsigned long long>(checked.violations));
  for (const std::string& violation : checked.first_violations) ADD_FAILURE() << violation;
  EXPECT_EQ(checked.violations, 0U);
  EXPECT_GT(checked.reads, 20U);
  EXPECT_GT(checked.batches, 20U);
  EXPECT_GT(checked.folds, 1U);
}

std::int64_t check_duration_ms() {
  return long_form() ? kLongMs : kShortMs;
}

}  // namespace minuted::test
