// Request bodies to batches of events: the CPU of a push before the commit queue. Bytes per second
// are of JSON read.
//
//   BM_DecodeNdjson          one event a line, as most senders write it
//   BM_DecodeArray           the same events as one document
//   BM_DecodeNdjsonOneBad    a line in a hundred has a string left open, so its block is read by
//   lines BM_DecodeNdjsonEscaped   keys in another order, spaces, escapes and long numbers
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <variant>

#include "json/event_json.hpp"
#include "workload.hpp"

namespace minuted::json {
namespace {

constexpr std::uint64_t kRunEvents = 5'000'000;

enum class Style { kPlain, kEscaped };

std::string event_text(const EventView& e, Style style) {
  const char* const op = e.op == OpClass::kPut ? "PUT" : "GET";
  const auto latency_us = static_cast<unsigned long long>(e.latency_us.value_or(0));
  const auto number = [](auto n) { return std::to_string(n); };
  char latency[32];
  std::snprintf(latency, sizeof latency, "%llu.%03llu", latency_us / 1000, latency_us % 1000);
  if (style == Style::kEscaped) {
    return R"({ "host" : ")" + std::string(e.host) + R"(\u0021", "user\u002dagent": "a\/b", )" +
           R"("tags": ["x", {"y": 1e3}], "latency_ms": )" + latency + R"(00000000000000000000, )" +
           R"("bucketId": "\u0062)" + std::string(e.bucket) + R"(", "repoId": ")" +
           std::string(e.repo) + R"(", "timestamp": )" + number(e.timestamp.value) + " }";
  }
  return R"({"repoId":")" + std::string(e.repo) + R"(","bucketId":")" + std::string(e.bucket) +
         R"(","host":")" + std::string(e.host) + R"(","timestamp":)" + number(e.timestamp.value) +
         R"(,"op":")" + op + R"(","upl_bytes":)" + number(e.upl_bytes) + R"(,"dwl_bytes":)" +
         number(e.dwl_bytes) + R"(,"size_change":)" + number(e.size_change) + R"(,"latency_ms":)" +
         latency + R"(,"status":)" + number(e.status) + "}";
}

std::string body_of(std::int64_t events, BodyForm form, Style style, std::int64_t bad_every) {
  bench::Workload workload(kRunEvents);
  std::string body = form == BodyForm::kJson ? "[" : "";
  for (std::int64_t i = 0; i < events; ++i) {
    if (form == BodyForm::kJson && i > 0) body += ',';
    body += event_text(workload.next(), style);
    if (bad_every != 0 && i % bad_every == 0) body.insert(body.size() - 1, ",\"");
    if (form == BodyForm::kNdjson) body += '\n';
  }
  return form == BodyForm::kJson ? body + ']' : body;
}

void run(benchmark::State& state, BodyForm form, Style style, std::int64_t bad_every) {
  std::string body = body_of(state.range(0), form, style, bad_every);
  const std::size_t size = body.size();
  body.resize(size + kBodyPadding);
  EventDecoder decoder;
  EventBatch batch;
  DecodeContext context;
  context.now = Millis{bench::Workload::kStartMs + 60 * kMillisPerMinute};
  std::uint64_t decoded = 0;
  for (auto _ : state) {
    batch.clear();
    const auto outcome = decoder.decode({body.data(), size}, form, context, batch);
    if (!std::holds_alternative<Decoded>(outcome)) return state.SkipWithError("refused");
    const auto& counts = std::get<Decoded>(outcome);
    decoded += counts.accepted + counts.rejected;
  }
  if (decoded != state.iterations() * static_cast<std::uint64_t>(state.range(0)) || batch.empty()) {
    return state.SkipWithError("events are missing");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(decoded));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * size));
  state.counters["bytes_per_event"] =
      static_cast<double>(size) / static_cast<double>(state.range(0));
}

BENCHMARK_CAPTURE(run, ndjson, BodyForm::kNdjson, Style::kPlain, 0)
    ->Name("BM_DecodeNdjson")
    ->Arg(1'000)
    ->Arg(10'000);
BENCHMARK_CAPTURE(run, array, BodyForm::kJson, Style::kPlain, 0)
    ->Name("BM_DecodeArray")
    ->Arg(1'000)
    ->Arg(10'000);
BENCHMARK_CAPTURE(run, one_bad, BodyForm::kNdjson, Style::kPlain, 100)
    ->Name("BM_DecodeNdjsonOneBad")
    ->Arg(1'000);
BENCHMARK_CAPTURE(run, escaped, BodyForm::kNdjson, Style::kEscaped, 0)
    ->Name("BM_DecodeNdjsonEscaped")
    ->Arg(1'000);

}  // namespace
}  // namespace minuted::json
