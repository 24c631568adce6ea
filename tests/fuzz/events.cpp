// Bodies of events in both forms: the padding does not matter, what is counted adds up, and the events that
// are accepted are the same once they were written as NDJSON and read again.
#include <cstring>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "fuzz/fuzz.hpp"
#include "json/event_json.hpp"
#include "minuted/event_batch.hpp"
#include "render/event_json.hpp"
#include "support/random.hpp"

namespace {

using namespace minuted;

struct Outcome {
  std::string message;  // of the refusal; empty if there was none
  json::Decoded decoded;
  std::vector<test::Event> events;  // by group
};

Outcome decode(json::EventDecoder& decoder, std::string_view body, json::BodyForm form, char padding) {
  const std::unique_ptr<char[]> block(new char[body.size() + json::kBodyPadding]);
  std::memcpy(block.get(), body.data(), body.size());
  std::memset(block.get() + body.size(), padding, json::kBodyPadding);
  EventBatch batch;
  json::DecodeContext context;
  context.now = Millis{1'700'000'000'000};
  context.newest = kMillisMax;
  auto result = decoder.decode({block.get(), body.size()}, form, context, batch);
  Outcome outcome;
  if (const auto* error = std::get_if<json::BodyError>(&result)) {
    MINUTED_REQUIRE(error->code == "malformed_json" || error->code == "wrong_shape");
    MINUTED_REQUIRE(!error->message.empty() && is_valid_utf8(error->message));
    outcome.message = error->message;
    return outcome;
  }
  outcome.decoded = std::get<json::Decoded>(std::move(result));
  const json::Decoded& decoded = outcome.decoded;
  std::uint64_t rejected = 0;
  for (const std::uint64_t n : decoded.rejected_by_reason) rejected += n;
  MINUTED_REQUIRE(rejected == decoded.rejected);
  MINUTED_REQUIRE(decoded.errors.size() == std::min<std::uint64_t>(rejected, json::kErrorsMax));
  for (const EventError& error : decoded.errors) MINUTED_REQUIRE(is_valid_utf8(error.message));
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
      MINUTED_REQUIRE(!check_id(e.repo) && !check_id(e.bucket) && !check_id(e.host));
      MINUTED_REQUIRE(e.id.empty() || !check_event_id(e.id));
      MINUTED_REQUIRE(e.status <= kStatusMax && e.upl_bytes <= kBytesMax && e.dwl_bytes <= kBytesMax);
      MINUTED_REQUIRE(e.latency_us.value_or(0) <= kLatencyUsMax);
      outcome.events.push_back(std::move(e));
    }
  }
  MINUTED_REQUIRE(outcome.events.size() == decoded.accepted);
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static json::EventDecoder decoder;  // as a worker keeps it from body to body
  fuzz::Input input(data, size);
  const std::string_view body = input.rest();
  for (const json::BodyForm form : {json::BodyForm::kJson, json::BodyForm::kNdjson}) {
    const Outcome outcome = decode(decoder, body, form, '"');
    const Outcome other = decode(decoder, body, form, '1');
    MINUTED_REQUIRE(outcome.message == other.message && outcome.events == other.events);
    MINUTED_REQUIRE(outcome.decoded.errors == other.decoded.errors);
    if (outcome.events.empty()) continue;
    std::string lines;
    for (const test::Event& e : outcome.events) render::append_event_line(e.view(), {}, lines);
    const Outcome again = decode(decoder, lines, json::BodyForm::kNdjson, '1');
    MINUTED_REQUIRE(again.events == outcome.events && again.decoded.rejected == 0);
  }
  return 0;
}
