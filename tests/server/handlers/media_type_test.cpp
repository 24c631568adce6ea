// A `Content-Type` taken apart (RFC 9110, section 8.3.1).
#include "handlers/media_type.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace minuted::http {
namespace {

TEST(MediaTypeTest, TypeAndCharsetAreRead) {
  struct Case {
    std::string_view value;
    std::string_view type;
    std::string_view charset;
  };
  for (const Case& one : std::vector<Case>{
           {"application/json", "application/json", ""},
           {" application/json\t", "application/json", ""},
           {"Application/JSON;charset=utf-8", "Application/JSON", "utf-8"},
           {"application/json ; charset=UTF-8 ; x=y", "application/json", "UTF-8"},
           {"application/json; CharSet=\"utf-8\"", "application/json", "utf-8"},
           {"application/json; charset=\"u\\tf\\\"8\"", "application/json", "utf\"8"},
           {"application/json; x=\"a;charset=b\"; charset=c", "application/json", "c"},
           {"application/json;", "application/json", ""},
           {"application/json;;charset=c;", "application/json", "c"},
           {"application/vnd.x+json; charset=\"\"", "application/vnd.x+json", ""},
           {"application/json; charset=a; charset=b", "application/json", "b"},
       }) {
    const auto media = parse_media_type(one.value);
    ASSERT_TRUE(media) << one.value;
    EXPECT_EQ(media->type, one.type) << one.value;
    EXPECT_EQ(media->charset, one.charset) << one.value;
  }
}

TEST(MediaTypeTest, WhatIsNoneIsNotGuessedAt) {
  for (const std::string_view value :
       {"", " ", ";", "json", "/json", "application/", "application /json", "application/json x",
        "application/json, text/plain", "application/js/on", "application/json; charset",
        "application/json; charset=", "application/json; =utf-8", "application/json; charset=a b",
        "application/json; charset=\"utf-8", "application/json; charset=\"utf-8\\",
        "application/json; charset=\"utf-8\"x", "application/json; char set=x",
        "applic\xC3\xA9/json"}) {
    EXPECT_FALSE(parse_media_type(value)) << value;
  }
}

}  // namespace
}  // namespace minuted::http
