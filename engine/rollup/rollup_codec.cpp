#include "rollup/rollup_codec.hpp"

#include <algorithm>
#include <cassert>

#include "rollup/wrapping.hpp"

namespace minuted {
namespace {

enum Flag : std::uint32_t {
  kClientErrors = 1U << 6,
  kServerErrors = 1U << 7,
  kUplBytes = 1U << 8,
  kDwlBytes = 1U << 9,
  kSizeChange = 1U << 10,
  kLatency = 1U << 11,
};
constexpr std::uint32_t kFlagsMax = (1U << 12) - 1;

void put_latency(const Rollup& r, std::string& out) {
  put_varint(out, r.latency_count);
  put_varint(out, r.latency_sum_us);
  if (r.latency_count < 2) return;
  put_varint(out, r.latency_min_us);
  put_varint(out, r.latency_max_us - r.latency_min_us);
  if (r.latency_count >= 3) encode_sketch(r.sketch, out);
}

void put_rollup(const Rollup& r, std::string& out) {
  std::uint32_t flags = 0;
  for (std::size_t i = 0; i < kOpClasses; ++i) flags |= r.ops[i] != 0 ? 1U << i : 0U;
  if (r.client_errors != 0) flags |= kClientErrors;
  if (r.server_errors != 0) flags |= kServerErrors;
  if (r.upl_bytes != 0) flags |= kUplBytes;
  if (r.dwl_bytes != 0) flags |= kDwlBytes;
  if (r.size_change != 0) flags |= kSizeChange;
  if (r.latency_count != 0) flags |= kLatency;
  put_varint(out, flags);
  for (const std::uint64_t count : r.ops) {
    if (count != 0) put_varint(out, count);
  }
  if (flags & kClientErrors) put_varint(out, r.client_errors);
  if (flags & kServerErrors) put_varint(out, r.server_errors);
  if (flags & kUplBytes) put_varint(out, r.upl_bytes);
  if (flags & kDwlBytes) put_varint(out, r.dwl_bytes);
  if (flags & kSizeChange) put_varint(out, zigzag(r.size_change));
  if (flags & kLatency) put_latency(r, out);
}

// Reads the buckets and checks that they hold as many latencies as were counted.
void take_sketch(ByteReader& in, std::uint64_t latencies, LatencySketch& sketch) {
  const std::uint64_t buckets = in.varint_up_to(LatencySketch::bucket_count());
  std::uint64_t index = 0;
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < buckets && in.ok(); ++i) {
    const std::uint64_t step = in.varint();
    const std::uint64_t count = (step & 1) != 0 ? in.varint_up_to(UINT64_MAX - 2) + 2 : 1;
    index += step >> 1;
    const bool in_order = i == 0 || step >> 1 != 0;
    if (!in_order || index >= LatencySketch::bucket_count() || count > latencies - total) {
      in.fail();
      return;
    }
    sketch.add_bucket(static_cast<std::uint16_t>(index), count);
    total += count;
  }
  if (total != latencies) in.fail();
}

void take_latency(ByteReader& in, Rollup& r, bool with_sketch) {
  r.latency_count = in.varint();
  r.latency_sum_us = in.varint128();
  if (r.latency_count == 0) in.fail();
  if (r.latency_count < 2) {
    if (r.latency_sum_us > kLatencyUsMax) in.fail();
    r.latency_min_us = r.latency_max_us = static_cast<std::uint64_t>(r.latency_sum_us);
  } else {
    r.latency_min_us = in.varint_up_to(kLatencyUsMax);
    r.latency_max_us = r.latency_min_us + in.varint_up_to(kLatencyUsMax - r.latency_min_us);
  }
  if (!with_sketch || !in.ok()) return;
  if (r.latency_count < 3) {
    r.sketch.add(r.latency_min_us);
    if (r.latency_count == 2) r.sketch.add(r.latency_max_us);
  } else {
    take_sketch(in, r.latency_count, r.sketch);
  }
}

// Fills an empty rollup. `bytes` are exactly one rollup; without the sketch its bytes are skipped.
bool take_rollup(std::string_view bytes, bool with_sketch, Rollup& r) {
  ByteReader in(bytes);
  const auto flags = static_cast<std::uint32_t>(in.varint_up_to(kFlagsMax));
  for (std::size_t i = 0; i < kOpClasses; ++i) {
    if (flags & (1U << i)) r.ops[i] = in.varint();
  }
  if (flags & kClientErrors) r.client_errors = in.varint();
  if (flags & kServerErrors) r.server_errors = in.varint();
  if (flags & kUplBytes) r.upl_bytes = in.varint128();
  if (flags & kDwlBytes) r.dwl_bytes = in.varint128();
  if (flags & kSizeChange) r.size_change = unzigzag(in.varint128());
  if (flags & kLatency) take_latency(in, r, with_sketch);
  return with_sketch || r.latency_count < 3 ? in.done() : in.ok();
}

// How the number of a minute's `seen` says what follows it.
constexpr std::uint64_t kSeenForms = 3;
constexpr std::uint64_t kSeenOnly = 1;
constexpr std::uint64_t kSeenWithOnlyLatency = 2;
constexpr std::uint64_t kSeenWithLatency = 3;

bool is_only_latency(const SeenInMinute& seen, const Rollup& r) {
  return r.latency_count == 1 && seen.latency_ms == seen.ms &&
         r.latency_sum_us == static_cast<std::uint64_t>(seen.latency_us);
}

void put_seen(const SeenInMinute& seen, const Rollup& rollup, std::string& out) {
  if (!seen.known()) {
    out.push_back(0);
    return;
  }
  const std::uint64_t number = kSeenForms * static_cast<std::uint64_t>(seen.ms);
  if (seen.latency_us < 0) {
    put_varint(out, number + kSeenOnly);
  } else if (is_only_latency(seen, rollup)) {
    put_varint(out, number + kSeenWithOnlyLatency);
  } else {
    put_varint(out, number + kSeenWithLatency);
    put_varint(out, static_cast<std::uint64_t>(seen.latency_us));
    put_varint(out, static_cast<std::uint64_t>(seen.ms - seen.latency_ms));
  }
}

SeenInMinute take_seen(ByteReader& in, const Rollup& rollup) {
  constexpr std::uint64_t kMsMax = kMillisPerMinute - 1;
  SeenInMinute seen;
  const std::uint64_t number = in.varint_up_to(kSeenForms * kMsMax + kSeenWithLatency);
  if (number == 0) return seen;
  seen.ms = static_cast<std::int32_t>((number - 1) / kSeenForms);
  const std::uint64_t form = (number - 1) % kSeenForms + 1;
  if (form == kSeenOnly) return seen;
  if (form == kSeenWithOnlyLatency) {
    if (rollup.latency_count != 1) in.fail();
    seen.latency_ms = seen.ms;
    seen.latency_us = static_cast<std::int64_t>(rollup.latency_sum_us);
    return seen;
  }
  seen.latency_us = static_cast<std::int64_t>(in.varint_up_to(kLatencyUsMax));
  seen.latency_ms = seen.ms - static_cast<std::int32_t>(in.varint_up_to(static_cast<std::uint64_t>(seen.ms)));
  if (is_only_latency(seen, rollup)) in.fail();  // has a shorter form
  return seen;
}

bool is_hosts(std::uint8_t kind) {
  return kind == static_cast<std::uint8_t>(ValueKind::kHosts) ||
         kind == static_cast<std::uint8_t>(ValueKind::kMinuteHosts);
}

}  // namespace

void encode_sketch(const LatencySketch& sketch, std::string& out) {
  put_varint(out, std::uint64_t{sketch.buckets().size()});
  std::uint32_t previous = 0;
  for (const LatencySketch::Bucket& b : sketch.buckets()) {
    put_varint(out, (std::uint32_t{b.index} - previous) * 2 + (b.count > 1 ? 1U : 0U));
    if (b.count > 1) put_varint(out, b.count - 2);
    previous = b.index;
  }
}

bool decode_sketch(std::string_view bytes, std::uint64_t latencies, LatencySketch& sketch) {
  ByteReader in(bytes);
  take_sketch(in, latencies, sketch);
  return in.done();
}

HostRollups::Entry& HostRollups::entry_of(std::string_view host) {
  // Values come with their hosts in order, so the last one is often the one before the place.
  auto at = entries_.end();
  if (!entries_.empty() && !(entries_.back().host < host)) {
    at = std::lower_bound(entries_.begin(), entries_.end(), host,
                          [](const Entry& e, std::string_view h) { return e.host < h; });
    if (at->host == host) return *at;
  }
  return *entries_.insert(at, Entry{std::string(host), Rollup{}});
}

void HostRollups::merge(const HostRollups& other) {
  for (const Entry& e : other.entries_) of(e.host).merge(e.rollup);
}

void HostRollups::merge_row(const HostRollups& other) {
  for (const Entry& e : other.entries_) {
    Entry& entry = entry_of(e.host);
    entry.rollup.merge(e.rollup);
    entry.seen.merge(e.seen);
  }
}

void HostRollups::drop_empty() {
  std::erase_if(entries_, [](const Entry& e) { return e.rollup.requests() == 0; });
}

void encode_hosts(const HostRollups& hosts, std::string& out) {
  assert(!hosts.empty());
  const bool of_minute = std::any_of(hosts.entries().begin(), hosts.entries().end(),
                                     [](const auto& e) { return e.seen.known(); });
  out.push_back(static_cast<char>(of_minute ? ValueKind::kMinuteHosts : ValueKind::kHosts));
  put_varint(out, std::uint64_t{hosts.entries().size()});
  thread_local std::string body;
  for (const HostRollups::Entry& e : hosts.entries()) {
    put_string(out, e.host);
    body.clear();
    put_rollup(e.rollup, body);
    put_string(out, body);
    if (of_minute) put_seen(e.seen, e.rollup, out);
  }
}

bool merge_encoded_hosts(std::string_view bytes, HostRollups& hosts) {
  ByteReader in(bytes);
  const std::uint8_t kind = in.byte();
  if (!is_hosts(kind)) return false;
  const bool of_minute = kind == static_cast<std::uint8_t>(ValueKind::kMinuteHosts);
  bool any_seen = !of_minute;
  const std::uint64_t count = in.varint();
  if (count == 0) return false;
  std::string_view previous;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const std::string_view host = in.string(kIdBytesMax);
    const std::string_view body = in.string();
    if (host <= previous) return false;  // also refuses an empty one
    previous = host;
    HostRollups::Entry& kept = hosts.entry_of(host);
    Rollup read;
    if (!take_rollup(body, true, read)) return false;
    if (of_minute) {
      const SeenInMinute seen = take_seen(in, read);
      any_seen |= seen.known();
      kept.seen.merge(seen);
    }
    if (kept.rollup == Rollup{}) {
      kept.rollup = std::move(read);
    } else {
      kept.rollup.merge(read);
    }
  }
  return in.done() && any_seen;
}

HostsReader::HostsReader(std::string_view bytes, bool sketches)
    : in_(bytes), left_(0), sketches_(sketches) {
  const std::uint8_t kind = in_.byte();
  if (!is_hosts(kind)) in_.fail();
  of_minute_ = kind == static_cast<std::uint8_t>(ValueKind::kMinuteHosts);
  left_ = in_.varint();
  if (left_ == 0) in_.fail();
}

bool HostsReader::next(std::string_view& host, Rollup& rollup) {
  if (left_ == 0) {
    if (!in_.done()) in_.fail();
    return false;
  }
  --left_;
  host = in_.string(kIdBytesMax);
  const std::string_view body = in_.string();
  rollup.clear();
  if (!in_.ok() || host <= previous_ || !take_rollup(body, sketches_, rollup)) {  // nor is one empty
    in_.fail();
    return false;
  }
  previous_ = host;
  if (!of_minute_) return true;
  seen_ = take_seen(in_, rollup);
  return in_.ok();
}

void RepoRollup::add(const Rollup& rollup) {
  requests += rollup.requests();
  upl_bytes += rollup.upl_bytes;
  dwl_bytes += rollup.dwl_bytes;
  size_change = wrapping_sum(size_change, rollup.size_change);
  latency_count += rollup.latency_count;
  latency_sum_us += rollup.latency_sum_us;
}

void RepoRollup::merge(const RepoRollup& other) {
  requests += other.requests;
  upl_bytes += other.upl_bytes;
  dwl_bytes += other.dwl_bytes;
  size_change = wrapping_sum(size_change, other.size_change);
  latency_count += other.latency_count;
  latency_sum_us += other.latency_sum_us;
}

void RepoRollup::take_out(const RepoRollup& part) {
  requests -= part.requests;
  upl_bytes -= part.upl_bytes;
  dwl_bytes -= part.dwl_bytes;
  size_change = wrapping_difference(size_change, part.size_change);
  latency_count -= part.latency_count;
  latency_sum_us -= part.latency_sum_us;
}

std::uint64_t RepoRollup::latency_mean_us() const {
  if (latency_count == 0) return 0;
  return static_cast<std::uint64_t>((latency_sum_us + latency_count / 2) / latency_count);
}

void encode_repo(const RepoRollup& repo, std::string& out) {
  out.push_back(static_cast<char>(ValueKind::kRepo));
  put_varint(out, repo.requests);
  put_varint(out, repo.upl_bytes);
  put_varint(out, repo.dwl_bytes);
  put_varint(out, zigzag(repo.size_change));
  put_varint(out, repo.latency_count);
  put_varint(out, repo.latency_sum_us);
}

bool merge_encoded_repo(std::string_view bytes, RepoRollup& repo) {
  ByteReader in(bytes);
  if (in.byte() != static_cast<std::uint8_t>(ValueKind::kRepo)) return false;
  RepoRollup read;
  read.requests = in.varint();
  read.upl_bytes = in.varint128();
  read.dwl_bytes = in.varint128();
  read.size_change = unzigzag(in.varint128());
  read.latency_count = in.varint();
  read.latency_sum_us = in.varint128();
  if (!in.done()) return false;
  repo.merge(read);
  return true;
}

}  // namespace minuted
