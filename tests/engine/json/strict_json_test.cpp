// The oracle itself: what judges the decoder has to be judged first.
#include "strict_json.hpp"

#include <gtest/gtest.h>

#include <string>

#include "minuted/event.hpp"
#include "suite_files.hpp"
#include "support/hex.hpp"
#include "support/random.hpp"

namespace minuted::json {
namespace {

constexpr std::size_t kDeep = 600;

TEST(StrictJsonTest, AgreesWithTheNamesOfThePublicSuite) {
  const auto files = suite_files();
  if (files.empty()) GTEST_SKIP() << "no " MINUTED_SHARED_DATA "/json-test-suite";
  for (const SuiteFile& file : files) {
    if (file.name[0] == 'i') continue;
    EXPECT_EQ(StrictJson::accepts(file.text, kDeep), file.name[0] == 'y') << file.name;
  }
}

TEST(StrictJsonTest, CountsDepth) {
  EXPECT_TRUE(StrictJson::accepts(R"([{"a":[1]}])", 3));
  EXPECT_FALSE(StrictJson::accepts(R"([{"a":[1]}])", 2));
  EXPECT_TRUE(StrictJson::accepts("1", 0));
}

// Its decoder of UTF-8 and the engine's table are two of a kind that must agree.
TEST(StrictJsonTest, AgreesWithTheEngineOnUtf8) {
  test::Random random;
  for (int i = 0; i < 200'000; ++i) {
    std::string text = random.bytes(random.between(1, 4));
    text[0] = static_cast<char>(static_cast<unsigned char>(text[0]) | 0xC0);
    if (text.find_first_of("\"\\") != text.npos) continue;
    bool control = false;
    for (const char c : text) control = control || static_cast<unsigned char>(c) < 0x20;
    ASSERT_EQ(StrictJson::accepts('"' + text + '"', 1), is_valid_utf8(text) && !control)
        << test::to_hex(text);
  }
}

}  // namespace
}  // namespace minuted::json
