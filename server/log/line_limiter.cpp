#include "log/line_limiter.hpp"

#include <algorithm>
#include <utility>

namespace minuted::log {
namespace {

constexpr std::string_view kOtherReason = "other";

}  // namespace

LineLimiter::Reason& LineLimiter::reason_of(std::string_view reason, std::int64_t now_ms) {
  auto at = reasons_.find(reason);
  if (at == reasons_.end() && reasons_.size() >= kReasonsMax) {
    reason = kOtherReason;
    at = reasons_.find(reason);
  }
  if (at == reasons_.end()) {
    at = reasons_.emplace(std::string(reason), Reason{}).first;
    at->second.looked_at_ms = now_ms;
  }
  return at->second;
}

std::optional<std::uint64_t> LineLimiter::admit(std::string_view reason, std::int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  Reason& r = reason_of(reason, now_ms);
  r.allowance_ms =
      std::min(r.allowance_ms + std::max<std::int64_t>(now_ms - r.looked_at_ms, 0),
               kBurst * kIntervalMs);
  r.looked_at_ms = now_ms;
  if (r.allowance_ms < kIntervalMs) {
    ++r.left_out;
    return std::nullopt;
  }
  r.allowance_ms -= kIntervalMs;
  r.written_at_ms = now_ms;
  return std::exchange(r.left_out, 0);
}

std::vector<LineLimiter::LeftOut> LineLimiter::take_left_out(std::int64_t now_ms) {
  std::vector<LeftOut> taken;
  const std::lock_guard lock(mutex_);
  for (auto& [name, r] : reasons_) {
    if (r.left_out == 0 || now_ms - r.written_at_ms < kReportAfterMs) continue;
    taken.push_back({name, std::exchange(r.left_out, 0)});
  }
  return taken;
}

}  // namespace minuted::log
