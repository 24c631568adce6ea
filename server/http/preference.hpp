// What a client prefers, as Accept and Accept-Encoding say it: a list of names with weights
// (RFC 9110, section 12.4). Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace minuted::http {

// A weight in thousandths, 0 … 1000: 0 to 1 with any number of decimals, of which three count. Also what
// begins with the point, as Java sends it. nullopt for anything else.
std::optional<std::uint32_t> parse_weight(std::string_view text);

// Takes the next member off a comma-separated list, without surrounding blanks; commas in quotes do not
// separate. Empty members are passed over; nullopt at the end.
std::optional<std::string_view> take_member(std::string_view& list);

// Without blanks (spaces and tabs) at either end.
std::string_view trim_blanks(std::string_view text);

}  // namespace minuted::http
