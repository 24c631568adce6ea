// Promise: the numbers in the document are the constants of the code.
#include <gtest/gtest.h>

#include <string>

#include "http/limits.hpp"
#include "http/route.hpp"
#include "minuted/event.hpp"
#include "minuted/nodes.hpp"
#include "openapi/documented_daemon.hpp"
#include "render/fields.hpp"
#include "render/minute_params.hpp"
#include "render/node_params.hpp"
#include "render/storage_params.hpp"

namespace minuted::test {
namespace {

namespace json = boost::json;

class OpenApiLimitsTest : public testing::Test {
 protected:
  json::value at(const std::string& pointer) const {
    return json::value(daemon_.document()).at_pointer("/components" + pointer);
  }
  std::uint64_t number(const std::string& pointer) const {
    return at(pointer).to_number<std::uint64_t>();
  }
  std::string property(const std::string& schema, const std::string& name) const {
    return "/schemas/" + schema + "/properties/" + name;
  }

  DocumentedDaemon daemon_;
};

TEST_F(OpenApiLimitsTest, OfTextsAreTheCodes) {
  EXPECT_EQ(number("/schemas/Id/maxLength"), kIdBytesMax);
  EXPECT_EQ(number(property("Event", "id/maxLength")), kEventIdBytesMax);
  for (const char* fact : {"endpoint", "region", "storageType", "provider", "version"}) {
    EXPECT_EQ(number(property("NodeFacts", fact) + "/maxLength"), kNodeFactBytesMax) << fact;
  }
  for (const char* field : {"status", "ip"}) {
    EXPECT_EQ(number(property("Heartbeat", field) + "/maxLength"), kNodeStatusBytesMax) << field;
  }
  for (const char* fact : {"workspace", "provider"}) {
    EXPECT_EQ(number(property("RepoFacts", fact) + "/maxLength"), kIdBytesMax) << fact;
  }
}

TEST_F(OpenApiLimitsTest, OfNumbersAreTheCodes) {
  EXPECT_EQ(number(property("Event", "upl_bytes/maximum")), kBytesMax);
  EXPECT_EQ(number(property("Event", "dwl_bytes/maximum")), kBytesMax);
  EXPECT_EQ(number(property("Event", "latency_ms/maximum")) * 1000, kLatencyUsMax);
  EXPECT_EQ(number(property("Heartbeat", "latency_ms/maximum")) * 1000, kLatencyUsMax);
  EXPECT_EQ(number("/parameters/limit/schema/maximum"), render::kLimitMax);
  EXPECT_EQ(number("/parameters/seriesLimit/schema/maximum"), render::kSeriesLimitMax);
  EXPECT_EQ(number("/parameters/seriesLimit/schema/default"), render::kSeriesLimitDefault);
  EXPECT_EQ(number("/parameters/entityLimit/schema/maximum"), render::kEntitiesMax);
  EXPECT_EQ(number("/parameters/entityLimit/schema/default"), render::kEntitiesDefault);
}

TEST_F(OpenApiLimitsTest, OfBodiesInWordsAreTheCodes) {
  EXPECT_EQ(http::Limits{}.body_bytes_max, 32U << 20);
  EXPECT_EQ(http::kSmallBodyBytesMax, 64U << 10);
  EXPECT_EQ(http::kIgnoredBodyBytesMax, 64U << 10);
  for (const Operation& operation : daemon_.operations()) {
    const json::value* body = operation.source.if_contains("requestBody");
    if (body == nullptr) continue;
    const std::string said(body->at("description").as_string());
    EXPECT_NE(said.find(operation.path == "/events" ? "32 MiB" : "64 KiB"), said.npos)
        << operation.path;
  }
}

TEST_F(OpenApiLimitsTest, ColumnsAreTheCodes) {
  const json::value fields = at("/schemas/Field/enum");
  ASSERT_EQ(fields.as_array().size(), render::field_names().size());
  for (std::size_t i = 0; i < render::field_names().size(); ++i) {
    EXPECT_EQ(std::string(fields.at(i).as_string()), render::field_names()[i]);
  }
}

}  // namespace
}  // namespace minuted::test
