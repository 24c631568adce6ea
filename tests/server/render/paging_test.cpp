// Promise: a cursor leads to the row after its page's last one, whatever the ids, and a cursor that
// does not belong to the query is refused.
#include <gtest/gtest.h>

#include <string>

#include "render/base64url.hpp"
#include "render/minute_params.hpp"
#include "render/page_cursor.hpp"
#include "support/random.hpp"

namespace minuted::render {
namespace {

constexpr Millis kNow{1'707'568'496'789};
constexpr SecretKey kKey{1, 2, 3};

MinuteParams params_of(const std::string& query, Span span = Span::kMinute, Millis now = kNow) {
  auto parsed = parse_minute_params(query, now, kKey, span);
  if (const auto* error = std::get_if<ParameterError>(&parsed)) {
    ADD_FAILURE() << query << ": " << error->message;
    return {};
  }
  return std::move(std::get<MinuteParams>(parsed));
}

std::string refusal_of(const std::string& query, Span span = Span::kMinute) {
  auto parsed = parse_minute_params(query, kNow, kKey, span);
  const auto* error = std::get_if<ParameterError>(&parsed);
  return error ? std::string(error->code) + ": " + error->message : "accepted";
}

std::string cursor_after(const std::string& query, Span span = Span::kMinute) {
  const MinuteParams params = params_of(query, span);
  return encode_cursor({params.spec.range, params.query_hash, {"r", "b", {28'000'000}, "h"}}, kKey);
}

TEST(Base64UrlTest, KnownTextsBothWays) {
  // RFC 4648, section 10, without padding; the last two have the digits that differ from base64.
  const std::pair<std::string, std::string> kCases[] = {
      {"", ""},         {"f", "Zg"},         {"fo", "Zm8"},         {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "-_8"}};
  for (const auto& [bytes, text] : kCases) {
    EXPECT_EQ(to_base64url(bytes), text);
    EXPECT_EQ(from_base64url(text), bytes);
  }
}

TEST(Base64UrlTest, WhatCannotHaveBeenMadeIsRefused) {
  for (const char* text : {"Z", "Zg==", "Zh", "Z m8", "Zm9", "+/8", "Zm9vYg\n"}) {
    EXPECT_EQ(from_base64url(text), std::nullopt) << text;
  }
}

TEST(PageCursorTest, RandomCursorsComeBack) {
  test::Random random;
  for (int i = 0; i < 2000; ++i) {
    const auto minute = [&] {
      return Minute{static_cast<std::uint32_t>(random.below(kMinuteMax.value + 1ULL))};
    };
    const PageCursor cursor{
        {minute(), minute()}, random.bits(), {random.id(), random.id(), minute(), random.id()}};
    const std::string text = encode_cursor(cursor, kKey);
    EXPECT_EQ(decode_cursor(text, kKey), cursor);
    EXPECT_EQ(decode_cursor(text.substr(0, random.below(text.size())), kKey).has_value() &&
                  decode_cursor(text.substr(0, 12), kKey).has_value(),
              false);
  }
}

// With the tag of Python's hmac.new(key, bytes, "sha256").digest()[:16].
TEST(PageCursorTest, GoldenTextOfVersion2) {
  EXPECT_EQ(encode_cursor({{{1}, {2}}, 3, {"repo", "bucket", {258}, "host"}}, kKey),
            "AgAAAAEAAAACAAAAAAAAAANyZXBvAGJ1Y2tldAAAAAECaG9zdMeEBG32lVE-5xWiMJWv1cE");
}

// One changed character, any of them, anywhere: of rows and of series alike.
TEST(PageCursorTest, AnyOtherTextIsRefused) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.";
  for (const PageCursor& cursor :
       {PageCursor{{{1}, {2}}, 3, {"repo", "bucket", {258}, "host"}},
        PageCursor{{{0}, {kMinuteMax.value + 1}}, 3, {"r", "b", {0}, "h"}}}) {
    const std::string text = encode_cursor(cursor, kKey);
    for (std::size_t at = 0; at < text.size(); ++at) {
      for (const char digit : kDigits) {
        std::string other = text;
        other[at] = digit;
        EXPECT_EQ(decode_cursor(other, kKey).has_value(), other == text) << other;
      }
      EXPECT_EQ(decode_cursor(text.substr(0, at), kKey), std::nullopt);
    }
    EXPECT_EQ(decode_cursor(text + "A", kKey), std::nullopt);
    EXPECT_EQ(decode_cursor(text, SecretKey{1, 2, 4}), std::nullopt) << "of another store";
  }
}

TEST(PageCursorTest, ACursorWithoutATagAsOfVersion1IsRefused) {
  EXPECT_EQ(decode_cursor("AQAAAAEAAAACAAAAAAAAAANyZXBvAGJ1Y2tldAAAAAECaG9zdA", kKey), std::nullopt);
}

TEST(PageCursorTest, DamagedTextIsNoCursor) {
  for (const std::string& text :
       {std::string("abc"), std::string("%"), to_base64url("\x03" + std::string(40, 'a')),
        to_base64url("\x02" + std::string(16, '\xff') + std::string("r\0b\0\0\0\0\1h", 9))}) {
    EXPECT_EQ(decode_cursor(text, kKey), std::nullopt) << text;
  }
}

TEST(PagingTest, LimitIsAWholeNumberInRange) {
  EXPECT_EQ(params_of("").limit, std::nullopt);
  EXPECT_EQ(params_of("limit=").limit, std::nullopt);
  EXPECT_EQ(params_of("limit=1").limit, 1U);
  EXPECT_EQ(params_of("limit=1000000").limit, kLimitMax);
  for (const char* value : {"0", "-1", "1000001", "1.5", "ten", "1e3", "99999999999999999999"}) {
    EXPECT_EQ(refusal_of(std::string("limit=") + value),
              "invalid_parameter: limit \"" + std::string(value) +
                  "\" is not a number of rows; give a whole number from 1 to 1000000");
  }
  EXPECT_EQ(refusal_of("limit=1&limit=2"),
            "invalid_parameter: limit is given twice, as \"1\" and \"2\"; give one value");
}

TEST(PagingTest, ACursorGoesOnInItsOwnRange) {
  const std::string query = "repoId=r,q&hosts=h";
  const std::string cursor = cursor_after(query);
  // A day later: without the cursor the default range would have moved.
  const MinuteParams next = params_of(query + "&cursor=" + cursor, Span::kMinute,
                                      Millis{kNow.value + kMillisPerDay});
  EXPECT_EQ(next.spec.range, params_of(query).spec.range);
  EXPECT_EQ(next.spec.after, (RowKey{"r", "b", {28'000'000}, "h"}));
  // The same filters in another order, another page size.
  EXPECT_EQ(refusal_of("hosts=h&limit=7&repoId=q&repoId=r&cursor=" + cursor), "accepted");
}

TEST(PagingTest, ACursorOfAnotherQueryIsRefused) {
  const std::string cursor = cursor_after("repoId=r&startDate=2024-02-01");
  for (const char* query :
       {"repoId=q&startDate=2024-02-01", "repoId=r", "bucketId=r&startDate=2024-02-01",
        "repoId=r&startDate=2024-02-02", "repoId=r&startDate=2024-02-01&endDate=2024-02-01",
        "repoId=r&startDate=2024-02-01T00:00Z", "repoId=r&hosts=h&startDate=2024-02-01"}) {
    EXPECT_EQ(refusal_of(std::string(query) + "&cursor=" + cursor),
              "invalid_parameter: cursor " + shorten(cursor) +
                  " is of another query; give it with the parameters of the page before, or leave "
                  "it out to begin anew")
        << query;
  }
  EXPECT_NE(refusal_of("repoId=r&startDate=2024-02-01&cursor=" + cursor, Span::kHour), "accepted");
}

TEST(PagingTest, ACursorOfGroupsNamesWhatTheyKeep) {
  const std::string kept[] = {"", "repo", "bucket", "host", "repo,bucket", "repo,host", "bucket,host"};
  for (const std::string& mine : kept) {
    const MinuteParams params = params_of("groupBy=" + mine);
    const auto id = [&](const char* name) {
      return std::string(mine.find(name) == mine.npos ? "" : name);
    };
    const RowKey last{id("repo"), id("bucket"), {28'000'000}, id("host")};
    const std::string cursor =
        "&cursor=" + encode_cursor({params.spec.range, params.query_hash, last}, kKey);
    EXPECT_EQ(params_of("groupBy=" + mine + cursor).spec.after, last) << mine;
    for (const std::string& other : kept) {
      EXPECT_EQ(refusal_of("groupBy=" + other + cursor) == "accepted", other == mine) << other;
    }
    EXPECT_NE(refusal_of(cursor), "accepted");
  }
}

TEST(PagingTest, ACursorThatNamesNoRowIsRefused) {
  for (const char* query : {"", "groupBy=repo,bucket"}) {
    const MinuteParams params = params_of(query);
    for (const RowKey& key : {RowKey{"", "b", {1}, "h"}, RowKey{"r", "", {1}, "h"},
                              RowKey{"r", "b", {1}, query[0] == '\0' ? "" : "h"}}) {
      const std::string cursor = encode_cursor({params.spec.range, params.query_hash, key}, kKey);
      EXPECT_EQ(refusal_of(std::string(query) + "&cursor=" + cursor),
                "invalid_parameter: cursor " + shorten(cursor) +
                    " names no row of this query; give the nextCursor of the page before, as it "
                    "was");
    }
  }
}

TEST(PagingTest, WhatIsNoCursorIsRefused) {
  EXPECT_EQ(refusal_of("cursor=abc"),
            "invalid_parameter: cursor \"abc\" is not one of ours; give the nextCursor of the page "
            "before, as it was");
}

}  // namespace
}  // namespace minuted::render
