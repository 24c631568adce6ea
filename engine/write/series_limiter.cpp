#include "write/series_limiter.hpp"

#include <algorithm>

#include "minuted/event.hpp"
#include "minuted/time.hpp"

namespace minuted {

void Allowance::refill(std::int64_t steady_ms) {
  if (at_ms_ && steady_ms > *at_ms_) {
    const auto minutes = static_cast<double>(steady_ms - *at_ms_) / kMillisPerMinute;
    left_ = std::min(per_minute_, left_ + minutes * per_minute_);
  }
  at_ms_ = steady_ms;
}

SeriesLimiter::SeriesLimiter(const SeriesLimits& limits)
    : limits_(limits), allowance_(limits.new_per_minute_max) {
  for (const auto& [repo, max] : limits.repo_total_max) repos_[repo].total_max = max;
  for (const auto& [repo, max] : limits.repo_new_per_minute_max) {
    repos_[repo].allowance.emplace(max);
  }
}

void SeriesLimiter::set_repo_total(std::string_view repo, std::uint64_t total) {
  const auto at = repos_.find(repo);
  if (at != repos_.end()) at->second.total = total;
}

void SeriesLimiter::begin() {
  if (reserved_ == 0) return;
  reserved_ = 0;
  for (auto& [repo, state] : repos_) state.reserved = 0;
}

bool SeriesLimiter::reserve(std::string_view repo) {
  if (total_ + reserved_ >= limits_.total_max) return false;
  const auto at = repos_.find(repo);
  if (at != repos_.end()) {
    RepoState& state = at->second;
    if (state.total_max && state.total + state.reserved >= *state.total_max) return false;
    ++state.reserved;
  }
  ++reserved_;
  return true;
}

std::string SeriesLimiter::bound_of(std::string_view repo) const {
  const auto at = repos_.find(repo);
  if (total_ + reserved_ < limits_.total_max && at != repos_.end() && at->second.total_max) {
    return "repo " + shorten(repo) + " may have " + std::to_string(*at->second.total_max) +
           " series";
  }
  return "the store may have " + std::to_string(limits_.total_max) + " series";
}

std::optional<std::string> SeriesLimiter::admit(std::int64_t steady_ms) {
  if (reserved_ == 0) return std::nullopt;
  allowance_.refill(steady_ms);
  if (!allowance_.open()) {
    return "more than " + std::to_string(limits_.new_per_minute_max) +
           " new series (repo, bucket, host) came within a minute";
  }
  for (auto& [repo, state] : repos_) {
    if (!state.allowance) continue;
    state.allowance->refill(steady_ms);
    if (state.reserved != 0 && !state.allowance->open()) {
      return "more than " + std::to_string(limits_.repo_new_per_minute_max.at(repo)) +
             " new series (bucket, host) of repo " + shorten(repo) + " came within a minute";
    }
  }
  allowance_.take(reserved_);
  total_ += reserved_;
  for (auto& [repo, state] : repos_) {
    if (state.allowance) state.allowance->take(state.reserved);
    state.total += state.reserved;
    state.reserved = 0;
  }
  reserved_ = 0;
  return std::nullopt;
}

}  // namespace minuted
