// Promise: /docs has every operation, links only to what is there, and loads nothing from elsewhere; what
// is the same still is not sent again.
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "openapi/documented_daemon.hpp"

namespace minuted::test {
namespace {

std::set<std::string> all(const std::string& text, const std::string& form) {
  const std::regex regex(form);
  std::set<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at) {
    found.insert((*at)[1]);
  }
  return found;
}

TEST(OpenApiPageTest, HasEveryOperationAndLinksToWhatIsThere) {
  DocumentedDaemon daemon;
  const Answer page = daemon.client().get("/docs");
  ASSERT_EQ(page.status, 200U);
  EXPECT_EQ(page.header("content-type"), "text/html; charset=utf-8");
  const std::set<std::string> ids = all(page.body, R"re( id="([^"]+)")re");
  for (const Operation& operation : daemon.operations()) {
    EXPECT_TRUE(ids.contains(std::string(operation.source.at("operationId").as_string())));
  }
  for (const std::string& link : all(page.body, R"re( href="#([^"]+)")re")) {
    EXPECT_TRUE(ids.contains(link)) << link;
  }
}

TEST(OpenApiPageTest, LoadsNothingFromElsewhere) {
  DocumentedDaemon daemon;
  const Answer page = daemon.client().get("/docs");
  EXPECT_NE(page.header("content-security-policy").find("default-src 'none'"), std::string::npos);
  EXPECT_EQ(page.body.find("<script"), std::string::npos);
  EXPECT_EQ(all(page.body, R"re( (src|style|onload|onclick)=)re"), std::set<std::string>());
  for (const std::string& link : all(page.body, R"re( href="([^#"][^"]*)")re")) {
    EXPECT_EQ(daemon.client().get("/" + link).status, 200U) << link;
  }
  const Answer style = daemon.client().get("/docs/style.css");
  EXPECT_EQ(style.header("content-type"), "text/css; charset=utf-8");
  EXPECT_EQ(all(style.body, "(url\\(|@import)"), std::set<std::string>());
}

TEST(OpenApiPageTest, WhatIsTheSameStillIsNotSentAgain) {
  DocumentedDaemon daemon;
  for (const char* path : {"/openapi.json", "/docs", "/docs/style.css"}) {
    const Answer first = daemon.client().get(path);
    const std::string etag = first.header("etag");
    ASSERT_TRUE(etag.starts_with("W/\"")) << etag;
    EXPECT_NE(first.header("cache-control").find("max-age="), std::string::npos);
    for (const std::string& known : {etag, etag.substr(2), "\"other\", " + etag, std::string("*")}) {
      const Answer again = daemon.client().get(path, {{"If-None-Match", known}});
      EXPECT_EQ(again.status, 304U) << path << ' ' << known;
      EXPECT_EQ(again.header("etag"), etag);
      EXPECT_EQ(again.body, "");
      EXPECT_EQ(again.header("content-length"), "");
    }
    const Answer changed = daemon.client().get(path, {{"If-None-Match", "W/\"other\""}});
    EXPECT_EQ(changed.status, 200U);
    EXPECT_EQ(changed.body, first.body);
    const Answer packed = daemon.client().get(path, {{"Accept-Encoding", "gzip"}});
    EXPECT_EQ(packed.header("content-encoding"), "gzip");
    EXPECT_LT(packed.body.size(), first.body.size() / 2);
  }
}

TEST(OpenApiPageTest, TheDocumentHasTheDaemonsVersion) {
  DocumentedDaemon daemon;
  EXPECT_EQ(daemon.document().at("info").at("version").as_string(), MINUTED_TEST_VERSION);
}

}  // namespace
}  // namespace minuted::test
