// Prepared bodies: their forms, their bound, and the timestamps written into them afterwards.
#include "load/bodies.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <string>

#include "load/load.hpp"
#include "load/stamps.hpp"

namespace minuted::load {
namespace {

constexpr BodyCounts kThree{1, 3};

std::vector<Body> bodies(const WorkloadOptions& workload, const BodyOptions& options) {
  auto made = make_bodies(workload, options, kThree);
  EXPECT_TRUE(made.ok());
  return made.ok() ? std::move(made).value() : std::vector<Body>();
}

BodyOptions of_ten(BodyForm form, BodyCoding coding = BodyCoding::kIdentity) {
  return {.batch_events = 10, .form = form, .coding = coding};
}

std::string gunzip(const std::string& text, std::size_t bytes) {
  std::string out(bytes, '\0');
  z_stream stream{};
  EXPECT_EQ(::inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(::inflate(&stream, Z_FINISH), Z_STREAM_END);
  ::inflateEnd(&stream);
  return out;
}

std::string unzstd(const std::string& text, std::size_t bytes) {
  std::string out(bytes, '\0');
  EXPECT_EQ(::ZSTD_decompress(out.data(), out.size(), text.data(), text.size()), bytes);
  return out;
}

TEST(BodiesTest, TheFormsHoldTheSameEvents) {
  const auto lines = bodies({}, of_ten(BodyForm::kNdjson));
  const auto arrays = bodies({}, of_ten(BodyForm::kJson));
  ASSERT_EQ(lines.size(), 3U);
  ASSERT_EQ(arrays.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    std::string joined = lines[i].text;
    EXPECT_EQ(std::count(joined.begin(), joined.end(), '\n'), 10);
    ASSERT_EQ(joined.back(), '\n');
    joined.pop_back();
    std::replace(joined.begin(), joined.end(), '\n', ',');
    EXPECT_EQ("[" + joined + "]", arrays[i].text);
    simdjson::dom::parser parser;
    EXPECT_EQ(parser.parse(arrays[i].text).get_array().size(), 10U);
    EXPECT_EQ(lines[i].sums, arrays[i].sums);
    EXPECT_EQ(lines[i].sums.events, 10U);
    EXPECT_EQ(lines[i].plain_bytes, lines[i].text.size());
  }
  EXPECT_NE(lines[0].text, lines[1].text);
}

TEST(BodiesTest, CompressedBodiesAreTheSameInside) {
  const auto plain = bodies({}, of_ten(BodyForm::kNdjson));
  const auto gzip = bodies({}, of_ten(BodyForm::kNdjson, BodyCoding::kGzip));
  const auto zstd = bodies({}, of_ten(BodyForm::kNdjson, BodyCoding::kZstd));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(gzip[i].plain_bytes, plain[i].text.size());
    EXPECT_LT(gzip[i].text.size(), plain[i].text.size() / 2);
    EXPECT_EQ(gunzip(gzip[i].text, plain[i].text.size()), plain[i].text);
    EXPECT_EQ(unzstd(zstd[i].text, plain[i].text.size()), plain[i].text);
  }
}

TEST(BodiesTest, MemoryBoundsTheirNumber) {
  BodyOptions options = of_ten(BodyForm::kNdjson);
  options.prepared_bytes_max = 10'000;
  const auto some = make_bodies({}, options, {1, 1'000'000});
  ASSERT_TRUE(some.ok());
  std::size_t bytes = 0;
  for (const Body& body : *some) bytes += body.text.size();
  EXPECT_GT(some->size(), 1U);
  EXPECT_LT(bytes, 13'000U);

  const auto too_few = make_bodies({}, options, {64, 1'000'000});
  ASSERT_FALSE(too_few.ok());
  EXPECT_EQ(too_few.error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(too_few.error().message.starts_with("64 connections need a body each, and 10000 "))
      << too_few.error().message;
}

TEST(BodiesTest, ALiveWorkloadIsNotCompressed) {
  WorkloadOptions live;
  live.live = true;
  const auto made = make_bodies(live, of_ten(BodyForm::kNdjson, BodyCoding::kZstd), kThree);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, ErrorCode::kInvalidArgument);
}

TEST(BodiesTest, WhatCannotBeRunIsNotPrepared) {
  LoadOptions endless;
  endless.events = 0;
  EXPECT_FALSE(prepare(endless).ok());
  LoadOptions repeated_ids;
  repeated_ids.workload.ids = true;
  repeated_ids.bodies.prepared_bytes_max = 1 << 20;
  EXPECT_FALSE(prepare(repeated_ids).ok());
  repeated_ids.events = 2000;
  EXPECT_TRUE(prepare(repeated_ids).ok());
  LoadOptions too_many;
  too_many.workload.repos = 2000;
  too_many.workload.buckets_per_repo = 1000;
  EXPECT_FALSE(prepare(too_many).ok());
}

// The timestamps of a body, in its order.
std::vector<std::int64_t> timestamps(const Body& body) {
  std::vector<std::int64_t> out;
  for (std::size_t at = 0; at < body.text.size(); at = body.text.find('\n', at) + 1) {
    out.push_back(std::stoll(body.text.substr(at + kTimestampAt, kTimestampDigits)));
  }
  return out;
}

TEST(StampsTest, EachEventSaysNowLessItsDisorder) {
  WorkloadOptions live;
  live.live = true;
  live.disorder_ms = 700;
  auto made = bodies(live, {.batch_events = 500});
  Body& body = made[2];
  const std::string before = body.text;
  ASSERT_EQ(body.stamps.size(), 500U);
  StampWriter stamps(live.disorder_ms);
  // A step ahead within the ring and past it, a clock set back a little and far, a new digit.
  constexpr std::int64_t kNow = 1'799'999'999'950;
  for (const std::int64_t now : {kNow, kNow + 1, kNow + 100, kNow + 90, kNow + 5'000'000,
                                 kNow - 5'000'000, kNow - 4'999'400, kNow - 4'998'000}) {
    stamps.write(body, Millis{now});
    const auto said = timestamps(body);
    ASSERT_EQ(said.size(), 500U);
    for (std::size_t i = 0; i < said.size(); ++i) {
      ASSERT_EQ(said[i], now - body.stamps[i].early_ms) << now << " event " << i;
      ASSERT_LE(body.stamps[i].early_ms, 700U);
    }
  }
  // And nothing else has changed.
  std::string after = body.text;
  for (const StampPlace& place : body.stamps) {
    after.replace(place.at, kTimestampDigits, before.substr(place.at, kTimestampDigits));
  }
  EXPECT_EQ(after, before);
}

}  // namespace
}  // namespace minuted::load
