// Promise: a page reads what the operator said it may, and no cache hands one page's answer to another.
#include "http/cors.hpp"

#include <gtest/gtest.h>

namespace minuted::http {
namespace {

constexpr std::string_view kExposed =
    "\r\nAccess-Control-Expose-Headers: Allow, Date, Retry-After, WWW-Authenticate";

std::string allowed(const std::string& origin) {
  return "\r\nAccess-Control-Allow-Origin: " + origin + std::string(kExposed);
}

TEST(CorsTest, WithoutOriginsNothingIsSaid) {
  const Cors none({});
  EXPECT_EQ(none.lines_for("https://a.example"), "");
  EXPECT_EQ(none.lines_for(std::nullopt), "");
  EXPECT_FALSE(none.allows("https://a.example"));
}

TEST(CorsTest, AnOriginIsNamedToItselfAlone) {
  const Cors cors({"https://b.example", "http://a.example:8080"});
  for (const char* origin : {"https://b.example", "http://a.example:8080"}) {
    EXPECT_EQ(cors.lines_for(origin), allowed(origin) + "\r\nVary: Origin");
    EXPECT_TRUE(cors.allows(origin));
  }
  for (const char* origin : {"", "null", "*", "http://b.example", "https://b.example:443",
                             "https://B.example", "https://b.example.evil", "http://a.example:808",
                             "http://a.example", "https://b.example, http://a.example:8080"}) {
    EXPECT_EQ(cors.lines_for(origin), "\r\nVary: Origin") << origin;
    EXPECT_FALSE(cors.allows(origin)) << origin;
  }
  EXPECT_EQ(cors.lines_for(std::nullopt), "\r\nVary: Origin");
  EXPECT_FALSE(cors.allows(std::nullopt));
}

TEST(CorsTest, AllOriginsGetTheSame) {
  const Cors cors({"https://a.example", "*"});
  EXPECT_EQ(cors.lines_for("https://a.example"), allowed("*"));
  EXPECT_EQ(cors.lines_for("null"), allowed("*"));
  EXPECT_EQ(cors.lines_for(std::nullopt), allowed("*"));
  EXPECT_TRUE(cors.allows("https://b.example"));
  EXPECT_FALSE(cors.allows(std::nullopt));
}

TEST(CorsTest, APreflightLearnsMethodsAndHeaders) {
  Response answer;
  Cors::permit("GET, HEAD, OPTIONS", answer);
  using Header = std::pair<std::string_view, std::string>;
  EXPECT_EQ(answer.headers,
            (std::vector<Header>{
                {"Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"},
                {"Access-Control-Allow-Headers",
                 "Authorization, Content-Encoding, Content-Type, Idempotency-Key"},
                {"Access-Control-Max-Age", "7200"}}));
}

}  // namespace
}  // namespace minuted::http
