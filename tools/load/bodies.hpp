// Request bodies, made before the clock starts so that making them is no part of what is measured:
// the next stop of a load's journey after the workload. Bounded by memory. Plain values; one
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "load/workload.hpp"
#include "minuted/result.hpp"

namespace minuted::load {

enum class BodyForm : std::uint8_t { kNdjson, kJson };
enum class BodyCoding : std::uint8_t { kIdentity, kGzip, kZstd };

inline constexpr std::uint64_t kBatchEventsMax = 1'000'000;

struct BodyOptions {
  std::uint64_t batch_events = 1000;  // 1 … kBatchEventsMax
  BodyForm form = BodyForm::kNdjson;
  BodyCoding coding = BodyCoding::kIdentity;
  // Of all bodies that are held; the last one may go past it.
  std::size_t prepared_bytes_max = 1536U << 20;
};

// Where a timestamp's digits begin in a body's text, and how much earlier than now it is to say.
struct StampPlace {
  std::uint32_t at;
  std::uint32_t early_ms;
};

struct Body {
  std::string text;  // as sent
  std::size_t plain_bytes = 0;
  EventSums sums;
  std::vector<StampPlace> stamps;  // of a live workload only
};

struct BodyCounts {
  std::uint64_t least;   // fewer make no load: each connection needs one of its own
  std::uint64_t wanted;  // more are not made
};

// Up to `wanted` bodies of the workload's events in their order, fewer if memory ends before.
// kInvalidArgument if it ends before there are `least`, or if a live workload is to be compressed.
Result<std::vector<Body>> make_bodies(const WorkloadOptions& workload, const BodyOptions& options,
                                      BodyCounts counts);

}  // namespace minuted::load
