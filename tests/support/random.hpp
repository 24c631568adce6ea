// Random test data that can be had again: one seed for the process, printed when it is first used
// and taken from MINUTED_TEST_SEED when that is set. Every Random starts from that seed, so a test
// sees the same numbers alone as among others. The values made here obey the rules of event.hpp and
// rollup.hpp but are as awkward as those allow. Each object for one thread at a time.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "minuted/event.hpp"
#include "minuted/rollup.hpp"
#include "minuted/time.hpp"

namespace minuted::test {

inline std::uint64_t read_seed() {
  std::uint64_t seed = 0;
  if (const char* text = std::getenv("MINUTED_TEST_SEED"); text != nullptr && *text != '\0') {
    char* end = nullptr;
    seed = std::strtoull(text, &end, 0);
    if (*end != '\0') {
      std::fprintf(stderr, "MINUTED_TEST_SEED=%s is not a number\n", text);
      std::abort();
    }
  } else {
    std::random_device device;
    seed = std::uint64_t{device()} << 32 | device();
  }
  std::fprintf(stderr, "random data: replay with MINUTED_TEST_SEED=%llu\n",
               static_cast<unsigned long long>(seed));
  return seed;
}

// The process's seed.
inline std::uint64_t test_seed() {
  static const std::uint64_t seed = read_seed();
  return seed;
}

// Appends a code point below 0x110000 as UTF-8, surrogates included: tests of refusal want them.
inline void append_utf8(std::string& out, char32_t c) {
  const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  const auto tail = [&](unsigned shift) { put(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6);
    tail(0);
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    tail(6);
    tail(0);
  } else {
    put(0xF0 | c >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

// An event that owns its texts.
struct Event {
  std::string repo;
  std::string bucket;
  std::string host;
  Millis timestamp;
  OpClass op = OpClass::kOther;
  std::uint16_t status = 0;
  std::uint64_t upl_bytes = 0;
  std::uint64_t dwl_bytes = 0;
  std::int64_t size_change = 0;
  std::optional<std::uint64_t> latency_us;
  std::string id;

  EventView view() const {
    return {repo,      bucket,    host,        timestamp,  op, status,
            upl_bytes, dwl_bytes, size_change, latency_us, id};
  }
  friend bool operator==(const Event&, const Event&) = default;
};

inline Event own(const EventView& v) {
  return {std::string(v.repo),
          std::string(v.bucket),
          std::string(v.host),
          v.timestamp,
          v.op,
          v.status,
          v.upl_bytes,
          v.dwl_bytes,
          v.size_change,
          v.latency_us,
          std::string(v.id)};
}

// The ids that a test's events draw from.
struct Names {
  std::vector<std::string> repos;
  std::vector<std::string> buckets;
  std::vector<std::string> hosts;
};

class Random {
 public:
  // `stream` sets generators of one test apart.
  explicit Random(std::uint64_t stream = 0) : engine_(test_seed() + stream * 0x9E3779B97F4A7C15U) {}

  std::uint64_t bits() { return engine_(); }
  // 0 … n-1; n at least 1.
  std::uint64_t below(std::uint64_t n) { return bits() % n; }
  std::uint64_t between(std::uint64_t first, std::uint64_t last) {
    return first + (last - first == UINT64_MAX ? bits() : below(last - first + 1));
  }
  bool chance(unsigned percent) { return below(100) < percent; }

  // A number of at most `bits_max` bits, every magnitude as likely as another.
  std::uint64_t wide(unsigned bits_max = 64) {
    const std::uint64_t n = below(bits_max + 1U);
    return n == 0 ? 0 : bits() >> (64 - n);
  }
  UInt128 wide128(unsigned bits_max = 128) {
    const std::uint64_t n = below(bits_max + 1U);
    return n == 0 ? 0 : (UInt128{bits()} << 64 | bits()) >> (128 - n);
  }
  // The same of either sign, below 2^bits_max away from zero; bits_max at most 127.
  Int128 wide_signed128(unsigned bits_max = 127) {
    const auto size = static_cast<Int128>(wide128(bits_max));
    return chance(50) ? size : -size;
  }
  std::int64_t wide_signed() {
    return chance(2) ? INT64_MIN : static_cast<std::int64_t>(wide_signed128(63));
  }

  template <class Container>
  const auto& pick(const Container& from) {
    return from[static_cast<std::size_t>(below(std::size(from)))];
  }
  template <class Container>
  void shuffle(Container& items) {
    for (std::size_t n = items.size(); n > 1; --n) {
      std::swap(items[n - 1], items[static_cast<std::size_t>(below(n))]);
    }
  }

  std::string bytes(std::size_t count) {
    std::string out(count, '\0');
    for (char& c : out) c = static_cast<char>(bits());
    return out;
  }

  // A repoId, bucketId or host: mostly plain, often the awkward ends of what check_id() allows.
  std::string id() {
    static constexpr char kPlain[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
    std::string out;
    const std::uint64_t length = chance(10) ? kIdBytesMax : between(1, chance(30) ? 3 : 20);
    const bool plain = chance(50);
    while (out.size() < length) {
      const std::size_t room = length - out.size();
      if (plain || room < 4) {
        out.push_back(kPlain[below(sizeof kPlain - 1)]);
      } else {
        append_utf8(out, code_point());
      }
    }
    return out;
  }

  // An event's id: 1–128 bytes of UTF-8, control characters included.
  std::string event_id() {
    std::string out;
    const std::uint64_t length = chance(5) ? kEventIdBytesMax : between(1, 40);
    while (out.size() < length) {
      const std::size_t room = length - out.size();
      append_utf8(out, room < 4 || chance(80) ? static_cast<char32_t>(below(0x80)) : code_point());
    }
    return out;
  }

  Names names(std::size_t repos, std::size_t buckets, std::size_t hosts) {
    return {distinct_ids(repos), distinct_ids(buckets), distinct_ids(hosts)};
  }

  // A latency anywhere between nothing and the limit.
  std::uint64_t latency_us() {
    return chance(2) ? kLatencyUsMax : std::min(wide(44), kLatencyUsMax);
  }

  // An event of `names` within [begin, begin + span_ms).
  Event event(const Names& names, Millis begin, std::uint64_t span_ms) {
    static constexpr std::array<std::uint16_t, 12> kStatuses{0,   100, 200, 206, 304, 399,
                                                             400, 404, 500, 599, 600, 999};
    Event e;
    e.repo = pick(names.repos);
    e.bucket = pick(names.buckets);
    e.host = pick(names.hosts);
    e.timestamp = Millis{begin.value + static_cast<std::int64_t>(below(span_ms))};
    e.op = static_cast<OpClass>(below(kOpClasses));
    e.status = pick(kStatuses);
    e.upl_bytes = chance(30) ? 0 : wide(63);
    e.dwl_bytes = chance(30) ? 0 : wide(63);
    e.size_change = chance(30) ? 0 : wide_signed();
    if (chance(80)) e.latency_us = latency_us();
    if (chance(20)) e.id = event_id();
    return e;
  }

  // A rollup with any of its fields, its latency's parts agreeing with each other. Counts below
  // 2^counts_bits, sums up to 2^123, so that 16 of them can be merged.
  Rollup rollup(unsigned counts_bits = 56) {
    Rollup r;
    for (std::uint64_t& count : r.ops) count = chance(50) ? wide(counts_bits) : 0;
    if (chance(30)) r.client_errors = wide(counts_bits);
    if (chance(30)) r.server_errors = wide(counts_bits);
    if (chance(60)) r.upl_bytes = wide128(123);
    if (chance(60)) r.dwl_bytes = wide128(123);
    if (chance(60)) r.size_change = wide_signed128(122);
    add_latencies(r, counts_bits);
    return r;
  }

 private:
  char32_t code_point() {
    static constexpr std::array<char32_t, 26> kAwkward{
        ' ',    '~',    '"',    '\\',   '/',     '%',     '*',     '{',     0xA0,
        0xE9,   0x301,  0x7FF,  0x800,  0x2028,  0x202E,  0x20AC,  0xD7FF,  0xE000,
        0xFEFF, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000, 0x1F600, 0xFFFFF, 0x10FFFF};
    return pick(kAwkward);
  }

  std::vector<std::string> distinct_ids(std::size_t count) {
    std::vector<std::string> out;
    while (out.size() < count) {
      // Now and then an id that another one begins with: orders and lookups get those wrong.
      std::string next = id();
      if (!out.empty() && chance(30) && pick(out).size() < kIdBytesMax) {
        next = pick(out) + next.substr(0, 1);
        if (next.size() > kIdBytesMax || is_cut(next)) continue;
      }
      if (std::find(out.begin(), out.end(), next) == out.end()) out.push_back(std::move(next));
    }
    return out;
  }

  static bool is_cut(std::string_view text) {
    return static_cast<unsigned char>(text.back()) >= 0x80;
  }

  void add_latencies(Rollup& r, unsigned counts_bits) {
    const std::uint64_t shape = below(4);
    if (shape < 3) {
      for (std::uint64_t i = 0; i < shape; ++i) {
        Rollup one;
        EventView event;
        event.latency_us = latency_us();
        one.add(event);
        one.ops = {};
        r.merge(one);
      }
      return;
    }
    const std::uint64_t buckets = between(1, 40);
    for (std::uint64_t i = 0; i < buckets; ++i) {
      r.sketch.add(latency_us(), 3 + wide(counts_bits - 6));
    }
    const auto within = [&](std::uint16_t index) {
      const auto bounds = LatencySketch::bucket_bounds(index);
      return between(bounds.first_us, std::min(bounds.last_us, kLatencyUsMax));
    };
    r.latency_count = r.sketch.count();
    r.latency_sum_us = wide128(123);
    const std::uint64_t low = within(r.sketch.buckets().front().index);
    const std::uint64_t high = within(r.sketch.buckets().back().index);
    r.latency_min_us = std::min(low, high);
    r.latency_max_us = std::max(low, high);
  }

  std::mt19937_64 engine_;
};

}  // namespace minuted::test
