// Text that is compared as protocols do it: the case of ASCII letters means nothing, all else does.
#include "http/ascii.hpp"

#include <gtest/gtest.h>

namespace minuted::http {
namespace {

TEST(AsciiTest, CaseOfItsLettersAloneIsIgnored) {
  EXPECT_TRUE(equals_ignoring_case("", ""));
  EXPECT_TRUE(equals_ignoring_case("aZ-9", "Az-9"));
  EXPECT_FALSE(equals_ignoring_case("a", "ab"));
  EXPECT_FALSE(equals_ignoring_case("[", "{"));
  EXPECT_FALSE(equals_ignoring_case("\xC3\xA9", "\xC3\x89"));
}

}  // namespace
}  // namespace minuted::http
