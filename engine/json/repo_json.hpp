// The body of `PUT /repos/{repoId}`, to what is to change of a repo: every rule on its fields. Unknown
// fields are ignored. Pure; any thread.
#pragma once

#include <string_view>
#include <variant>

#include "json/event_json.hpp"
#include "minuted/usage.hpp"

namespace minuted::json {

// `{"workspace","provider"}`, those that are to change: ids like any other, or "" to take one back.
// `body` must be followed by kBodyPadding readable bytes. BodyError "malformed_json", "wrong_shape", or
// "invalid_field" for one that is not accepted, which the message names with its value.
std::variant<RepoFactsChange, BodyError> decode_repo_facts(std::string_view body,
                                                           std::size_t depth_max);

}  // namespace minuted::json
