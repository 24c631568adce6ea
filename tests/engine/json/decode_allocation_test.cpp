// What decoding asks of the heap: nothing for the events it accepts.
#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "decoding.hpp"
#include "event_writer.hpp"
#include "support/allocations.hpp"

namespace minuted::json {
namespace {

std::string padded(const std::string& body) { return body + std::string(kBodyPadding, '"'); }

// A usual, an escaped and an unusually written event, `rounds` times.
std::string body_of(int rounds, BodyForm form) {
  const char* const between = form == BodyForm::kNdjson ? "\n" : ",";
  std::string body = form == BodyForm::kNdjson ? "" : "[";
  for (int i = 0; i < rounds; ++i) {
    body +=
        R"({"repoId":"repo-1","bucketId":"bucket","host":"node","timestamp":1700000000000,)"
        R"("op":"GET","upl_bytes":1,"dwl_bytes":2,"size_change":-3,"latency_ms":12.345,)"
        R"("status":200,"id":"event-1"})" +
        std::string(between) +
        R"({ "host" : "n\u006fde\u00e9 with a name too long to be kept in place", "x": [1, "\n"],)"
        R"( "repo\u0049d": "caf\u00e9", "unitId": "b\\", "op": "Rest.\u0047et", "timestamp":)"
        R"( "2023-11-14T22:13:20Z", "id": "\ud83d\ude00", "latency_ms": 1.23456789012e2 })" +
        std::string(between) +
        R"({"repoId":"é","bucketId":"b","host":"h","timestamp":1.7e12,"upl_bytes":1000000.0})" +
        std::string(i + 1 < rounds ? between : "");
  }
  return form == BodyForm::kNdjson ? body : body + "]";
}

TEST(DecodeAllocationTest, WarmDecodersAllocateNothingForAcceptedEvents) {
  for (const BodyForm form : {BodyForm::kNdjson, BodyForm::kJson}) {
    const std::string body = body_of(2000, form);
    const std::string block = padded(body);
    EventDecoder decoder;
    EventBatch batch;
    std::uint64_t accepted = 0;
    const auto work = [&] {
      batch.clear();
      const auto outcome = decoder.decode({block.data(), body.size()}, form, context_at(), batch);
      accepted = std::get<Decoded>(outcome).accepted;
    };
    work();
    work();
    EXPECT_EQ(test::allocations_of(work).calls, 0U);
    EXPECT_EQ(accepted, 6000U);
  }
}

// Promise: rejected events past the first 20 cost no memory either, so a body of nothing else does
// not.
TEST(DecodeAllocationTest, RejectedEventsPastTheFirstCostNothing) {
  const auto calls = [](int events) {
    std::string body;
    for (int i = 0; i < events; ++i) body += "{\"repoId\":5}\n[1]\n{\"repoId\n{\"status\":\"x\"}\n";
    const std::string block = padded(body);
    EventDecoder decoder;
    EventBatch batch;
    const auto work = [&] {
      const auto outcome =
          decoder.decode({block.data(), body.size()}, BodyForm::kNdjson, context_at(), batch);
      EXPECT_EQ(std::get<Decoded>(outcome).rejected, 4U * static_cast<unsigned>(events));
    };
    work();
    return test::allocations_of(work).calls;
  };
  EXPECT_EQ(calls(10), calls(10'000));
}

// Promise: memory follows the window, not the body.
TEST(DecodeAllocationTest, LargeBodiesNeedNoMoreThanSmallOnes) {
  const std::string body = body_of(50'000, BodyForm::kJson);
  ASSERT_GT(body.size(), std::size_t{20} << 20);
  // Only ignored content, so that the batch stays empty.
  const std::string ignored = "{\"events\":[],\"x\":" + body + "}";
  const std::string block = padded(ignored);
  EventBatch batch;
  const auto taken = test::allocations_of([&] {
    EventDecoder decoder;
    const auto outcome =
        decoder.decode({block.data(), ignored.size()}, BodyForm::kJson, context_at(), batch);
    EXPECT_TRUE(std::holds_alternative<Decoded>(outcome));
  });
  EXPECT_LT(taken.bytes, std::size_t{1} << 20);
}

}  // namespace
}  // namespace minuted::json
