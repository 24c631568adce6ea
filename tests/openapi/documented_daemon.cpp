#include "openapi/documented_daemon.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace minuted::test {
namespace {

namespace json = boost::json;

constexpr std::string_view kDayPath = "/bucket/{bucketId}/stats";

std::string make_token(const std::string& file) {
  const Finished made = run_daemon_program(
      {"token", "create", "--tokens", file, "--name", "all", "--scope", "ingest,read,admin"});
  EXPECT_EQ(made.exit_code, 0) << made.output;
  std::string text = made.output.substr(0, made.output.find_last_not_of('\n') + 1);
  return text.substr(text.rfind('\n') + 1);
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  return out;
}

}  // namespace

std::string Operation::filled_path() const {
  std::string out = path;
  for (std::size_t at = out.find('{'); at != out.npos; at = out.find('{')) {
    const std::size_t end = out.find('}', at);
    out.replace(at, end + 1 - at, out.substr(at, end + 1 - at) == "{by}" ? "repos" : "x");
  }
  return out;
}

DocumentedDaemon::DocumentedDaemon()
    : token_(make_token(dir_.path() + "/tokens")),
      daemon_(dir_.path() + "/data",
              // Nobody reads what it logs of each refusal, and a full pipe would stop it.
              {"--tokens", dir_.path() + "/tokens", "--retention", "raw=36500d", "--log-level",
               "error"}),
      client_(daemon_.port()) {
  // Without a token: it is open to all.
  const Answer answer = client_.get("/openapi.json");
  EXPECT_EQ(answer.status, 200U);
  document_ = json::parse(answer.body).as_object();
  for (const auto& [path, methods] : document_.at("paths").as_object()) {
    for (const auto& [method, source] : methods.as_object()) {
      Operation operation{upper(method), std::string(path), source.as_object(), {}};
      if (const auto* list = operation.source.if_contains("parameters")) {
        for (const json::value& one : list->as_array()) operation.parameters.push_back(resolved(one));
      }
      operations_.push_back(std::move(operation));
    }
  }
}

json::object DocumentedDaemon::resolved(const json::value& value) const {
  const json::value* reference = value.as_object().if_contains("$ref");
  if (reference == nullptr) return value.as_object();
  const std::string pointer = std::string(reference->as_string()).substr(1);
  return json::value(document_).at_pointer(pointer).as_object();
}

Answer DocumentedDaemon::ask(const Operation& operation, const std::string& query) {
  const std::string body = !operation.source.contains("requestBody") ? ""
                           : operation.path == kDayPath             ? R"({"day":"2024-02-01"})"
                           : operation.path == "/events"            ? "[]"
                                                                    : "{}";
  HeaderList headers{{"Authorization", "Bearer " + token_}};
  Answer answer = client_.request(operation.method, operation.filled_path() + query, body, headers);
  expect_documented(operation, answer);
  return answer;
}

void DocumentedDaemon::expect_documented(const Operation& operation, const Answer& answer) const {
  const std::string what = operation.method + ' ' + operation.path + ": " + answer.body;
  const json::value* response =
      operation.source.at("responses").as_object().if_contains(std::to_string(answer.status));
  ASSERT_NE(response, nullptr) << answer.status << ' ' << what;
  if (answer.status < 400) return;
  const json::value known = json::value(resolved(*response))
                                .at_pointer("/content/application~1json/schema/properties/error_code/enum");
  const json::value code(refused(answer).code);
  EXPECT_TRUE(std::find(known.as_array().begin(), known.as_array().end(), code) !=
              known.as_array().end())
      << answer.status << ' ' << what;
}

Refused refused(const Answer& answer) {
  if (answer.status < 400) return {};
  const json::value said = json::parse(answer.body);
  return {std::string(said.at("error_code").as_string()),
          std::string(said.at("message").as_string())};
}

}  // namespace minuted::test
