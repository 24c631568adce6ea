// The table of routes: who answers, and what 405 and OPTIONS say.
#include "http/route.hpp"

#include <gtest/gtest.h>

#include <array>

namespace minuted::http {
namespace {

using enum Method;

constexpr auto route(Method method, std::string_view path) {
  return Route{method, path, auth::Need::kNothing, BodyRule::kIgnored, nullptr, nullptr};
}
constexpr std::array kRoutes = {route(kPost, "/events"), route(kGet, "/events"),
                                route(kPut, "/repos"), route(kGet, "/livez"),
                                route(kDelete, "/repos/{repoId}"),
                                route(kPut, "/a/{b}/c/{d}")};

TEST(RouteTest, MethodAndPathDecide) {
  EXPECT_EQ(find_route(kRoutes, kPost, "/events"), 0U);
  EXPECT_EQ(find_route(kRoutes, kGet, "/events"), 1U);
  EXPECT_EQ(find_route(kRoutes, kPut, "/repos"), 2U);
  EXPECT_EQ(find_route(kRoutes, kGet, "/livez"), 3U);
}

TEST(RouteTest, ASegmentInBracesIsAnyThatIsNotEmpty) {
  EXPECT_EQ(find_route(kRoutes, kDelete, "/repos/x"), 4U);
  EXPECT_EQ(find_route(kRoutes, kDelete, "/repos/%2F"), 4U);
  EXPECT_EQ(find_route(kRoutes, kPut, "/a/{/c/}"), 5U);
  for (const char* path : {"/repos", "/repos/", "/repos/x/", "/repos/x/y", "/repo/x"}) {
    EXPECT_EQ(find_route(kRoutes, kDelete, path), std::nullopt) << path;
  }
  for (const char* path : {"/a//c/d", "/a/b/c/", "/a/b/c", "/a/b/cc/d", "/a/b/c/d/e"}) {
    EXPECT_EQ(find_route(kRoutes, kPut, path), std::nullopt) << path;
  }
  EXPECT_EQ(allowed_methods(kRoutes, "/repos/x"), "DELETE, OPTIONS");
}

TEST(RouteTest, HeadFindsTheRouteOfGet) {
  EXPECT_EQ(find_route(kRoutes, kHead, "/events"), 1U);
  EXPECT_EQ(find_route(kRoutes, kHead, "/repos"), std::nullopt);
}

TEST(RouteTest, TheNearestPathIsTheOneWithTheFewestEdits) {
  EXPECT_EQ(nearest_path(kRoutes, "/event"), "/events");
  EXPECT_EQ(nearest_path(kRoutes, "/api/v1/events"), "/events");
  EXPECT_EQ(nearest_path(kRoutes, "/EVENTS"), "/events");
  EXPECT_EQ(nearest_path(kRoutes, "/repo/a-long-id-of-somebody"), "/repos/{repoId}");
  EXPECT_EQ(nearest_path(kRoutes, "/a/x/b/y"), "/a/{b}/c/{d}");
  EXPECT_EQ(nearest_path(kRoutes, "/a/" + std::string(10'000, 'x')), "/a/{b}/c/{d}");
  for (const char* path : {"", "/", "*", "//", "/{", "x"}) {
    EXPECT_NE(nearest_path(kRoutes, path), "") << path;
  }
}

TEST(RouteTest, NothingElseIsFound) {
  EXPECT_EQ(find_route(kRoutes, kPut, "/events"), std::nullopt);
  EXPECT_EQ(find_route(kRoutes, kOther, "/events"), std::nullopt);
  EXPECT_EQ(find_route(kRoutes, kOptions, "/events"), std::nullopt);
  for (const char* path : {"", "/", "/event", "/events/", "/Events", "/livez?", "*"}) {
    EXPECT_EQ(find_route(kRoutes, kGet, path), std::nullopt) << path;
  }
  EXPECT_EQ(find_route({}, kGet, "/livez"), std::nullopt);
}

TEST(RouteTest, AllowedMethodsAreThoseOfThePath) {
  EXPECT_EQ(allowed_methods(kRoutes, "/events"), "POST, GET, HEAD, OPTIONS");
  EXPECT_EQ(allowed_methods(kRoutes, "/repos"), "PUT, OPTIONS");
  EXPECT_EQ(allowed_methods(kRoutes, "/livez"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(allowed_methods(kRoutes, "/other"), "");
}

}  // namespace
}  // namespace minuted::http
