// Deleting: what is to be deleted of a repo or a bucket. A value; see Engine::remove.
#pragma once

#include <optional>
#include <string>

#include "minuted/query.hpp"

namespace minuted {

// What is to be deleted: all of a repo, or of one of its buckets, or what either has in some minutes.
struct Removal {
  std::string repo;
  std::optional<std::string> bucket;
  std::optional<MinuteRange> range;
  friend bool operator==(const Removal&, const Removal&) = default;
};

}  // namespace minuted
