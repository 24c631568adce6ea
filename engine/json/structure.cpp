#include "json/structure.hpp"

#include <simdjson.h>

#include <algorithm>
#include <new>
#include <utility>

namespace minuted::json {
namespace {

constexpr std::size_t kCapacityMin = std::size_t{64} << 10;
constexpr std::size_t kCapacityKept = std::size_t{256} << 10;  // 1 MiB of offsets
constexpr std::size_t kStageTwoDepth = 1;                      // never run, wants a number

}  // namespace

struct Structure::Parser {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stages;
};

Structure::Structure() : parser_(std::make_unique<Parser>()) {}
Structure::~Structure() = default;
Structure::Structure(Structure&&) noexcept = default;
Structure& Structure::operator=(Structure&&) noexcept = default;

Structure::Outcome Structure::index(std::string_view text) {
  auto& stages = parser_->stages;
  if (!stages || stages->capacity() < text.size()) {
    const std::size_t capacity = std::max(
        kCapacityMin, stages ? std::max(text.size(), 2 * stages->capacity()) : text.size());
    // Freed first: the old offsets and the new are not needed side by side.
    stages.reset();
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(
            capacity, kStageTwoDepth, stages) != simdjson::SUCCESS) {
      stages.reset();
      throw std::bad_alloc();
    }
  }
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto error = stages->stage1(bytes, text.size(), simdjson::stage1_mode::regular);
  tokens_ = stages->structural_indexes.get();
  token_count_ = stages->n_structural_indexes;
  switch (error) {
    case simdjson::SUCCESS:
      return Outcome::kIndexed;
    case simdjson::EMPTY:
      return Outcome::kBlank;
    case simdjson::UNCLOSED_STRING:
      return Outcome::kOpenString;
    default:
      return Outcome::kBad;
  }
}

void Structure::trim() {
  auto& stages = parser_->stages;
  if (stages && stages->capacity() > kCapacityKept) stages.reset();
  tokens_ = nullptr;
  token_count_ = 0;
}

}  // namespace minuted::json
