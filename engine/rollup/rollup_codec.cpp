#include "rollup/rollup_codec.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <tuple>

#include "schema/columns.hpp"

namespace minuted {
namespace {

// The bit of each column in a rollup's flags: those of latencies share the first one's.
constexpr auto kBits = [] {
  std::array<std::uint32_t, kSizeOf<kColumns>> bits{};
  std::uint32_t next = 1;
  std::uint32_t latency = 0;
  for_each_column<kColumns>([&](auto index) {
    const bool is_latency = std::get<index>(kColumns).row == RowCoding::kLatency;
    if (is_latency && latency != 0) {
      bits[index] = latency;
      return;
    }
    bits[index] = next;
    if (is_latency) latency = next;
    next <<= 1;
  });
  return bits;
}();
constexpr std::uint32_t kFlagsMax = [] {
  std::uint32_t all = 0;
  for (const std::uint32_t bit : kBits) all |= bit;
  return all;
}();
constexpr std::size_t kLatency = index_of<kColumns, Member<&Rollup::latency_count>>();

template <RowCoding kCoding, class Value>
void put_value(Value value, std::string& out) {
  if constexpr (kCoding == RowCoding::kZigzag) {
    put_varint(out, zigzag(value));
  } else {
    put_varint(out, value);
  }
}

template <class Column, RowCoding kCoding>
typename Column::Value take_value(ByteReader& in) {
  if constexpr (kCoding == RowCoding::kZigzag) {
    return unzigzag(in.varint128());
  } else if constexpr (Column::kIsWide) {
    return in.varint128();
  } else {
    return in.varint();
  }
}

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
  for_each_column<kColumns>([&](auto index) {
    using Access = typename ColumnAt<kColumns, index>::Access;
    if constexpr (std::get<index>(kColumns).row != RowCoding::kLatency || index == kLatency) {
      flags |= Access::of(r) != 0 ? kBits[index] : 0U;
    }
  });
  put_varint(out, flags);
  for_each_column<kColumns>([&](auto index) {
    using Access = typename ColumnAt<kColumns, index>::Access;
    constexpr RowCoding kCoding = std::get<index>(kColumns).row;
    if constexpr (kCoding != RowCoding::kLatency) {
      if (flags & kBits[index]) put_value<kCoding>(Access::of(r), out);
    } else if constexpr (index == kLatency) {
      if (flags & kBits[index]) put_latency(r, out);
    }
  });
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
  for_each_column<kColumns>([&](auto index) {
    using OneColumn = ColumnAt<kColumns, index>;
    constexpr RowCoding kCoding = std::get<index>(kColumns).row;
    if constexpr (kCoding != RowCoding::kLatency) {
      if (flags & kBits[index]) OneColumn::Access::of(r) = take_value<OneColumn, kCoding>(in);
    } else if constexpr (index == kLatency) {
      if (flags & kBits[index]) take_latency(in, r, with_sketch);
    }
  });
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
  any_seen_ = !of_minute_;
  left_ = in_.varint();
  if (left_ == 0) in_.fail();
}

bool HostsReader::next(std::string_view& host, Rollup& rollup) {
  if (left_ == 0) {
    if (!in_.done() || !any_seen_) in_.fail();
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
  any_seen_ |= seen_.known();
  return in_.ok();
}

void RepoRollup::add(const Rollup& rollup) {
  for_each_column<kRepoColumns>([&](auto index) {
    using OneColumn = ColumnAt<kRepoColumns, index>;
    add_to(OneColumn::Access::of(*this), OneColumn::Source::of(rollup));
  });
}

void RepoRollup::merge(const RepoRollup& other) {
  for_each_column<kRepoColumns>([&](auto index) {
    using Access = typename ColumnAt<kRepoColumns, index>::Access;
    add_to(Access::of(*this), Access::of(other));
  });
}

void RepoRollup::take_out(const RepoRollup& part) {
  for_each_column<kRepoColumns>([&](auto index) {
    using Access = typename ColumnAt<kRepoColumns, index>::Access;
    subtract_from(Access::of(*this), Access::of(part));
  });
}

std::uint64_t RepoRollup::latency_mean_us() const {
  if (latency_count == 0) return 0;
  return static_cast<std::uint64_t>((latency_sum_us + latency_count / 2) / latency_count);
}

void encode_repo(const RepoRollup& repo, std::string& out) {
  out.push_back(static_cast<char>(ValueKind::kRepo));
  for_each_column<kRepoColumns>([&](auto index) {
    using Access = typename ColumnAt<kRepoColumns, index>::Access;
    put_value<std::get<index>(kRepoColumns).row>(Access::of(repo), out);
  });
}

bool merge_encoded_repo(std::string_view bytes, RepoRollup& repo) {
  ByteReader in(bytes);
  if (in.byte() != static_cast<std::uint8_t>(ValueKind::kRepo)) return false;
  RepoRollup read;
  for_each_column<kRepoColumns>([&](auto index) {
    using OneColumn = ColumnAt<kRepoColumns, index>;
    OneColumn::Access::of(read) = take_value<OneColumn, std::get<index>(kRepoColumns).row>(in);
  });
  if (!in.done()) return false;
  repo.merge(read);
  return true;
}

}  // namespace minuted
