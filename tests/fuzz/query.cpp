// Query strings and paths: what is accepted is within the rules that the engine relies on.
#include <algorithm>
#include <string>
#include <vector>

#include "fuzz/fuzz.hpp"
#include "minuted/event.hpp"
#include "render/event_params.hpp"
#include "render/minute_params.hpp"
#include "render/node_params.hpp"
#include "render/path_ids.hpp"
#include "render/query_string.hpp"
#include "render/storage_params.hpp"

namespace {

using namespace minuted;
using namespace minuted::render;

constexpr Millis kNow{1'700'000'000'000};

// Ascending, each once, and each an id.
void require_ids(const std::vector<std::string>& ids) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    MINUTED_REQUIRE(!check_id(ids[i]));
    MINUTED_REQUIRE(i == 0 || ids[i - 1] < ids[i]);
  }
}

void require_message(const ParameterError& error) {
  MINUTED_REQUIRE(error.code == kInvalidParameter && !error.message.empty());
  MINUTED_REQUIRE(is_valid_utf8(error.message) && error.message.size() < 2048);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::string_view query = input.rest();
  const SecretKey key{};

  for (const RawPair& pair : split_query(query)) {
    for (const ValueKind kind : {ValueKind::kText, ValueKind::kDate}) {
      const auto value = decode_value("repoId", pair.raw_value, kind);
      if (const auto* text = std::get_if<std::string>(&value)) {
        MINUTED_REQUIRE(is_valid_utf8(*text) && text->size() <= pair.raw_value.size());
        (void)parse_date(*text);
      } else {
        require_message(std::get<ParameterError>(value));
      }
    }
  }
  for (const Span span : {Span::kMinute, Span::kHour, Span::kDay}) {
    const auto minutes = parse_minute_params(query, kNow, key, span);
    if (const auto* params = std::get_if<MinuteParams>(&minutes)) {
      require_ids(params->spec.repos);
      require_ids(params->spec.buckets);
      require_ids(params->spec.hosts);
      MINUTED_REQUIRE(!params->limit || (*params->limit >= 1 && *params->limit <= kLimitMax));
    } else {
      require_message(std::get<ParameterError>(minutes));
    }
  }
  const auto ids = parse_ids(query, IdOf::kBucket);
  if (const auto* list = std::get_if<std::vector<std::string>>(&ids)) require_ids(*list);
  const auto dates = parse_dates(query);
  if (const auto* range = std::get_if<std::optional<MinuteRange>>(&dates); range && *range) {
    MINUTED_REQUIRE((*range)->begin <= (*range)->end);
  }
  const auto events = parse_raw_event_params(query, kNow);
  if (const auto* error = std::get_if<ParameterError>(&events)) require_message(*error);
  const auto strict = parse_event_params(query);
  if (const auto* error = std::get_if<ParameterError>(&strict)) require_message(*error);
  const auto path = path_ids("/repos/{repoId}/buckets/{bucketId}",
                             "/repos/" + std::string(query.substr(0, query.find('/'))) + "/buckets/b");
  if (const auto* list = std::get_if<std::vector<std::string>>(&path)) {
    MINUTED_REQUIRE(list->size() == 2);
    for (const std::string& id : *list) MINUTED_REQUIRE(!check_id(id));
  } else {
    require_message(std::get<ParameterError>(path));
  }
  return 0;
}
