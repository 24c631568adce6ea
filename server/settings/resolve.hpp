// Given settings to Settings: who wins, what each may be, and what goes together. Pure; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "settings/given.hpp"

namespace minuted::settings {

struct Resolved {
  Settings settings;
  std::vector<std::string> origins;  // by definition, as a sentence ends: "the default"
  std::vector<std::string> notes;    // a sentence each: what the surroundings decided
  std::vector<std::string> errors;   // in the order of `given`, then of what does not go together
};

// Of one setting in several layers the lowest layer counts; the others are checked and dropped.
// `given` is ordered by layer and holds each setting once a layer. `limit`: of the process's memory.
Resolved resolve(std::span<const Given> given, const std::optional<MemoryLimit>& limit = std::nullopt);

}  // namespace minuted::settings
