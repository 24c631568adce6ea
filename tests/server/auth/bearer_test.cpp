// Promise: a header that is not a bearer token is told so, in words that hold none of it.
#include "auth/bearer.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support/random.hpp"

namespace minuted::auth {
namespace {

// The token, or the fault in angle brackets.
std::string read(std::string_view value) {
  const auto result = parse_bearer(value);
  if (const auto* token = std::get_if<std::string_view>(&result)) return std::string(*token);
  switch (std::get<BearerFault>(result)) {
    case BearerFault::kOtherScheme:
      return "<scheme>";
    case BearerFault::kNoToken:
      return "<nothing>";
    case BearerFault::kTooLong:
      return "<long>";
    case BearerFault::kBadCharacter:
      return "<character>";
  }
  return "<?>";
}

TEST(BearerTest, TokenIsWhatFollowsTheScheme) {
  EXPECT_EQ(read("Bearer mnt_abc-DEF_123"), "mnt_abc-DEF_123");
  EXPECT_EQ(read("bearer a"), "a");
  EXPECT_EQ(read("BEARER a"), "a");
  EXPECT_EQ(read("bEaReR    a"), "a");
  EXPECT_EQ(read(" \tBearer a\t "), "a");
  EXPECT_EQ(read("Bearer aZ09-._~+/=="), "aZ09-._~+/==");
}

TEST(BearerTest, OtherSchemesAreRefused) {
  for (const char* const value : {"", " ", "Basic YTpi", "mnt_abc", "Bearermnt_abc", "Bearer\tabc",
                                  "Bearer:abc", "Beare a", "Bearers a", "Token a", "Bearer=a"}) {
    EXPECT_EQ(read(value), "<scheme>") << value;
  }
}

TEST(BearerTest, SchemeAloneIsRefused) {
  for (const char* const value : {"Bearer", "Bearer ", "bearer   \t"}) {
    EXPECT_EQ(read(value), "<nothing>") << value;
  }
}

TEST(BearerTest, CharactersOfNoTokenAreRefused) {
  for (const std::string& value :
       {std::string("Bearer a b"), std::string("Bearer a,b"), std::string("Bearer a\tb"),
        std::string("Bearer \"a\""), std::string("Bearer =a"), std::string("Bearer a=b"),
        std::string("Bearer ="), std::string("Bearer a\x80"), std::string("Bearer a\0", 9),
        std::string("Bearer \ta"), std::string("Bearer a@b"), std::string("Bearer Bearer a")}) {
    EXPECT_EQ(read(value), "<character>") << value;
  }
}

TEST(BearerTest, LengthHasABound) {
  const std::string longest(kPresentedBytesMax, 'a');
  EXPECT_EQ(read("Bearer " + longest), longest);
  EXPECT_EQ(read("Bearer " + longest + "a"), "<long>");
  EXPECT_EQ(read("Bearer " + std::string(100'000, '=')), "<long>");
}

TEST(BearerTest, AnyBytesAreReadWithoutHarm) {
  test::Random random;
  for (int i = 0; i < 20'000; ++i) {
    const std::string value = (random.chance(70) ? "Bearer " : "") + random.bytes(random.below(8));
    const std::string token = read(value);
    EXPECT_TRUE(token.starts_with('<') || value.find(token) != value.npos);
  }
}

TEST(BearerTest, FaultsSayWhatIsRight) {
  EXPECT_EQ(
      explain(BearerFault::kOtherScheme),
      "the Authorization header is not of the Bearer scheme; send Authorization: Bearer TOKEN");
  EXPECT_EQ(explain(BearerFault::kNoToken),
            "the Authorization header names no token; send Authorization: Bearer TOKEN");
  EXPECT_EQ(explain(BearerFault::kTooLong),
            "the token in the Authorization header is longer than 256 bytes; send it as `minuted "
            "token create` printed it");
  EXPECT_EQ(explain(BearerFault::kBadCharacter),
            "the token in the Authorization header has a character that no token has; send it as "
            "`minuted token create` printed it");
}

}  // namespace
}  // namespace minuted::auth
