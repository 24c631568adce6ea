#include "http/read_places.hpp"

namespace minuted::http {
namespace {

constexpr auto kMarkEvery = std::chrono::seconds(1);

}  // namespace

std::size_t ReadPlaces::held() const {
  const std::lock_guard lock(mutex_);
  return places_.size();
}

std::size_t ReadPlaces::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_;
}

bool ReadPlaces::enter(ReadPlace& place, TimePoint now) {
  const std::lock_guard lock(mutex_);
  const auto own = by_client_.find(place.client_);
  const bool has_its_share = !place.client_.empty() && own != by_client_.end() &&
                             own->second >= max_ - max_ / 4;
  if (has_its_share) {
    if (!evict(&place.client_, now)) return false;
  } else if (places_.size() >= max_) {
    if (!evict(nullptr, now)) return false;
  } else if (waiting_ >= std::max<std::size_t>(max_ - max_ / 8, 1)) {
    (void)evict(nullptr, now);  // so that the next finds a place at once
  }
  ++by_client_[place.client_];
  places_.insert(&place);
  place.held_ = true;
  if (place.queued_) --queued_;
  place.queued_ = false;
  return true;
}

bool ReadPlaces::queue(ReadPlace& place) {
  const std::lock_guard lock(mutex_);
  if (place.queued_) return true;
  if (queued_ >= beside_max()) return false;
  ++queued_;
  return place.queued_ = true;
}

void ReadPlaces::leave(ReadPlace& place) {
  const std::lock_guard lock(mutex_);
  if (place.held_) forget(place);
  if (place.queued_) --queued_;
  if (place.evicted()) --leaving_;
}

void ReadPlaces::forget(ReadPlace& place) {
  places_.erase(&place);
  if (place.waiting_) --waiting_;
  place.held_ = place.waiting_ = false;
  const auto own = by_client_.find(place.client_);
  if (--own->second == 0) by_client_.erase(own);
}

bool ReadPlaces::evict(const std::string* client, TimePoint now) {
  // Those that were evicted hold their snapshots until they notice.
  if (leaving_ >= beside_max()) return false;
  ReadPlace* slowest = nullptr;
  std::size_t most_reads = 0;
  std::uint64_t least_rate = 0;
  for (ReadPlace* const place : places_) {
    if (!place->waiting_ || now - place->since_ < kSlowAfter) continue;
    if (client != nullptr && place->client_ != *client) continue;
    const std::uint64_t rate = place->bytes_per_second(now);
    if (rate >= kSlowBytesPerSecond) continue;
    const std::size_t reads = by_client_.find(place->client_)->second;
    const bool sooner =
        slowest == nullptr || reads > most_reads ||
        (reads == most_reads &&
         (rate < least_rate || (rate == least_rate && place->since_ < slowest->since_)));
    if (!sooner) continue;
    slowest = place;
    most_reads = reads;
    least_rate = rate;
  }
  if (slowest == nullptr) return false;
  forget(*slowest);
  ++leaving_;
  slowest->evicted_.store(true, std::memory_order_release);
  evicted_total_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void ReadPlace::wait(std::uint64_t taken_bytes, TimePoint now) {
  const std::lock_guard lock(places_.mutex_);
  if (!held_ || waiting_) return;
  waiting_ = true;
  ++places_.waiting_;
  since_ = now;
  taken_bytes_ = taken_bytes;
  older_ = newer_ = {now, taken_bytes};
}

void ReadPlace::progress(std::uint64_t taken_bytes, TimePoint now) {
  const std::lock_guard lock(places_.mutex_);
  if (!waiting_) return;
  taken_bytes_ = taken_bytes;
  if (now - newer_.time < kMarkEvery) return;
  older_ = newer_;
  newer_ = {now, taken_bytes};
}

void ReadPlace::go_on() {
  const std::lock_guard lock(places_.mutex_);
  if (!waiting_) return;
  waiting_ = false;
  --places_.waiting_;
}

std::uint64_t ReadPlace::bytes_per_second(TimePoint now) const {
  const auto ms = std::max<std::int64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now - older_.time).count(), 1);
  const std::uint64_t bytes = std::max(taken_bytes_, older_.bytes) - older_.bytes;
  return bytes * 1000 / static_cast<std::uint64_t>(ms);
}

}  // namespace minuted::http
