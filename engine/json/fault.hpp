// Where a text stops being well-formed JSON, for the message to whoever sent it: a plain reader
// that looks at every byte, run only over what has already been refused. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace minuted::json {

struct Fault {
  std::size_t offset = 0;  // of the first byte that is wrong, or the text's size if it ends early
  std::string what;        // a clause: "a comma or } is expected, not \"x\""
  bool behind_document = false;  // the byte follows a document that is well-formed
};

inline constexpr std::size_t kAnyDepth = SIZE_MAX;

// The first fault of `text`, which is not one well-formed document nested at most `depth_max` deep.
// Takes a bit of memory for each array and object that is open.
Fault find_fault(std::string_view text, std::size_t depth_max = kAnyDepth);

}  // namespace minuted::json
