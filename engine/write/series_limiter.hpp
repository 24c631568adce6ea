// How many series may be new: in any minute, and in all, for the store and for the repos that have
// bounds of their own. Arithmetic only; the catalog knows which series are new. One thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "minuted/options.hpp"

namespace minuted {

// An allowance that refills evenly, a minute's worth a minute. It may be overdrawn once; see
// SeriesLimits.
class Allowance {
 public:
  explicit Allowance(std::uint64_t per_minute)
      : per_minute_(static_cast<double>(per_minute)), left_(per_minute_) {}

  void refill(std::int64_t steady_ms);
  bool open() const { return left_ >= 1; }
  void take(std::uint64_t count) { left_ -= static_cast<double>(count); }

 private:
  double per_minute_;
  double left_;
  std::optional<std::int64_t> at_ms_;
};

class SeriesLimiter {
 public:
  // `limits` is borrowed. Totals are told by set_total() and set_repo_total().
  explicit SeriesLimiter(const SeriesLimits& limits);

  void set_total(std::uint64_t total) { total_ = total; }
  void set_repo_total(std::string_view repo, std::uint64_t total);

  // One batch's new series: first reserve() each, then admit() all that were reserved, or let the
  // reservation go by begin().
  void begin();
  // Whether there may be one more series of `repo`; it then counts.
  bool reserve(std::string_view repo);
  // The bound of all time that keeps more series of `repo` out, as a clause: "the store may have
  // 10 series".
  std::string bound_of(std::string_view repo) const;
  // Whether the minute has room for what was reserved; which bound if not.
  std::optional<std::string> admit(std::int64_t steady_ms);

 private:
  struct RepoState {
    std::optional<std::uint64_t> total_max;
    std::optional<Allowance> allowance;
    std::uint64_t total = 0;
    std::uint64_t reserved = 0;
  };

  const SeriesLimits& limits_;
  Allowance allowance_;
  std::uint64_t total_ = 0;
  std::uint64_t reserved_ = 0;
  std::map<std::string, RepoState, std::less<>> repos_;  // those with bounds of their own
};

}  // namespace minuted
