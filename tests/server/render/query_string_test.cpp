// Promise: a query means the same whichever client encoded it, and one that means nothing is
// refused by name.
#include "render/query_string.hpp"

#include <gtest/gtest.h>

#include "support/random.hpp"

namespace minuted::render {
namespace {

using Pairs = std::vector<RawPair>;

std::string decoded(std::string_view raw, ValueKind kind = ValueKind::kText) {
  auto result = decode_value("name", raw, kind);
  if (const auto* error = std::get_if<ParameterError>(&result)) return "error: " + error->message;
  return std::get<std::string>(result);
}

TEST(QueryStringTest, EmptyHasNoPairs) {
  EXPECT_EQ(split_query(""), Pairs{});
  EXPECT_EQ(split_query("&&"), Pairs{});
}

TEST(QueryStringTest, PairsKeepTheirOrderAndRepeats) {
  EXPECT_EQ(split_query("b=1&a=2&b=3"), (Pairs{{"b", "1"}, {"a", "2"}, {"b", "3"}}));
}

TEST(QueryStringTest, TheFirstEqualsSignEndsTheName) {
  EXPECT_EQ(split_query("a=b=c&d==&=e&f&g="),
            (Pairs{{"a", "b=c"}, {"d", "="}, {"", "e"}, {"f", ""}, {"g", ""}}));
}

TEST(QueryStringTest, NamesAreDecodedAndValuesAreNot) {
  EXPECT_EQ(split_query("repo%49d=a%2Cb+c&x+y=1&;=2"),
            (Pairs{{"repoId", "a%2Cb+c"}, {"x y", "1"}, {";", "2"}}));
}

TEST(QueryStringTest, AMalformedNameIsLeftOut) {
  EXPECT_EQ(split_query("a%=1&%zz=2&b%4=3&c=4"), (Pairs{{"c", "4"}}));
}

TEST(QueryStringTest, ValuesAreDecodedOnce) {
  EXPECT_EQ(decoded("a%2fb%2Fc"), "a/b/c");
  EXPECT_EQ(decoded("%2541"), "%41");
  EXPECT_EQ(decoded("a+b%20c%2Bd"), "a b c+d");
  EXPECT_EQ(decoded("%E6%97%A5"), "日");
  EXPECT_EQ(decoded("日"), "日");
  EXPECT_EQ(decoded("%00"), std::string(1, '\0'));
}

TEST(QueryStringTest, MalformedPercentEncodingIsRefusedByName) {
  const auto message = [](std::string_view value, std::string_view fault) {
    return "error: name \"" + std::string(value) + "\" is not percent-encoded: \"" +
           std::string(fault) + "\" is not % and two hexadecimal digits; a % itself is written %25";
  };
  EXPECT_EQ(decoded("%zz"), message("%zz", "%zz"));
  EXPECT_EQ(decoded("100%"), message("100%", "%"));
  EXPECT_EQ(decoded("a%4"), message("a%4", "%4"));
  EXPECT_EQ(decoded("a%4gb"), message("a%4gb", "%4g"));
  EXPECT_EQ(decoded("%+1"), message("%+1", "%+1"));
  EXPECT_EQ(std::get<ParameterError>(decode_value("a", "%", ValueKind::kDate)).code,
            "invalid_parameter");
}

TEST(QueryStringTest, BadUtf8IsRefusedByName) {
  EXPECT_EQ(
      decoded("a%FF"),
      "error: name \"a\\xff\" is not valid UTF-8; percent-encode the bytes of its UTF-8 form");
  EXPECT_TRUE(decoded("%C0%80").starts_with("error: "));
  EXPECT_TRUE(decoded("%ED%A0%80", ValueKind::kDate).starts_with("error: "));
}

TEST(QueryStringTest, APlusInTextIsASpaceEvenBeforeDigits) {
  EXPECT_EQ(decoded("a+02:00"), "a 02:00");
  EXPECT_EQ(decoded("a%2B02:00"), "a+02:00");
}

TEST(QueryStringTest, APlusBeforeHoursAndMinutesInADateIsAPlus) {
  const auto date = [](std::string_view raw) { return decoded(raw, ValueKind::kDate); };
  EXPECT_EQ(date("2024-02-01T10:15:00+02:00"), "2024-02-01T10:15:00+02:00");
  EXPECT_EQ(date("2024-02-01T10:15:00%2B02:00"), "2024-02-01T10:15:00+02:00");
  EXPECT_EQ(date("2024-02-01T10%3A15%3A00+02%3A00"), "2024-02-01T10:15:00+02:00");
}

// Promise: a date that cannot be read is echoed as it was sent.
TEST(QueryStringTest, AnyOtherPlusInADateIsASpaceWhichNoDateHas) {
  for (const std::string raw :
       {"2024-02-01+", "+2024-02-01", "2024-02-01T10:15:00+0200", "2024-02-01T10:15:00+02",
        "2024-02-01T10:15:00+02:0", "+", "2024-02-01++10:15", "2024+02:00-02+"}) {
    EXPECT_EQ(decoded(raw, ValueKind::kDate),
              "error: name \"" + raw +
                  "\" has a + that is not before hh:mm, and so a space; write %2B for a plus, or leave it "
                  "out");
  }
  EXPECT_TRUE(decoded("2024-02-01T10%3A15%3A00+0200", ValueKind::kDate)
                  .starts_with("error: name \"2024-02-01T10:15:00+0200\" has a +"));
  EXPECT_EQ(decoded("2024-02-01T10:15:00%2B0200", ValueKind::kDate), "2024-02-01T10:15:00+0200");
  EXPECT_EQ(decoded("2024-02-01%20", ValueKind::kDate), "2024-02-01 ");
}

TEST(QueryStringTest, APlusOrSpaceAfterADayStandsForTheT) {
  const auto time = [](std::string_view raw) {
    const auto parsed = parse_date(decoded(raw, ValueKind::kDate));
    return parsed && !parsed->date_only ? format_iso8601(parsed->start) : "none";
  };
  EXPECT_EQ(time("2024-02-01+10:15:00"), "2024-02-01T10:15:00.000Z");
  EXPECT_EQ(time("2024-02-01%2B10:15:00"), "2024-02-01T10:15:00.000Z");
  EXPECT_EQ(time("2024-02-01%2010:15:00"), "2024-02-01T10:15:00.000Z");
  EXPECT_EQ(time("2024-02-01+10:15:00+02:00"), "2024-02-01T08:15:00.000Z");
  EXPECT_EQ(time("2024-02-01T10:15:00%2B0200"), "2024-02-01T08:15:00.000Z");
  EXPECT_EQ(time("2024-02-01T10:15:00,5"), "2024-02-01T10:15:00.500Z");
  EXPECT_EQ(time("2024-02-01%20"), "none");
  EXPECT_EQ(time("2024-02-01+10:75"), "none");
  EXPECT_EQ(decoded("2024-02-01+10:75", ValueKind::kDate), "2024-02-01+10:75");
  EXPECT_TRUE(parse_date("2024-02-01")->date_only);
}

// Any text comes back from any mixture of the encodings clients use.
TEST(QueryStringTest, RandomTextSurvivesEveryEncoding) {
  test::Random random;
  for (int round = 0; round < 2000; ++round) {
    const std::string text = random.id();
    std::string raw;
    for (const char c : text) {
      const bool plain = (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80;
      if (c == ' ' && random.chance(50)) {
        raw += '+';
      } else if (plain && random.chance(50)) {
        raw += c;
      } else {
        const char* const digits = random.chance(50) ? "0123456789abcdef" : "0123456789ABCDEF";
        raw += {'%', digits[static_cast<unsigned char>(c) >> 4],
                digits[static_cast<unsigned char>(c) & 15]};
      }
    }
    ASSERT_EQ(split_query(raw + "=" + raw), (Pairs{{text, raw}}));
    ASSERT_EQ(decoded(raw), text);
  }
}

// No query, however broken, does more than be refused.
TEST(QueryStringTest, RandomBytesAreHarmless) {
  test::Random random;
  static constexpr std::string_view kAlphabet = "%%%&&==++aF09:-T,\xff\xc3\x80";
  for (int round = 0; round < 5000; ++round) {
    std::string raw;
    for (std::uint64_t n = random.below(31); n > 0; --n) {
      raw += random.pick(kAlphabet);
    }
    for (const RawPair& pair : split_query(raw)) {
      for (const ValueKind kind : {ValueKind::kText, ValueKind::kDate}) {
        const auto value = decode_value(pair.name, pair.raw_value, kind);
        if (const auto* text = std::get_if<std::string>(&value)) {
          ASSERT_LE(text->size(), pair.raw_value.size());
        }
      }
    }
  }
}

}  // namespace
}  // namespace minuted::render
