#include "nodes/signs.hpp"

#include <bit>

namespace minuted {
namespace {

// First bytes. Persisted: never renumbered; a new layout takes a new number.
constexpr std::uint8_t kDaySigns = 0x11;
constexpr std::uint8_t kHeartbeats = 0x13;
constexpr std::uint8_t kHostStates = 0x14;  // 0x12 was one without the time of the latency

void put_kept(const MinutesOfDay& minutes, std::string& out) { encode_minutes(minutes, out); }

void put_kept(const HostState& state, std::string& out) {
  put_varint(out, state.first.value);
  put_varint(out, static_cast<std::uint64_t>(state.last.value - start_of(state.first).value));
  put_varint(out, static_cast<std::uint64_t>(state.latency_us + 1));
  if (state.latency_us < 0) return;
  put_varint(out, static_cast<std::uint64_t>(state.last.value - state.latency_at.value));
}

void take_kept(ByteReader& in, MinutesOfDay& minutes) { take_minutes(in, minutes); }

void take_kept(ByteReader& in, HostState& state) {
  state.first = Minute{static_cast<std::uint32_t>(in.varint_up_to(kMinuteMax.value))};
  const std::int64_t first_ms = start_of(state.first).value;
  const auto left = static_cast<std::uint64_t>(kMillisMax.value - first_ms);
  const std::uint64_t since_first = in.varint_up_to(left);
  state.last = Millis{first_ms + static_cast<std::int64_t>(since_first)};
  state.latency_us = static_cast<std::int64_t>(in.varint_up_to(kLatencyUsMax + 1)) - 1;
  if (state.latency_us < 0) return;
  const std::uint64_t before_last = in.varint_up_to(since_first);
  state.latency_at = Millis{state.last.value - static_cast<std::int64_t>(before_last)};
}

template <class Kept>
void encode_hosts_of(std::uint8_t kind, const ByHost<Kept>& hosts, std::string& out) {
  out.push_back(static_cast<char>(kind));
  put_varint(out, std::uint64_t{hosts.entries().size()});
  for (const auto& e : hosts.entries()) {
    put_string(out, e.host);
    put_kept(e.kept, out);
  }
}

template <class Kept>
bool merge_encoded_hosts_of(std::uint8_t kind, std::string_view bytes, ByHost<Kept>& hosts) {
  ByteReader in(bytes);
  if (in.byte() != kind) return false;
  ByHost<Kept> read;
  std::string_view before;
  std::uint64_t left = in.varint();
  if (left == 0) return false;
  for (; left != 0 && in.ok(); --left) {
    const std::string_view host = in.string(kIdBytesMax);
    if (host <= before) return false;
    before = host;
    take_kept(in, read.of(host));
  }
  if (!in.done()) return false;
  if (hosts.empty()) {
    hosts = std::move(read);
  } else {
    hosts.merge(read);
  }
  return true;
}

}  // namespace

void MinutesOfDay::merge(const MinutesOfDay& other) {
  for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
}

void MinutesOfDay::take_out(std::uint32_t begin, std::uint32_t end) {
  for (std::uint32_t m = begin; m < end; ++m) words_[m / 64] &= ~(std::uint64_t{1} << m % 64);
}

std::uint32_t MinutesOfDay::count_below(std::uint32_t end) const {
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i * 64 < end; ++i) {
    const std::uint32_t bits = end - i * 64;
    const std::uint64_t mask = bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
    count += static_cast<std::uint32_t>(std::popcount(words_[i] & mask));
  }
  return count;
}

std::uint32_t MinutesOfDay::first() const { return next(0, true); }

std::uint32_t MinutesOfDay::last() const {
  std::size_t i = words_.size() - 1;
  while (words_[i] == 0) --i;
  return static_cast<std::uint32_t>(64 * i + 63 - static_cast<unsigned>(std::countl_zero(words_[i])));
}

std::uint32_t MinutesOfDay::next(std::uint32_t from, bool there) const {
  while (from < kMinutesPerDay) {
    const std::uint64_t word = there ? words_[from / 64] : ~words_[from / 64];
    const std::uint64_t rest = word >> from % 64;
    if (rest != 0) {
      return std::min(from + static_cast<std::uint32_t>(std::countr_zero(rest)), kMinutesPerDay);
    }
    from = (from / 64 + 1) * 64;
  }
  return kMinutesPerDay;
}

void encode_minutes(const MinutesOfDay& minutes, std::string& out) {
  std::string runs;
  std::uint64_t count = 0;
  std::uint32_t end = 0;
  for (std::uint32_t at = minutes.first(); at < kMinutesPerDay; at = minutes.next(end, true)) {
    put_varint(runs, at - end);
    end = minutes.next(at, false);
    put_varint(runs, end - at - 1);
    ++count;
  }
  if (runs.size() <= MinutesOfDay::kBytes) {
    put_varint(out, count);
    out += runs;
    return;
  }
  out.push_back('\0');
  for (std::uint32_t byte = 0; byte < MinutesOfDay::kBytes; ++byte) {
    unsigned bits = 0;
    for (std::uint32_t i = 0; i < 8; ++i) {
      bits |= static_cast<unsigned>(minutes.contains(byte * 8 + i)) << i;
    }
    out.push_back(static_cast<char>(bits));
  }
}

void take_minutes(ByteReader& in, MinutesOfDay& minutes) {
  std::uint64_t runs = in.varint_up_to(kMinutesPerDay / 2);
  if (!in.ok()) return;
  if (runs == 0) {
    const std::string_view bytes = in.bytes(MinutesOfDay::kBytes);
    for (std::uint32_t byte = 0; byte < bytes.size(); ++byte) {
      const auto bits = static_cast<unsigned char>(bytes[byte]);
      for (std::uint32_t i = 0; i < 8; ++i) {
        if (bits >> i & 1U) minutes.add(byte * 8 + i);
      }
    }
  }
  for (std::uint32_t end = 0; runs != 0 && in.ok(); --runs) {
    const auto gap = static_cast<std::uint32_t>(in.varint_up_to(kMinutesPerDay - 1));
    if (end != 0 && gap == 0) in.fail();  // it would be one with the run before
    const std::uint32_t begin = end + gap;
    if (begin >= kMinutesPerDay) {
      in.fail();
      return;
    }
    end = begin + 1 + static_cast<std::uint32_t>(in.varint_up_to(kMinutesPerDay - 1 - begin));
    for (std::uint32_t m = begin; in.ok() && m < end; ++m) minutes.add(m);
  }
  if (minutes.empty()) in.fail();
}

void HostState::note(Minute minute, const SeenInMinute& seen) {
  const std::int64_t begin = start_of(minute).value;
  const bool latency = seen.latency_us >= 0;
  merge({minute, Millis{begin + std::max(seen.ms, 0)},
         latency ? Millis{begin + seen.latency_ms} : Millis{-1}, latency ? seen.latency_us : -1});
}

void HostState::merge(const HostState& other) {
  first = std::min(first, other.first);
  last = std::max(last, other.last);
  if (other.latency_at > latency_at) {
    latency_at = other.latency_at;
    latency_us = other.latency_us;
  } else if (other.latency_at == latency_at) {
    latency_us = std::max(latency_us, other.latency_us);
  }
}

void HeartbeatDay::merge(const HeartbeatDay& other) {
  minutes.merge(other.minutes);
  latency_count += other.latency_count;
  latency_sum_us += other.latency_sum_us;
}

void encode_value(const DaySigns& signs, std::string& out) {
  encode_hosts_of(kDaySigns, signs, out);
}

void encode_value(const HostStates& states, std::string& out) {
  encode_hosts_of(kHostStates, states, out);
}

void encode_value(const HeartbeatDay& day, std::string& out) {
  out.push_back(static_cast<char>(kHeartbeats));
  encode_minutes(day.minutes, out);
  put_varint(out, day.latency_count);
  put_varint(out, day.latency_sum_us);
}

bool merge_encoded(std::string_view bytes, DaySigns& signs) {
  return merge_encoded_hosts_of(kDaySigns, bytes, signs);
}

bool merge_encoded(std::string_view bytes, HostStates& states) {
  return merge_encoded_hosts_of(kHostStates, bytes, states);
}

bool merge_encoded(std::string_view bytes, HeartbeatDay& day) {
  ByteReader in(bytes);
  if (in.byte() != kHeartbeats) return false;
  HeartbeatDay read;
  take_minutes(in, read.minutes);
  read.latency_count = in.varint();
  read.latency_sum_us = in.varint128();
  if (!in.done()) return false;
  day.merge(read);
  return true;
}

}  // namespace minuted
