// A setting as someone gave it: still text, with where it stands. What the command line, the
// variables and the file come down to before they are set against each other. Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "settings/definitions.hpp"

namespace minuted::settings {

// A lower one wins.
enum class Layer : std::uint8_t { kFlag, kVariable, kFile };

struct Value {
  std::string text;
  std::uint32_t line = 0;  // in the file; 0 elsewhere
};

struct Given {
  const Definition* definition;
  Layer layer;
  std::string origin;         // --name, MINUTED_NAME or the file's path
  std::uint32_t line = 0;     // in the file; 0 elsewhere
  std::vector<Value> values;  // a list's elements; otherwise one
  bool faulty = false;        // some of it is missing here, and its fault told already
};

// What a source yielded, and a line for each thing in it that is no setting.
struct Source {
  std::vector<Given> given;
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
};

// As a message begins: `--fold-interval`, `MINUTED_FOLD_INTERVAL`, `FILE:12: fold-interval`.
std::string place_of(const Given& given, std::uint32_t line);

// Reads a text into a definition's values: split at commas for a list, empty elements left out.
std::vector<Value> values_of(const Definition& definition, std::string_view text,
                             std::uint32_t line = 0);

}  // namespace minuted::settings
