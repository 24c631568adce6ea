// What callers of the engine may give: ids that no key could hold are refused here, before they reach one.
// A NUL in an id would end it within a key, and so name another repo or bucket. Pure.
#pragma once

#include <optional>

#include "minuted/append.hpp"
#include "minuted/delete.hpp"
#include "minuted/nodes.hpp"
#include "minuted/query.hpp"
#include "minuted/series.hpp"
#include "minuted/usage.hpp"

namespace minuted {

// Each: nullopt, or kInvalidArgument with the name of what is wrong, its value and why.
std::optional<Error> check_arguments(const AppendRequest& request);
std::optional<Error> check_arguments(const NodeUpdate& update);
std::optional<Error> check_arguments(const QuerySpec& query);
std::optional<Error> check_arguments(const EventQuery& query);
std::optional<Error> check_arguments(const TotalsQuery& query);
std::optional<Error> check_arguments(const NodeQuery& query);
std::optional<Error> check_arguments(const SeriesQuery& query);
std::optional<Error> check_arguments(const UsageQuery& query);
std::optional<Error> check_arguments(const Removal& removal);
// Of tell_repo().
std::optional<Error> check_repo(std::string_view repo);

}  // namespace minuted
