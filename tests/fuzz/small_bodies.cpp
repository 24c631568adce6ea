// Bodies about nodes and repos: the padding does not matter, and what is accepted is within its bounds.
#include <cstring>
#include <memory>
#include <string>
#include <variant>

#include "fuzz/fuzz.hpp"
#include "json/body_start.hpp"
#include "json/node_json.hpp"
#include "json/repo_json.hpp"
#include "minuted/event.hpp"

namespace {

using namespace minuted;

template <class Result>
void require_error(const Result& result) {
  if (const auto* error = std::get_if<json::BodyError>(&result)) {
    MINUTED_REQUIRE(error->code == "malformed_json" || error->code == "wrong_shape" ||
                    error->code == "invalid_field");
    MINUTED_REQUIRE(!error->message.empty() && is_valid_utf8(error->message));
  }
}

void require_text(const std::optional<std::string>& text, std::size_t bytes_max) {
  if (text) MINUTED_REQUIRE(is_valid_utf8(*text) && text->size() <= bytes_max);
}

std::string check(std::string_view body, char padding) {
  const std::unique_ptr<char[]> block(new char[body.size() + json::kBodyPadding]);
  std::memcpy(block.get(), body.data(), body.size());
  std::memset(block.get() + body.size(), padding, json::kBodyPadding);
  const std::string_view text(block.get(), body.size());

  const auto heartbeat = json::decode_heartbeat(text, json::kDepthMax);
  require_error(heartbeat);
  const auto node = json::decode_node_facts(text, json::kDepthMax);
  require_error(node);
  const auto day = json::decode_day(text, json::kDepthMax);
  require_error(day);
  if (const auto* minute = std::get_if<Minute>(&day)) {
    MINUTED_REQUIRE(minute->value % kMinutesPerDay == 0 && *minute <= kMinuteMax);
  }
  const auto repo = json::decode_repo_facts(text, json::kDepthMax);
  require_error(repo);
  if (const auto* change = std::get_if<RepoFactsChange>(&repo)) {
    require_text(change->workspace, kIdBytesMax);
    require_text(change->provider, kIdBytesMax);
    for (const auto& id : {change->workspace, change->provider}) {
      MINUTED_REQUIRE(!id || id->empty() || !check_id(*id));
    }
  }
  MINUTED_REQUIRE(text.starts_with(json::byte_order_mark_of(text)));
  std::string outcomes{static_cast<char>('0' + heartbeat.index()), static_cast<char>('0' + node.index()),
                       static_cast<char>('0' + day.index()), static_cast<char>('0' + repo.index())};
  for (const auto* error : {std::get_if<json::BodyError>(&heartbeat), std::get_if<json::BodyError>(&node),
                            std::get_if<json::BodyError>(&day), std::get_if<json::BodyError>(&repo)}) {
    if (error != nullptr) outcomes += error->message;
  }
  // No JSON text begins as these do.
  if (json::compressed_or_utf16(text)) MINUTED_REQUIRE(outcomes.starts_with("1111"));
  return outcomes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::string_view body = input.rest();
  MINUTED_REQUIRE(check(body, '"') == check(body, '1'));
  return 0;
}
