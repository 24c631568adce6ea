#include "fill/fleet.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <string_view>

namespace minuted::fill {
namespace {

constexpr std::uint64_t kEventsPerBatch = 8'000;  // about

// Of uniform events.
constexpr unsigned kBytesBits = 48;
constexpr unsigned kLatencyBits = 24;

// Of realistic ones: an upload is mostly a part of some size that its client always uses.
constexpr std::array<std::uint64_t, 6> kUsualBytes{4'096,     65'536,    262'144,
                                                   1'048'576, 5'242'880, 8'388'608};
constexpr std::uint64_t kOddBytesMin = 512;
constexpr double kTailExponent = 1.2;  // of Pareto's distribution
constexpr double kTailMax = 1e6;       // times the least
constexpr double kNightShare = 0.25;   // of the day's rows

struct Mix {
  std::uint64_t below;  // of 100: how often, cumulated
  OpClass op;
};
constexpr std::array<Mix, 5> kMix{{{60, OpClass::kGet},
                                   {93, OpClass::kPut},
                                   {96, OpClass::kHead},
                                   {98, OpClass::kDelete},
                                   {100, OpClass::kList}}};

std::uint64_t ceil_divided(std::uint64_t over, std::uint64_t under) {
  return (over + under - 1) / under;
}

std::string named(const char* format, unsigned first, unsigned second = 0) {
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), format, first, second);
  return {text.data(), static_cast<std::size_t>(size)};
}

// From kNightShare at 3 o'clock UTC to 1 at 15.
double daylight(Minute minute) {
  constexpr double kNight = 3 * kMinutesPerHour;
  const double turn = (minute.value % kMinutesPerDay - kNight) / kMinutesPerDay;
  const double wave = (1 - std::cos(turn * 2 * std::numbers::pi)) / 2;
  return kNightShare + (1 - kNightShare) * wave;
}

}  // namespace

// splitmix64: cheap to seed, which each batch does. https://prng.di.unimi.it/splitmix64.c
class Fleet::Random {
 public:
  Random(std::uint64_t seed, std::uint64_t stream) : state_(seed) { state_ = next() ^ stream; }
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  std::uint64_t bits(unsigned count) { return next() >> (64 - count); }
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }  // [0, 1)

 private:
  std::uint64_t state_;
};

Fleet::Fleet(const FleetOptions& options) : options_(options) {
  const std::uint32_t minutes = options.range.end.value - options.range.begin.value;
  rounds_ = ceil_divided(minutes, kMinutesPerDay);
  const std::uint64_t events_a_minute = std::uint64_t{options.hosts} * options.events_max;
  piece_minutes_ = static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(kEventsPerBatch / events_a_minute, 1, kMinutesPerDay));
  pieces_ = ceil_divided(kMinutesPerDay, piece_minutes_);
  dense_batches_ = std::uint64_t{options.repos} * options.buckets_per_repo * pieces_;
  sparse_series_a_batch_ = static_cast<std::uint32_t>(std::max<std::uint64_t>(
      kEventsPerBatch / (std::uint64_t{options.sparse_rows} * options.events_max), 1));
  batches_per_round_ = dense_batches_ + ceil_divided(options.sparse_series, sparse_series_a_batch_);
}

std::string Fleet::repo(std::uint32_t number) { return named("repo-%04u", number); }
std::string Fleet::bucket(std::uint32_t number) { return named("bucket-%u", number); }
std::string Fleet::host(std::uint32_t number) {
  return named("node-%02u.rack%u", number, number % 4);
}

MinuteRange Fleet::round_range(std::uint64_t round) const {
  const auto begin =
      static_cast<std::uint32_t>(options_.range.begin.value + round * kMinutesPerDay);
  return {{begin}, {std::min(begin + kMinutesPerDay, options_.range.end.value)}};
}

std::uint64_t Fleet::make(std::uint64_t number, EventBatch& batch) const {
  Random random(options_.seed, number);
  const std::uint64_t place = number % batches_per_round_;
  const MinuteRange round = round_range(number / batches_per_round_);
  const std::uint64_t rows = place < dense_batches_
                                 ? make_dense(place, round, random, batch)
                                 : make_sparse(place - dense_batches_, round, random, batch);
  batch.group();
  return rows;
}

// Of one bucket, the buckets in order of their keys.
std::uint64_t Fleet::make_dense(std::uint64_t place, MinuteRange round, Random& random,
                                EventBatch& batch) const {
  const auto pair = static_cast<std::uint32_t>(place / pieces_);
  const auto piece = static_cast<std::uint32_t>(place % pieces_);
  const std::string repo_id = repo(pair / options_.buckets_per_repo);
  const std::string bucket_id = bucket(pair % options_.buckets_per_repo);
  std::vector<std::string> hosts;
  for (std::uint32_t h = 0; h < options_.hosts; ++h) hosts.push_back(host(h));

  EventView event;
  event.repo = repo_id;
  event.bucket = bucket_id;
  std::uint64_t rows = 0;
  const std::uint32_t begin = round.begin.value + piece * piece_minutes_;
  const std::uint32_t end = std::min(begin + piece_minutes_, round.end.value);
  for (std::uint32_t m = begin; m < end; ++m) {
    const double share = options_.density * (options_.uniform ? 1 : daylight({m}));
    for (const std::string& one : hosts) {
      if (share < 1 && random.unit() >= share) continue;
      event.host = one;
      add_row(event, {m}, pair, random, batch);
      ++rows;
    }
  }
  return rows;
}

// A row of each series in each of so many parts of the round.
std::uint64_t Fleet::make_sparse(std::uint64_t place, MinuteRange round, Random& random,
                                 EventBatch& batch) const {
  const std::uint64_t minutes = round.end.value - round.begin.value;
  const std::uint64_t rows_each = ceil_divided(options_.sparse_rows * minutes, kMinutesPerDay);
  const auto first = static_cast<std::uint32_t>(place * sparse_series_a_batch_);
  const std::uint32_t last = std::min(first + sparse_series_a_batch_, options_.sparse_series);
  EventView event;
  for (std::uint32_t series = first; series < last; ++series) {
    const std::string repo_id = repo(series % options_.repos);
    const std::string bucket_id = named("sparse-%07u", series);
    const std::string host_id = host(series / options_.repos % options_.hosts);
    event.repo = repo_id;
    event.bucket = bucket_id;
    event.host = host_id;
    for (std::uint64_t row = 0; row < rows_each; ++row) {
      const std::uint64_t begin = row * minutes / rows_each;
      const std::uint64_t end = (row + 1) * minutes / rows_each;
      const std::uint64_t at = begin + random.below(end - begin);
      add_row(event, {round.begin.value + static_cast<std::uint32_t>(at)}, series, random, batch);
    }
  }
  return (last - first) * rows_each;
}

// `kind`: what tells one client's habits from another's.
void Fleet::add_row(EventView& event, Minute minute, std::uint64_t kind, Random& random,
                    EventBatch& batch) const {
  const std::uint64_t events =
      options_.events_min + random.below(options_.events_max - options_.events_min + 1);
  for (std::uint64_t i = 0; i < events; ++i) {
    const auto ms = static_cast<std::int64_t>(random.below(kMillisPerMinute));
    event.timestamp = Millis{start_of(minute).value + ms};
    if (options_.uniform) {
      event.op = static_cast<OpClass>(random.below(kOpClasses));
      constexpr std::array<std::uint16_t, 3> kStatuses{200, 404, 503};
      event.status = kStatuses[random.below(kStatuses.size())];
      event.upl_bytes = random.bits(kBytesBits);
      event.dwl_bytes = random.bits(kBytesBits);
      event.size_change = static_cast<std::int64_t>(random.bits(kBytesBits)) -
                          (std::int64_t{1} << (kBytesBits - 1));
      event.latency_us = random.bits(kLatencyBits);
    } else {
      const std::uint64_t draw = random.below(100);
      event.op =
          std::find_if(kMix.begin(), kMix.end(), [&](const Mix& m) { return draw < m.below; })->op;
      const std::uint64_t fault = random.below(500);
      event.status = fault < 10 ? 404 : fault == 10 ? 503 : 200;
      const double tail = std::min(std::pow(1 - random.unit(), -1 / kTailExponent), kTailMax);
      const bool usual = random.below(4) != 0;
      const std::uint64_t bytes =
          usual ? kUsualBytes[(kind + random.below(2)) % kUsualBytes.size()]
                : kOddBytesMin + static_cast<std::uint64_t>(kOddBytesMin * tail);
      event.upl_bytes = event.op == OpClass::kPut ? bytes : 0;
      event.dwl_bytes = event.op == OpClass::kGet ? bytes : 0;
      event.size_change = event.op == OpClass::kPut      ? static_cast<std::int64_t>(bytes)
                          : event.op == OpClass::kDelete ? -static_cast<std::int64_t>(bytes)
                                                         : 0;
      // A floor by host and bucket, what the bytes take, and now and then a long wait.
      event.latency_us = 400 + kind % 7 * 100 + bytes / 400 +
                         static_cast<std::uint64_t>(150 * std::min(tail, 1e4));
    }
    batch.add(event);
  }
}

}  // namespace minuted::fill
