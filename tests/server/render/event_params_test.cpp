// Promise: a batch is strict only if the request said so, and never by accident of spelling.
#include "render/event_params.hpp"

#include <gtest/gtest.h>

namespace minuted::render {
namespace {

// "strict", "lenient", or the refusal.
std::string read(std::string_view query) {
  auto result = parse_event_params(query);
  if (const auto* error = std::get_if<ParameterError>(&result)) {
    return std::string(error->code) + ": " + error->message;
  }
  return std::get<EventParams>(result).strict ? "strict" : "lenient";
}

TEST(EventParamsTest, AbsentOrEmptyIsLenient) {
  for (const char* const query : {"", "strict", "strict=", "&strict=&", "STRICT=1", "x=%zz"}) {
    EXPECT_EQ(read(query), "lenient") << query;
  }
}

TEST(EventParamsTest, YesAndNoHaveTwoSpellings) {
  EXPECT_EQ(read("strict=1"), "strict");
  EXPECT_EQ(read("strict=true"), "strict");
  EXPECT_EQ(read("a=b&%73trict=%31"), "strict");
  EXPECT_EQ(read("strict=0"), "lenient");
  EXPECT_EQ(read("strict=false"), "lenient");
}

TEST(EventParamsTest, AnythingElseIsRefused) {
  EXPECT_EQ(
      read("strict=maybe"),
      "invalid_parameter: strict \"maybe\" is neither yes nor no; give 1 or true to store all "
      "of the batch or nothing, 0 or false to store its good events");
  for (const char* const query : {"strict=yes", "strict=2", "strict=01", "strict=TRUE", "strict=+1",
                                  "strict=1,1", "strict=%FF", "strict=%"}) {
    EXPECT_TRUE(read(query).starts_with("invalid_parameter: strict \"")) << query;
  }
}

TEST(EventParamsTest, RepeatsMustAgree) {
  EXPECT_EQ(read("strict=1&strict=true&strict="), "strict");
  EXPECT_EQ(read("strict=0&strict=1"),
            "invalid_parameter: strict is given twice, as yes and as no (\"1\"); give one value");
}

}  // namespace
}  // namespace minuted::render
