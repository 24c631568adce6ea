#include "load/bodies.hpp"

#include <utility>

#include "load/compress.hpp"

namespace minuted::load {
namespace {

// What an event's text takes at most times, so that a body grows once.
constexpr std::size_t kEventBytesExpected = 204;

Body plain_body(Workload& events, const WorkloadOptions& workload, const BodyOptions& options) {
  Body body;
  body.text.reserve(options.batch_events * kEventBytesExpected + kEventBytesExpected * 4);
  const bool array = options.form == BodyForm::kJson;
  if (array) body.text += '[';
  for (std::uint64_t i = 0; i < options.batch_events; ++i) {
    if (array && i != 0) body.text += ',';
    const auto begin = static_cast<std::uint32_t>(body.text.size());
    const std::int64_t early_ms = events.append_event(body.text, body.sums);
    if (workload.live) {
      body.stamps.push_back(
          {begin + static_cast<std::uint32_t>(kTimestampAt), static_cast<std::uint32_t>(early_ms)});
    }
    if (!array) body.text += '\n';
  }
  if (array) body.text += ']';
  body.plain_bytes = body.text.size();
  return body;
}

std::size_t memory_of(const Body& body) {
  return sizeof(Body) + body.text.capacity() + body.stamps.capacity() * sizeof(StampPlace);
}

}  // namespace

Result<std::vector<Body>> make_bodies(const WorkloadOptions& workload, const BodyOptions& options,
                                      BodyCounts counts) {
  if (workload.live && options.coding != BodyCoding::kIdentity) {
    return Error{ErrorCode::kInvalidArgument,
                 "a live workload writes its timestamps just before it sends, which a compressed "
                 "body does not allow; leave out the compression or the live timestamps"};
  }
  Workload events(workload);
  std::vector<Body> bodies;
  std::size_t bytes = 0;
  while (bodies.size() < counts.wanted && bytes < options.prepared_bytes_max) {
    Body body = plain_body(events, workload, options);
    if (options.coding != BodyCoding::kIdentity) {
      auto compressed = compress(options.coding, body.text);
      if (!compressed) return compressed.error();
      body.text = std::move(*compressed);
    }
    bytes += memory_of(body);
    bodies.push_back(std::move(body));
  }
  if (bodies.size() < counts.least) {
    return Error{ErrorCode::kInvalidArgument,
                 std::to_string(counts.least) + " connections need a body each, and " +
                     std::to_string(options.prepared_bytes_max) + " bytes have room for " +
                     std::to_string(bodies.size()) + " of " + std::to_string(options.batch_events) +
                     " events; allow more bytes or ask for fewer connections or smaller batches"};
  }
  return bodies;
}

}  // namespace minuted::load
