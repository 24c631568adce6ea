// Series: the (repo, bucket, host) that events name. What is asked of them; pure values but for the cursor.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "minuted/cursor.hpp"
#include "minuted/time.hpp"

namespace minuted {

struct SeriesKey {
  std::string repo;
  std::string bucket;
  std::string host;
  friend bool operator==(const SeriesKey&, const SeriesKey&) = default;
};

// Which series (repo, bucket, host). Lists as in QuerySpec.
struct SeriesQuery {
  std::vector<std::string> repos;
  std::vector<std::string> buckets;
  std::string search;  // its repo, bucket or host begins with it; empty: all
  std::optional<SeriesKey> after = std::nullopt;  // only series behind it, whether or not it is there
};

// The views die at the cursor's next step.
struct SeriesRow {
  std::string_view repo;
  std::string_view bucket;
  std::string_view host;
  Minute first;  // the first and the last that had an event, as far as is kept of it: see NodeCursor
  Minute last;
};

// Hands out series that have events, in the order (repo, bucket, host), bytewise, from one view.
// Memory: the hosts of one (repo, bucket).
using SeriesCursor = Cursor<SeriesRow>;

}  // namespace minuted
