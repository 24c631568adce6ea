// Chunks: what was committed comes out, and the bytes of version 1 stay what they are. Damaged
// bytes are in chunk_codec_damage_test.cpp.
#include "chunk/chunk_codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "support/hex.hpp"
#include "support/printers.hpp"
#include "support/random.hpp"

namespace minuted {
namespace {

using test::Event;

struct Decoded {
  ChunkHeader header;
  std::vector<Event> events;
  std::vector<std::uint32_t> host_numbers;
};

// The events as they were, with `repo`, `bucket` and `minute` from the key.
void decode(std::string_view bytes, const Event& key, Decoded& out) {
  std::vector<ChunkEvent> events;
  ASSERT_TRUE(decode_chunk(bytes, out.header, events)) << test::to_hex(bytes);
  for (const ChunkEvent& e : events) {
    out.events.push_back(test::own(e.view(key.repo, key.bucket, minute_of(key.timestamp))));
    out.host_numbers.push_back(e.host_number);
  }
}

// One group's events through a batch, a chunk and back.
void expect_round_trip(const std::vector<Event>& events, ChunkEncoder& encoder) {
  EventBatch batch;
  for (const Event& e : events) batch.add(e.view());
  batch.group();
  ASSERT_EQ(batch.groups().size(), 1U);
  const ChunkSource source{&batch, batch.groups()[0].rows};
  std::string bytes;
  encoder.encode({7, 8}, {&source, 1}, bytes);
  Decoded got;
  decode(bytes, events[0], got);
  ASSERT_EQ(got.header, (ChunkHeader{7, 8}));
  ASSERT_TRUE(got.events == events);
}

Event event(std::string host, std::int64_t ms) {
  Event e;
  e.repo = "r";
  e.bucket = "b";
  e.host = std::move(host);
  e.timestamp = Millis{ms};
  return e;
}

std::vector<Event> random_group(test::Random& random, std::uint64_t count) {
  const test::Names names = random.names(1, 1, random.between(1, 20));
  std::vector<Event> events;
  for (std::uint64_t i = 0; i < count; ++i) {
    events.push_back(random.event(names, Millis{1'700'000'040'000}, 60'000));
  }
  return events;
}

std::string encoded(const std::vector<Event>& events, const ChunkHeader& header) {
  EventBatch batch;
  for (const Event& e : events) batch.add(e.view());
  batch.group();
  const ChunkSource source{&batch, batch.groups()[0].rows};
  std::string bytes;
  ChunkEncoder().encode(header, {&source, 1}, bytes);
  return bytes;
}

// Promise: the bytes of version 1. A change of any of these misreads raw events that were promised
// to be kept: it needs a new kChunkVersion, and these lines stay for as long as version 1 is read.
// clang-format off
TEST(ChunkCodecTest, SmallestBytesAreFrozen) {
  EXPECT_EQ(test::to_hex(encoded({event("h", 60'000)}, {1, 2})),
            "01" "0100000000000000" "02"  // version, epoch, sequence
            "01"                          // one event
            "01" "0168"                   // one host, "h"
            "01" "05" "00"                // one code: OTHER without a status
            "00"                          // 0 ms into the minute
            "00" "00" "00" "00" "00");    // all columns empty
}
// clang-format on

// clang-format off
TEST(ChunkCodecTest, BytesAreFrozen) {
  Event a = event("h1", 60'000 + 500);
  a.op = OpClass::kPut;
  a.status = 200;
  a.upl_bytes = 300;
  a.size_change = 300;
  a.latency_us = 1500;
  Event b = event("h2", 60'000 + 400);
  b.op = OpClass::kGet;
  b.status = 404;
  b.dwl_bytes = 1;
  b.id = "id";
  Event c = a;
  c.timestamp = Millis{119'999};
  c.latency_us = 0;
  EXPECT_EQ(test::to_hex(encoded({a, b, c}, {0x0102030405060708U, 300})),
            "01" "0807060504030201" "ac02" "03"
            "02" "026831" "026832" "000100"        // hosts, host of
            "02" "01c801" "009403" "000100"        // codes PUT 200 and GET 404, code of
            "f403" "c701" "9ea307"                 // 500, -100, +59,599
            "01" "ac02" "00" "ac02"                // upl_bytes 300, 0, 300
            "01" "00" "01" "00"                    // dwl_bytes 0, 1, 0
            "02"                                   // size_change: as upl_bytes
            "02" "dd0b" "00" "01"                  // latencies 1500, none, 0
            "01" "00" "026964" "00");              // ids: none, "id", none
  // The columns' other forms: every latency present, size changes of their own.
  b.latency_us = 7;
  b.size_change = -1;
  EXPECT_EQ(test::to_hex(encoded({a, b, c}, {0x0102030405060708U, 300})),
            "01" "0807060504030201" "ac02" "03"
            "02" "026831" "026832" "000100" "02" "01c801" "009403" "000100"
            "f403" "c701" "9ea307"
            "01" "ac02" "00" "ac02" "01" "00" "01" "00"
            "01" "d804" "01" "d804"                // size changes 300, -1, 300
            "01" "dc0b" "07" "00"                  // latencies 1500, 7, 0
            "01" "00" "026964" "00");
}
// clang-format on

// Promise: events of any shape come back, in order.
TEST(ChunkCodecTest, RandomGroupsRoundTrip) {
  test::Random random;
  ChunkEncoder encoder;  // one for all: what it keeps between chunks must not show
  for (int round = 0; round < 1000; ++round) {
    expect_round_trip(random_group(random, random.between(1, 60)), encoder);
    if (HasFatalFailure()) return;
  }
  expect_round_trip(random_group(random, 5000), encoder);
}

// Promise: columns that hold one value, or none, or a mixture, come back whatever the form.
TEST(ChunkCodecTest, UniformColumnsRoundTrip) {
  test::Random random;
  ChunkEncoder encoder;
  for (unsigned mask = 0; mask < 256; ++mask) {
    std::vector<Event> events = random_group(random, 20);
    for (std::size_t i = 0; i < events.size(); ++i) {
      Event& e = events[i];
      if (mask & 1) e.host = events[0].host;
      if (mask & 2) e.op = OpClass::kGet, e.status = 200;
      if (mask & 4) e.upl_bytes = e.dwl_bytes = 0;
      if (mask & 8) e.size_change = static_cast<std::int64_t>(e.upl_bytes);
      if (mask & 16) e.latency_us.reset();
      if (mask & 32) e.latency_us = i * 1000;
      if (mask & 64) e.id.clear();
      if (mask & 128) e.timestamp = events[0].timestamp;
    }
    expect_round_trip(events, encoder);
    if (HasFatalFailure()) return;
  }
}

// Promise: the ends of every field come back.
TEST(ChunkCodecTest, ExtremesRoundTrip) {
  ChunkEncoder encoder;
  Event low = event(std::string(kIdBytesMax, 'h'), 0);
  low.status = 0;
  low.size_change = INT64_MIN;
  Event high = event("g", 59'999);
  high.status = kStatusMax;
  high.upl_bytes = high.dwl_bytes = kBytesMax;
  high.size_change = INT64_MAX;
  high.latency_us = kLatencyUsMax;
  high.id = std::string(kEventIdBytesMax, '\0');
  for (const auto& events : std::vector<std::vector<Event>>{
           {low}, {high}, {low, high}, {high, low}, {high, high}, {low, high, low, high}}) {
    expect_round_trip(events, encoder);
  }
  const std::string bytes = encoded({high}, {UINT64_MAX, UINT64_MAX});
  Decoded got;
  decode(bytes, high, got);
  EXPECT_EQ(got.header, (ChunkHeader{UINT64_MAX, UINT64_MAX}));
}

// Promise: every (op, status) there can be is a code of its own.
TEST(ChunkCodecTest, EveryCodeRoundTrips) {
  ChunkEncoder encoder;
  for (int round = 0; round < 2; ++round) {
    std::vector<Event> events;
    for (std::uint16_t status = 0; status <= kStatusMax; ++status) {
        for (std::size_t op = 0; op < kOpClasses; ++op) {
        events.push_back(event("h", 0));
        events.back().status = status;
        events.back().op = static_cast<OpClass>(op);
      }
    }
    expect_round_trip(events, encoder);
  }
}

// Promise: one chunk takes the events of one (repo, bucket, minute) from several batches, which
// number their hosts differently, in the order of the sources; hosts are numbered by first use.
TEST(ChunkCodecTest, SeveralBatchesBecomeOneChunk) {
  test::Random random;
  ChunkEncoder encoder;
  for (int round = 0; round < 50; ++round) {
    const test::Names names = random.names(2, 2, 8);
    std::vector<EventBatch> batches(random.between(1, 5));
    std::map<std::pair<std::string, std::uint32_t>, std::vector<Event>> model;
    std::map<std::pair<std::string, std::uint32_t>, std::vector<ChunkSource>> sources;
    for (EventBatch& batch : batches) {
      const std::uint64_t n = random.between(1, 100);
      for (std::uint64_t i = 0; i < n; ++i) {
        const Event e = random.event(names, Millis{1'700'000'040'000}, 180'000);
        batch.add(e.view());
        model[{e.repo + '\0' + e.bucket + '\0', minute_of(e.timestamp).value}].push_back(e);
      }
      batch.group();
      for (const EventBatch::Group& g : batch.groups()) {
        // In two parts now and then: a source is any run of a group's rows.
        const std::size_t cut = random.chance(30) ? random.below(g.rows.size()) : 0;
        auto& of_group = sources[{std::string(g.prefix), g.minute.value}];
        if (cut > 0) of_group.push_back({&batch, g.rows.first(cut)});
        of_group.push_back({&batch, g.rows.subspan(cut)});
      }
    }
    ASSERT_EQ(sources.size(), model.size());
    for (const auto& [key, events] : model) {
      std::string bytes = "x";
      encoder.encode({1, 2}, sources[key], bytes);
      Decoded got;
      decode(std::string_view(bytes).substr(1), events[0], got);
      ASSERT_TRUE(got.events == events);
      std::vector<std::string> hosts;
      for (std::size_t i = 0; i < events.size(); ++i) {
        const auto at = std::find(hosts.begin(), hosts.end(), events[i].host);
        ASSERT_EQ(got.host_numbers[i], static_cast<std::uint32_t>(at - hosts.begin()));
        if (at == hosts.end()) hosts.push_back(events[i].host);
      }
    }
  }
}

// Promise: the same events make the same bytes, whatever the encoder did before.
TEST(ChunkCodecTest, EncodersLeaveNoTrace) {
  test::Random random;
  ChunkEncoder used;
  for (int round = 0; round < 200; ++round) {
    EventBatch batch;
    for (const Event& e : random_group(random, random.between(1, 30))) batch.add(e.view());
    batch.group();
    const ChunkSource source{&batch, batch.groups()[0].rows};
    std::string fresh_bytes;
    std::string used_bytes;
    ChunkEncoder().encode({3, 4}, {&source, 1}, fresh_bytes);
    used.encode({3, 4}, {&source, 1}, used_bytes);
    ASSERT_EQ(used_bytes, fresh_bytes);
  }
}

// Promise: a decoder's vector is replaced, not added to.
TEST(ChunkCodecTest, DecodingReplaces) {
  const std::string bytes = encoded({event("h", 0), event("h", 1)}, {1, 1});
  ChunkHeader header;
  std::vector<ChunkEvent> events(17);
  events[0].latency_us = 99;
  ASSERT_TRUE(decode_chunk(bytes, header, events));
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].latency_us, -1);
}

// Promise: about ten bytes an event, of which the random sizes and latencies are the most.
TEST(ChunkCodecTest, RealisticEventsAreSmall) {
  test::Random random;
  std::vector<Event> events;
  for (int i = 0; i < 1000; ++i) {
    Event e = event("storage-node-" + std::to_string(random.below(16)), i * 60);
    const std::uint64_t kind = random.below(100);
    e.op = kind < 70 ? OpClass::kGet : kind < 90 ? OpClass::kPut : OpClass::kHead;
    e.status = random.chance(97) ? 200 : random.chance(80) ? 404 : 503;
    // Objects of a few KB to a few MB, latencies of 0.5 to 500 ms.
    const std::uint64_t size = random.between(1'000, 1'000 << random.below(12));
    if (e.op == OpClass::kGet) e.dwl_bytes = size;
    if (e.op == OpClass::kPut) e.upl_bytes = size;
    e.size_change = static_cast<std::int64_t>(e.upl_bytes);
    e.latency_us = random.between(500, std::uint64_t{500} << random.below(11));
    events.push_back(e);
  }
  const double bytes = static_cast<double>(encoded(events, {random.bits(), 1'000'000}).size());
  std::printf("a chunk of 1,000 realistic events: %.2f bytes an event\n", bytes / 1000);
  EXPECT_LT(bytes / 1000, 12);
}

}  // namespace
}  // namespace minuted
