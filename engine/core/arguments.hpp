// The ids and texts that callers of the engine may give: those that no key or record could hold are
// refused here, before they reach one. A NUL in an id would end it within a key, and so name another
// repo or bucket. Pure; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "minuted/append.hpp"
#include "minuted/delete.hpp"
#include "minuted/nodes.hpp"
#include "minuted/options.hpp"
#include "minuted/query.hpp"
#include "minuted/series.hpp"
#include "minuted/usage.hpp"

namespace minuted {

// Each: nullopt, or kInvalidArgument with the kind of the argument, its value (shortened), what is wrong
// with it, and what would be accepted.
std::optional<Error> check_arguments(const AppendRequest& request);
std::optional<Error> check_arguments(const NodeUpdate& update);
std::optional<Error> check_arguments(const QuerySpec& query);
std::optional<Error> check_arguments(const EventQuery& query);
std::optional<Error> check_arguments(const TotalsQuery& query);
std::optional<Error> check_arguments(const NodeQuery& query);
std::optional<Error> check_arguments(const SeriesQuery& query);
std::optional<Error> check_arguments(const UsageQuery& query);
std::optional<Error> check_arguments(const Removal& removal);
std::optional<Error> check_arguments(std::string_view repo, const RepoFactsChange& change);
std::optional<Error> check_arguments(const SeriesLimits& limits);

}  // namespace minuted
