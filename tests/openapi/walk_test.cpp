// Promise: what the document says there is, there is, and what there is, it says: routes, who may ask,
// bodies, parameters, values and their limits. Walked against the daemon and its table of routes.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <vector>

#include "handlers/routes.hpp"
#include "openapi/documented_daemon.hpp"

namespace minuted::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::string name_of(const Operation& operation) { return operation.method + ' ' + operation.path; }
std::string name_of(const http::Route& route) {
  return std::string(to_string(route.method)) + ' ' + std::string(route.path);
}

std::string need_of(const http::Route& route) {
  switch (route.need) {
    case auth::Need::kNothing: return "";
    case auth::Need::kIngest: return "ingest";
    case auth::Need::kRead: return "read";
    case auth::Need::kAdmin: return "admin";
    case auth::Need::kAdminOfAll: return "admin for all repos";
    case auth::Need::kMetrics: return "admin, or read for all repos";
  }
  return "?";
}

// Every name in any table of query parameters.
std::set<std::string> names_in_tables() {
  static const std::regex kRow(R"re(\{"(\w+)", ValueKind::)re");
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(fs::path(MINUTED_SOURCE_DIR) / "server/render")) {
    std::ifstream in(entry.path());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    for (std::sregex_iterator at(text.begin(), text.end(), kRow), end; at != end; ++at) {
      names.insert((*at)[1]);
    }
  }
  return names;
}

std::set<std::string> documented_query(const Operation& operation) {
  std::set<std::string> names;
  for (const json::object& one : operation.parameters) {
    if (one.at("in") == "query") names.emplace(one.at("name").as_string());
  }
  return names;
}

// What the operation cannot do without, but for `but`.
std::string required_query(const Operation& operation, const std::string& but = {}) {
  std::string query = "?";
  for (const json::object& one : operation.parameters) {
    const std::string name(one.at("name").as_string());
    if (one.at("in") != "query" || name == but) continue;
    if (one.contains("required")) {
      query += name + "=" + std::string(one.at("schema").at("enum").at(0).as_string()) + "&";
    }
    if (name == "id") query += "id=x&";
  }
  return query;
}

// The same as a query of its own: of a deletion an empty one is refused.
std::string least_query(const Operation& operation) {
  const std::string query = required_query(operation);
  return query == "?" ? "" : query;
}

TEST(OpenApiWalkTest, HasEveryRouteAndNoOther) {
  DocumentedDaemon daemon;
  std::set<std::string> documented;
  for (const Operation& operation : daemon.operations()) documented.insert(name_of(operation));
  std::set<std::string> routed;
  for (const http::Route& route : http::routes()) routed.insert(name_of(route));
  EXPECT_EQ(documented, routed);
}

TEST(OpenApiWalkTest, SaysWhoMayAskAndWhatHasABody) {
  DocumentedDaemon daemon;
  std::map<std::string, const Operation*> documented;
  for (const Operation& operation : daemon.operations()) documented[name_of(operation)] = &operation;
  for (const http::Route& route : http::routes()) {
    ASSERT_TRUE(documented.contains(name_of(route))) << name_of(route);
    const json::object& source = documented.at(name_of(route))->source;
    const json::value* needs = source.if_contains("x-needs");
    EXPECT_EQ(needs == nullptr ? "" : std::string(needs->as_string()), need_of(route))
        << name_of(route);
    // A deletion's body is looked at to refuse it.
    const bool takes_body = route.body != http::BodyRule::kIgnored && route.method != http::Method::kDelete;
    EXPECT_EQ(source.contains("requestBody"), takes_body)
        << name_of(route);
    EXPECT_EQ(source.contains("security"), route.need == auth::Need::kNothing) << name_of(route);
  }
}

TEST(OpenApiWalkTest, EveryOperationAnswersAsDocumented) {
  DocumentedDaemon daemon;
  for (const Operation& operation : daemon.operations()) {
    const Answer answer = daemon.ask(operation, least_query(operation));
    EXPECT_EQ(answer.status, 200U) << name_of(operation) << ": " << answer.body;
    const std::string type = answer.header("content-type");
    const json::object& content =
        operation.source.at("responses").at("200").at("content").as_object();
    EXPECT_TRUE(content.contains(type.substr(0, type.find(';')))) << name_of(operation) << type;
    for (const auto& [other, media] : content) {
      if (operation.method != "GET" || content.size() == 1) continue;
      const Answer wanted = daemon.client().get(
          operation.filled_path() + least_query(operation),
          {{"Authorization", "Bearer " + daemon.token()}, {"Accept", std::string(other)}});
      const std::string got = wanted.header("content-type");
      EXPECT_EQ(got.substr(0, got.find(';')), std::string_view(other)) << name_of(operation);
    }
    if (operation.source.contains("security")) continue;
    const Answer refusal =
        daemon.client().request(operation.method, operation.filled_path(), "", {});
    EXPECT_EQ(refusal.status, 401U) << name_of(operation);
    EXPECT_TRUE(operation.source.at("responses").as_object().contains("401"))
        << name_of(operation);
  }
}

// An ill encoded value is a 400 for what an operation knows, and ignored for what it does not.
TEST(OpenApiWalkTest, HasEveryParameterAndNoOther) {
  DocumentedDaemon daemon;
  const std::set<std::string> names = names_in_tables();
  ASSERT_GE(names.size(), 18U);
  // The two share their table; without a breakdown these are read and decide nothing.
  const std::set<std::string> kOfBreakdowns{"includeSeries", "limit", "offset"};
  for (const Operation& operation : daemon.operations()) {
    std::set<std::string> known;
    for (const std::string& name : names) {
      if (operation.path == "/v2/stats/storage" && kOfBreakdowns.contains(name)) continue;
      if (name == "apiKeyId") continue;  // known only to be refused, which the description says
      const Answer answer = daemon.ask(operation, required_query(operation, name) + name + "=%zz");
      if (answer.status == 400 && refused(answer).message.starts_with(name + " ")) known.insert(name);
    }
    EXPECT_EQ(known, documented_query(operation)) << name_of(operation);
  }
}

TEST(OpenApiWalkTest, EveryDocumentedValueIsTakenAndNoOther) {
  DocumentedDaemon daemon;
  int walked = 0;
  for (const Operation& operation : daemon.operations()) {
    for (const json::object& parameter : operation.parameters) {
      const json::value* values = parameter.at("schema").as_object().if_contains("enum");
      if (values == nullptr || parameter.at("in") != "query") continue;
      const std::string name(parameter.at("name").as_string());
      const std::string query = required_query(operation, name) + name + "=";
      for (const json::value& value : values->as_array()) {
        const Answer taken = daemon.ask(operation, query + std::string(value.as_string()));
        EXPECT_EQ(taken.status, 200U) << name_of(operation) << query << value << taken.body;
      }
      const Answer other = daemon.ask(operation, query + "no-such");
      EXPECT_EQ(other.status, 400U) << name_of(operation) << query;
      ++walked;
    }
  }
  EXPECT_GE(walked, 10);
}

TEST(OpenApiWalkTest, EveryDocumentedBoundIsTheDaemons) {
  DocumentedDaemon daemon;
  int walked = 0;
  for (const Operation& operation : daemon.operations()) {
    for (const json::object& parameter : operation.parameters) {
      const json::object& schema = parameter.at("schema").as_object();
      if (!schema.contains("maximum")) continue;
      const std::string name(parameter.at("name").as_string());
      const std::int64_t least = schema.at("minimum").as_int64();
      const auto most = static_cast<std::uint64_t>(schema.at("maximum").as_int64());
      const auto status = [&](const std::string& value) {
        return daemon.ask(operation, required_query(operation) + name + "=" + value).status;
      };
      EXPECT_EQ(status(std::to_string(least)), 200U) << name_of(operation) << name;
      EXPECT_EQ(status(std::to_string(most)), 200U) << name_of(operation) << name;
      EXPECT_EQ(status(std::to_string(least - 1)), 400U) << name_of(operation) << name;
      EXPECT_EQ(status(std::to_string(most + 1)), 400U) << name_of(operation) << name;
      ++walked;
    }
  }
  EXPECT_GE(walked, 6);
}

// What can be got wrong in any request, each tried with every operation.
TEST(OpenApiWalkTest, RefusalsAreDocumented) {
  struct Wrong {
    std::string query;
    std::string body;
    HeaderList headers;
  };
  const std::string json_type = "application/json";
  const std::vector<Wrong> kWrongs{
      {"", "", {{"Authorization", "Basic x"}}},
      {"", "", {{"Authorization", "Bearer nobody"}}},
      {"?" + std::string(9000, 'x'), "", {}},
      {"", "", {{"X-Long", std::string(9000, 'x')}}},
      {"", "", {{"Expect", "something"}}},
      {"", "", {{"Transfer-Encoding", "gzip"}}},
      {"", "", {{"Host", "another"}}},
      {"", "", {{"Accept-Encoding", "identity;q=0"}}},
      {"", "", {{"Accept", "image/png"}}},
      {"", "{", {{"Content-Type", json_type}}},
      {"", "7", {{"Content-Type", json_type}}},
      {"", R"({"day":7,"region":7,"workspace":7,"ip":7})", {{"Content-Type", json_type}}},
      {"", "{}", {{"Content-Type", "text/plain"}}},
      {"", "{}", {{"Content-Encoding", "br"}}},
      {"", "{}", {{"Content-Encoding", "gzip"}}},
      {"", "{}", {{"Idempotency-Key", "two words"}}},
      {"", std::string(70 << 10, 'x'), {}},
      {"?strict=1", "{}", {{"Content-Type", json_type}}},
      {"?startDate=2024-02-01", "", {}},
      {"?unitId=a&bucketId=b", "", {}},
  };
  DocumentedDaemon daemon;
  std::set<std::string> seen;
  const auto attempt = [&](const Operation& operation, const std::string& path, const Wrong& wrong) {
    HeaderList headers = wrong.headers;
    if (headers.empty() || headers.front().first != "Authorization") {
      headers.emplace_back("Authorization", "Bearer " + daemon.token());
    }
    const std::string query =
        wrong.query.empty() ? required_query(operation) : wrong.query + "&" + required_query(operation).substr(1);
    // A connection of its own: after some of these it cannot be used again.
    const Answer answer =
        HttpClient(daemon.port()).request(operation.method, path + query, wrong.body, headers);
    SCOPED_TRACE(wrong.query.substr(0, 40) + " " + wrong.body.substr(0, 40) + " " +
                 (wrong.headers.empty() ? "" : wrong.headers.front().first));
    daemon.expect_documented(operation, answer);
    if (answer.status >= 400) seen.insert(refused(answer).code);
  };
  for (const Operation& operation : daemon.operations()) {
    for (const Wrong& wrong : kWrongs) attempt(operation, operation.filled_path(), wrong);
    const std::regex brace(R"(\{\w+\})");
    attempt(operation, std::regex_replace(operation.path, brace, "%zz"), {"", "{}", {}});
  }
  for (const char* code :
       {"malformed_authorization", "unknown_token", "uri_too_long", "header_too_large",
        "expectation_failed", "bad_framing", "bad_host", "not_acceptable", "malformed_json",
        "wrong_shape", "invalid_field", "unsupported_media_type", "unsupported_encoding",
        "bad_encoding", "invalid_idempotency_key", "body_too_large", "invalid_event",
        "invalid_parameter", "not_found"}) {
    EXPECT_TRUE(seen.contains(code)) << code;
  }
}

// The status is not the daemon's alone: what another method gets is told by Allow.
TEST(OpenApiWalkTest, OtherMethodsAreRefused) {
  DocumentedDaemon daemon;
  std::map<std::string, std::set<std::string>> methods;
  for (const Operation& operation : daemon.operations()) {
    methods[operation.filled_path()].insert(operation.method);
  }
  for (const auto& [path, allowed] : methods) {
    for (const char* method : {"GET", "POST", "PUT", "DELETE"}) {
      if (allowed.contains(method)) continue;
      const Answer answer = daemon.client().request(method, path);
      EXPECT_EQ(answer.status, 405U) << method << path;
      EXPECT_EQ(refused(answer).code, "method_not_allowed");
    }
  }
}

}  // namespace
}  // namespace minuted::test
