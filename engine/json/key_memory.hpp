// The keys of the last object in their order: nearly every event has the same, so that two loads
// and a comparison tell which field a key is. Whoever writes its keys otherwise is only slower.
// Reads 16 bytes from where a key's token begins. One thread at a time uses it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "json/event_fields.hpp"
#include "json/scalar.hpp"

namespace minuted::json {

class KeyMemory {
 public:
  static constexpr std::size_t kPositions = 16;  // of an object's keys that are remembered

  // A key as it stood in the text, from its opening quote to the colon.
  struct Known {
    std::uint64_t first = 0;
    std::uint64_t first_mask =
        ~std::uint64_t{0};  // of the bytes that count; no token is eight zeros
    std::uint64_t second = 0;
    std::uint64_t second_mask = 0;
    Field field = Field::kUnknown;

    // Whether the text at `token` is the same: then so is the field, and the next token the colon.
    bool stands_at(const char* token) const {
      return (((words::load(token) ^ first) & first_mask) |
              ((words::load(token + 8) ^ second) & second_mask)) == 0;
    }
  };

  const Known& at(std::size_t position) const { return known_[position]; }

  // Remembers a key that has no escapes, given without its quotes, if it is short and the colon
  // follows without white space.
  void note(std::size_t position, std::string_view key, Field field) {
    const std::size_t bytes = key.size() + 3;
    if (position >= kPositions || bytes > 16 || key.data()[key.size() + 1] != ':') return;
    const char* const token = key.data() - 1;
    const std::uint64_t first_mask = mask_of(bytes);
    const std::uint64_t second_mask = mask_of(bytes > 8 ? bytes - 8 : 0);
    known_[position] = {words::load(token) & first_mask, first_mask,
                        words::load(token + 8) & second_mask, second_mask, field};
  }

 private:
  static std::uint64_t mask_of(std::size_t bytes) {
    return bytes >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * bytes)) - 1;
  }

  std::array<Known, kPositions> known_;
};

}  // namespace minuted::json
