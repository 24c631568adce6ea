// Bodies decoded as tests want them: from a heap block that ends with the padding, with the outcome
// and the events as plain values. Each body is decoded twice, with other bytes in the padding: they
// must not matter. One thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "json/event_json.hpp"
#include "support/random.hpp"

namespace minuted {

inline void PrintTo(const EventError& e, std::ostream* out) {
  *out << "{" << e.index << " " << e.field << ": " << e.message << "}";
}

namespace test {

inline void PrintTo(const Event& e, std::ostream* out) {
  *out << "{" << shorten(e.repo) << " " << shorten(e.bucket) << " " << shorten(e.host) << " at "
       << e.timestamp.value << " op " << static_cast<int>(e.op) << " status " << e.status << " upl "
       << e.upl_bytes << " dwl " << e.dwl_bytes << " size " << e.size_change << " latency "
       << (e.latency_us ? std::to_string(*e.latency_us) : "none") << " id " << shorten(e.id) << "}";
}

}  // namespace test

namespace json {

inline constexpr Millis kNow{1'700'000'000'000};  // 2023-11-14T22:13:20Z
inline constexpr Millis kOldest{1'600'000'000'000};

inline DecodeContext context_at(Millis now = kNow) {
  DecodeContext context;
  context.now = now;
  context.oldest = kOldest;
  return context;
}

// What decoding a body gave. `events` are in the order of their (repo, bucket, minute), those of
// one in the order they were added.
struct Outcome {
  std::string code;     // of the BodyError; empty if there was none
  BodyHint hint = BodyHint::kNone;  // same
  std::string message;  // same
  std::uint64_t accepted = 0;
  std::uint64_t rejected = 0;
  std::array<std::uint64_t, kRejectReasons> by_reason{};
  std::vector<EventError> errors;
  std::vector<test::Event> events;

  std::uint64_t of(RejectReason reason) const {
    return by_reason[static_cast<std::size_t>(reason)];
  }
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

inline std::vector<test::Event> events_of(EventBatch& batch) {
  std::vector<test::Event> events;
  batch.group();
  for (const EventBatch::Group& group : batch.groups()) {
    const std::size_t repo_bytes = group.prefix.find('\0');
    for (const EventBatch::Row& row : group.rows) {
      test::Event e;
      e.repo = group.prefix.substr(0, repo_bytes);
      e.bucket = group.prefix.substr(repo_bytes + 1, group.prefix.size() - repo_bytes - 2);
      e.host = batch.host(row.host);
      e.timestamp = Millis{start_of(group.minute).value + row.ms_in_minute};
      e.op = row.op;
      e.status = row.status;
      e.upl_bytes = row.upl_bytes;
      e.dwl_bytes = row.dwl_bytes;
      e.size_change = row.size_change;
      if (row.latency_us >= 0) e.latency_us = static_cast<std::uint64_t>(row.latency_us);
      e.id = batch.id(row);
      events.push_back(std::move(e));
    }
  }
  return events;
}

// The same events from events that were never written as JSON.
inline std::vector<test::Event> grouped(const std::vector<test::Event>& events) {
  EventBatch batch;
  for (const test::Event& e : events) batch.add(e.view());
  return events_of(batch);
}

inline Outcome decode_padded(EventDecoder& decoder, std::string_view body, BodyForm form,
                             const DecodeContext& context, char padding) {
  const std::size_t bytes = body.size() + kBodyPadding;
  const std::unique_ptr<char[]> block(new char[bytes]);
  std::memcpy(block.get(), body.data(), body.size());
  std::memset(block.get() + body.size(), padding, kBodyPadding);
  EventBatch batch;
  auto result = decoder.decode({block.get(), body.size()}, form, context, batch);
  Outcome outcome;
  if (const auto* error = std::get_if<BodyError>(&result)) {
    outcome.code = error->code;
    outcome.message = error->message;
    outcome.hint = error->hint;
    return outcome;
  }
  const Decoded& decoded = std::get<Decoded>(result);
  outcome.accepted = decoded.accepted;
  outcome.rejected = decoded.rejected;
  outcome.by_reason = decoded.rejected_by_reason;
  outcome.errors = decoded.errors;
  outcome.events = events_of(batch);
  return outcome;
}

inline Outcome decode(EventDecoder& decoder, std::string_view body, BodyForm form,
                      const DecodeContext& context = context_at()) {
  Outcome outcome = decode_padded(decoder, body, form, context, '"');
  EXPECT_EQ(outcome, decode_padded(decoder, body, form, context, '1')) << body.substr(0, 200);
  std::uint64_t counted = 0;
  for (const std::uint64_t n : outcome.by_reason) counted += n;
  EXPECT_EQ(counted, outcome.rejected);
  EXPECT_EQ(outcome.accepted, outcome.events.size());
  EXPECT_EQ(outcome.errors.size(), std::min<std::uint64_t>(outcome.rejected, kErrorsMax));
  return outcome;
}

inline Outcome decode_json(std::string_view body, const DecodeContext& context = context_at()) {
  EventDecoder decoder;
  return decode(decoder, body, BodyForm::kJson, context);
}

inline Outcome decode_ndjson(std::string_view body, const DecodeContext& context = context_at()) {
  EventDecoder decoder;
  return decode(decoder, body, BodyForm::kNdjson, context);
}

// A good event, of its own minute, whose upl_bytes tells it apart.
inline std::string good_event(int number) {
  return R"({"repoId":"r","bucketId":"b","host":"h","timestamp":1700000000000,"upl_bytes":)" +
         std::to_string(number) + "}";
}

inline std::vector<std::uint64_t> numbers_of(const Outcome& outcome) {
  std::vector<std::uint64_t> numbers;
  for (const test::Event& e : outcome.events) numbers.push_back(e.upl_bytes);
  return numbers;
}

}  // namespace json
}  // namespace minuted
