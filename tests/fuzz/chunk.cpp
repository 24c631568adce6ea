// A raw value that is accepted has events that obey the rules, and is counted alike with and without a look
// into it; the events of a chunk are the same once they were encoded again.
#include "chunk/chunk_codec.hpp"

#include <string>
#include <vector>

#include "fuzz/fuzz.hpp"

namespace {

using namespace minuted;

void require_rules(const std::vector<ChunkEvent>& events) {
  for (const ChunkEvent& e : events) {
    MINUTED_REQUIRE(!e.host.empty() && e.host.size() <= kIdBytesMax);
    MINUTED_REQUIRE(e.id.size() <= kEventIdBytesMax);
    MINUTED_REQUIRE(e.ms_in_minute < kMillisPerMinute && e.status <= kStatusMax);
    MINUTED_REQUIRE(static_cast<std::size_t>(e.op) < kOpClasses);
    MINUTED_REQUIRE(e.upl_bytes <= kBytesMax && e.dwl_bytes <= kBytesMax);
    MINUTED_REQUIRE(e.latency_us >= -1 && e.latency_us <= static_cast<std::int64_t>(kLatencyUsMax));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::string_view bytes = input.rest();

  std::vector<ChunkEvent> all;
  if (const auto chunks = decode_chunks(bytes, all)) {
    require_rules(all);
    MINUTED_REQUIRE(count_chunks(bytes) == chunks);
  }

  ChunkHeader header;
  std::vector<ChunkEvent> events;
  if (!decode_chunk(bytes, header, events)) return 0;
  MINUTED_REQUIRE(!events.empty());
  require_rules(events);
  const Minute minute{28'000'000};
  EventBatch batch;
  for (const ChunkEvent& e : events) batch.add(e.view("repo", "bucket", minute));
  if (batch.fault()) return 0;  // damaged bytes may name a host that is no id
  batch.group();
  MINUTED_REQUIRE(batch.groups().size() == 1);
  const ChunkSource source{&batch, batch.groups()[0].rows};
  std::string encoded;
  ChunkEncoder().encode(header, {&source, 1}, encoded);
  ChunkHeader header_again;
  std::vector<ChunkEvent> again;
  MINUTED_REQUIRE(decode_chunk(encoded, header_again, again));
  MINUTED_REQUIRE(header_again == header && again.size() == events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    again[i].host_number = events[i].host_number;  // hosts are numbered by first use
    MINUTED_REQUIRE(again[i] == events[i]);
  }
  return 0;
}
