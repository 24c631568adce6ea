// What a store holds as text, in three forms: a table for eyes, one fact a line for programs, one JSON
// object. The names of facts are an interface, the same in the last two. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "minuted/inspect.hpp"

namespace minuted::inspection {

// For a terminal: thousands apart, sizes in KiB and MiB, "about" where it was not counted.
std::string to_table(const Inspection& found, std::string_view path);

// A fact a line, name and value separated by a tab: `minute.rows_sealed` or `repo.1.requests`, the
// largest repo first. Numbers in full, bytes, UTC. Estimates of keys are named `keys_about`.
std::string to_lines(const Inspection& found, std::string_view path);

// The same facts as one object and a line end; `path` and ids must be valid UTF-8, as ids are. Sums
// beyond 64 bits are numbers all the same.
std::string to_json(const Inspection& found, std::string_view path);

// `1234567` as `1,234,567`.
std::string with_thousands(std::uint64_t number);
// `1536` as `1.5 KiB`.
std::string human_bytes(UInt128 bytes);

}  // namespace minuted::inspection
