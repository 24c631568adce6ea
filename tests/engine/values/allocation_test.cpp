// What the values ask of the heap, where a promise says how much.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "chunk/chunk_codec.hpp"
#include "codec/bytes.hpp"
#include "minuted/event_batch.hpp"
#include "rollup/rollup_codec.hpp"
#include "support/allocations.hpp"
#include "support/random.hpp"

namespace minuted {
namespace {

std::vector<test::Event> random_events(std::size_t count) {
  test::Random random;
  const test::Names names = random.names(5, 5, 16);
  std::vector<test::Event> events;
  for (std::size_t i = 0; i < count; ++i) {
    events.push_back(random.event(names, Millis{1'700'000'000'000}, 300'000));
  }
  return events;
}

// The counter itself: a test that counts nothing proves nothing.
TEST(AllocationTest, CountsWhatIsAskedFor) {
  const test::Allocations none = test::allocations_of([] {});
  EXPECT_EQ(none.calls, 0U);
  std::vector<char> kept;
  const test::Allocations some = test::allocations_of([&] { kept.reserve(12'345); });
  EXPECT_EQ(some.calls, 1U);
  EXPECT_EQ(some.bytes, 12'345U);
}

// Promise: once its buffers have grown, a batch takes events without asking the heap for anything,
// and grouping asks a fixed number of times, however many events there are.
TEST(AllocationTest, WarmBatchesAddWithoutAllocating) {
  const std::vector<test::Event> events = random_events(5000);
  EventBatch batch;
  const auto fill = [&] {
    for (const test::Event& e : events) batch.add(e.view());
  };
  for (int warm_up = 0; warm_up < 3; ++warm_up) {
    fill();
    batch.group();
    batch.clear();
  }
  EXPECT_EQ(test::allocations_of(fill).calls, 0U);
  EXPECT_LE(test::allocations_of([&] { batch.group(); }).calls, 3U);
  EXPECT_EQ(test::allocations_of([&] { batch.group(); }).calls, 0U);
  EXPECT_EQ(test::allocations_of([&] { batch.clear(); }).calls, 0U);
}

// Promise: moving a batch moves its memory.
TEST(AllocationTest, MovingABatchAllocatesNothing) {
  EventBatch batch;
  for (const test::Event& e : random_events(1000)) batch.add(e.view());
  batch.group();
  EventBatch to;
  EXPECT_EQ(test::allocations_of([&] { to = std::move(batch); }).calls, 0U);
  EXPECT_EQ(to.size(), 1000U);
}

// Promise: a warm encoder and output take no memory either.
TEST(AllocationTest, WarmChunkEncodersDoNotAllocate) {
  EventBatch batch;
  for (const test::Event& e : random_events(2000)) batch.add(e.view());
  batch.group();
  ChunkEncoder encoder;
  std::string out;
  const auto encode_all = [&] {
    for (const EventBatch::Group& group : batch.groups()) {
      out.clear();
      const ChunkSource source{&batch, group.rows};
      encoder.encode({1, 2}, {&source, 1}, out);
    }
  };
  encode_all();
  EXPECT_EQ(test::allocations_of(encode_all).calls, 0U);
}

// Promise: a count that the bytes cannot hold is refused before memory is taken for it.
TEST(AllocationTest, WildChunkCountsTakeNoMemory) {
  for (unsigned bit = 5; bit < 64; ++bit) {
    std::string bytes(10, '\0');
    bytes[0] = static_cast<char>(kChunkVersion);
    put_varint(bytes, std::uint64_t{1} << bit);
    bytes += "\x01\x01h\x01\x05";
    bytes.append(8, '\0');
    ChunkHeader header;
    std::vector<ChunkEvent> events;
    bool decoded = true;
    const auto taken = test::allocations_of([&] { decoded = decode_chunk(bytes, header, events); });
    EXPECT_FALSE(decoded);
    EXPECT_EQ(taken.calls, 0U) << bit;
  }
}

// Promise: what damaged bytes take is bounded by their own size, wherever the wild count stands.
TEST(AllocationTest, DamagedValuesTakeMemoryInProportionToTheirSize) {
  test::Random random;
  EventBatch batch;
  for (int i = 0; i < 8; ++i) {
    batch.add(random.event(random.names(1, 1, 2), Millis{0}, 60'000).view());
  }
  batch.group();
  const ChunkSource source{&batch, batch.groups()[0].rows};
  std::string chunk;
  ChunkEncoder().encode({1, 2}, {&source, 1}, chunk);
  HostRollups hosts;
  for (int i = 0; i < 4; ++i) hosts.of(random.id()) = random.rollup();
  std::string value;
  encode_hosts(hosts, value);

  std::string wild;
  put_varint(wild, std::uint64_t{1} << 60);
  for (const std::string& good : {chunk, value}) {
    for (std::size_t at = 1; at < good.size(); ++at) {
      const std::string bytes = good.substr(0, at) + wild + good.substr(at);
      ChunkHeader header;
      std::vector<ChunkEvent> events;
      HostRollups read;
      const auto taken = test::allocations_of([&] {
        (void)decode_chunk(bytes, header, events);
        (void)merge_encoded_hosts(bytes, read);
      });
      ASSERT_LT(taken.bytes, 4096 + 512 * bytes.size()) << at;
    }
  }
}

// Promise: a query walks a value's hosts without asking the heap for anything.
TEST(AllocationTest, TheReaderDoesNotAllocate) {
  test::Random random;
  HostRollups hosts;
  for (int i = 0; i < 50; ++i) hosts.of(random.id()) = random.rollup();
  std::string bytes;
  encode_hosts(hosts, bytes);
  std::size_t read = 0;
  const auto taken = test::allocations_of([&] {
    HostsReader reader(bytes);
    std::string_view host;
    Rollup rollup;
    while (reader.next(host, rollup)) ++read;
  });
  EXPECT_EQ(read, hosts.entries().size());
  EXPECT_EQ(taken.calls, 0U);
}

}  // namespace
}  // namespace minuted
