// JSON as text. Boost's own writes 12.5 as 1.25E1, which is the same to programs and not to readers.
#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace minuted::openapi {

// Without blanks; numbers with the fewest digits that read back as the same.
std::string to_text(const boost::json::value& value);

}  // namespace minuted::openapi
