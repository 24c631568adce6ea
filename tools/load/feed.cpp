#include "load/feed.hpp"

#include <cstdlib>

namespace minuted::load {
namespace {

constexpr double kNanosPerSecond = 1e9;

}  // namespace

Feed::Feed(const LoadOptions& options, PreparedLoad& prepared, TimePoint start)
    : batches_(prepared.batches), start_(start) {
  for (Body& body : prepared.bodies) free_.push_back(&body);
  if (options.duration_ms != 0) end_ = start + std::chrono::milliseconds(options.duration_ms);
  if (options.rate != 0) {
    nanos_per_batch_ = kNanosPerSecond * static_cast<double>(options.bodies.batch_events) /
                       static_cast<double>(options.rate);
  }
}

TimePoint Feed::next_due() const {
  const double after = static_cast<double>(taken_) * nanos_per_batch_;
  return start_ + std::chrono::nanoseconds(static_cast<std::int64_t>(after));
}

std::optional<Batch> Feed::take(TimePoint now) {
  if (over(now)) return std::nullopt;
  const TimePoint due = nanos_per_batch_ == 0 ? now : next_due();
  if (due > now) return std::nullopt;
  // prepare() makes a body for each connection, and a connection has one batch at a time.
  if (free_.empty()) std::abort();
  Body* const body = free_.front();
  free_.pop_front();
  return Batch{taken_++, body, due};
}

}  // namespace minuted::load
