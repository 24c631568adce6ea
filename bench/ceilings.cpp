// The ceilings of one batch size, put together and printed: see ceilings.hpp.
#include "ceilings.hpp"

#include <array>
#include <cstdio>

#include "daemon_load.hpp"

namespace minuted::bench {
namespace {

// Bodies at hand: more than the caches hold, as a daemon's sockets bring them.
constexpr std::size_t kBodiesBytesMax = 48U << 20;
constexpr std::uint64_t kBodiesMax = 2'000;
constexpr double kMillisPerSecond = 1e3;
constexpr std::size_t kRemarkBytes = 64;

}  // namespace

Result<Ceilings> measure_ceilings(std::uint64_t batch_events, const DiskCeilings& disk) {
  load::BodyOptions options;
  options.batch_events = batch_events;
  options.prepared_bytes_max = kBodiesBytesMax;
  const auto bodies = load::make_bodies({}, options, {1, kBodiesMax});
  if (!bodies) return bodies.error();
  const auto extraction = measure_extraction(*bodies);
  if (!extraction) return extraction.error();
  const auto loopback = loopback_events_per_second(*bodies);
  if (!loopback) return loopback.error();

  Ceilings ceilings;
  ceilings.batch_events = batch_events;
  ceilings.keys_per_event = extraction->keys_per_event;
  ceilings.extract = extraction->extract;
  ceilings.group = extraction->group;
  ceilings.loopback = *loopback;
  ceilings.sync = ratio_of(static_cast<double>(batch_events) * kMillisPerSecond, disk.sync_p50_ms);
  ceilings.keys = ratio_of(kMillion, disk.us_per_key * ceilings.keys_per_event);
  return ceilings;
}

void print_ceilings(const Ceilings& ceilings, const DiskCeilings& disk, Table& table) {
  const auto print = [&](const char* name, double events_per_second, const std::string& remark) {
    table.print({{"name", "ceiling", -9, name},
                 {"batch", "batch", 7, std::to_string(ceilings.batch_events)}},
                {{"events_per_second", "events/s", 12, 0, events_per_second}}, remark);
  };
  const auto remark = [](const char* name, double value) {
    std::array<char, kRemarkBytes> text{};
    std::snprintf(text.data(), text.size(), "%s=%.3f", name, value);
    return std::string(text.data());
  };
  print("extract", ceilings.extract, {});
  print("group", ceilings.group, remark("keys_per_event", ceilings.keys_per_event));
  print("loopback", ceilings.loopback, {});
  print("sync", ceilings.sync, remark("sync_p50_ms", disk.sync_p50_ms));
  print("keys", ceilings.keys, remark("us_per_key", disk.us_per_key));
}

}  // namespace minuted::bench
