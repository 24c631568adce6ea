#include "render/event_json.hpp"

#include "minuted/time.hpp"
#include "render/json_text.hpp"
#include "render/row_json.hpp"

namespace minuted::render {
namespace {

// A timestamp of thirteen digits is milliseconds; others are not, and are written as dates.
constexpr std::int64_t kThirteenDigits = 1'000'000'000'000;

}  // namespace

void append_event_line(const EventView& event, const EventLineStyle& style, std::string& out) {
  out += R"({"timestamp":)";
  const std::int64_t ms = event.timestamp.value;
  if (ms >= kThirteenDigits && ms < 10 * kThirteenDigits) {
    out += std::to_string(ms);
  } else {
    append_json_string(format_iso8601(event.timestamp), out);
  }
  out += R"(,"repoId":)";
  append_json_string(event.repo, out);
  out += style.unit_id ? R"(,"unitId":)" : R"(,"bucketId":)";
  append_json_string(event.bucket, out);
  out += R"(,"host":)";
  append_json_string(event.host, out);
  out += R"(,"op":)";
  append_json_string(to_string(event.op), out);
  const std::string_view quote = style.quoted_bytes ? "\"" : "";
  const auto bytes = [&](std::string_view key, const std::string& digits) {
    out.append(key).append(quote).append(digits).append(quote);
  };
  bytes(R"(,"upl_bytes":)", std::to_string(event.upl_bytes));
  bytes(R"(,"dwl_bytes":)", std::to_string(event.dwl_bytes));
  bytes(R"(,"size_change":)", std::to_string(event.size_change));
  if (event.latency_us) {
    out += R"(,"latency_ms":)";
    append_latency_ms(*event.latency_us, out);
  }
  if (event.status != 0) out += R"(,"status":)" + std::to_string(event.status);
  if (!event.id.empty()) {
    out += R"(,"id":)";
    append_json_string(event.id, out);
  }
  out += "}\n";
}

}  // namespace minuted::render
