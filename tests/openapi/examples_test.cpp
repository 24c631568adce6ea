// Promise: every example of the API's document is what the daemon answers, byte for byte; in an answer of
// a window up to now all but its times. With MINUTED_WRITE_EXAMPLES=1 the answers are written instead,
// and the next build puts them into the document.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "openapi/documented_daemon.hpp"

namespace minuted::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string file_of(const std::string& name, const Answer& answer) {
  const std::string whole = answer.header("content-type");
  const std::string type = whole.substr(0, whole.find(';'));
  return name + (type == "text/csv"               ? ".csv"
                 : type == "application/x-ndjson" ? ".ndjson"
                                                  : ".json");
}

// Times depend on when the test runs, and cursors on the store's secret.
std::string without_what_varies(const std::string& text) {
  static const std::regex kTimes(R"re("(ts|start|end)":\d+)re");
  static const std::regex kCursors(R"re("nextCursor":"[\w-]+")re");
  return std::regex_replace(std::regex_replace(text, kTimes, "\"$1\":0"), kCursors, "\"nextCursor\":\"\"");
}

Answer answer_to(DocumentedDaemon& daemon, const json::object& request) {
  const std::string line(request.at("request").as_string());
  const std::size_t blank = line.find(' ');
  HeaderList headers;
  if (!request.contains("token")) headers.emplace_back("Authorization", "Bearer " + daemon.token());
  for (const auto& [name, field] : {std::pair{"key", "Idempotency-Key"}, {"accept", "Accept"}}) {
    if (const auto* value = request.if_contains(name)) headers.emplace_back(field, value->as_string());
  }
  std::string body;
  if (const auto* value = request.if_contains("body")) {
    const auto* type = request.if_contains("type");
    headers.emplace_back("Content-Type", type != nullptr ? std::string(type->as_string())
                                                         : std::string("application/json"));
    body = value->is_string() ? std::string(value->as_string()) : json::serialize(*value);
  }
  return daemon.client().request(line.substr(0, blank), line.substr(blank + 1), body, headers);
}

TEST(OpenApiExamplesTest, AreWhatTheDaemonAnswers) {
  DocumentedDaemon daemon;
  const fs::path folder = fs::path(MINUTED_OPENAPI_DIR) / "examples";
  const bool write = std::getenv("MINUTED_WRITE_EXAMPLES") != nullptr;
  std::set<std::string> files{"requests.json"};
  const json::value requests = json::parse(text_of(folder / "requests.json"));
  for (const json::value& value : requests.as_array()) {
    const json::object& request = value.as_object();
    const std::string name(request.at("name").as_string());
    const Answer answer = answer_to(daemon, request);
    EXPECT_EQ(answer.status, request.at("status").as_int64()) << name << ": " << answer.body;
    const std::string file = file_of(name, answer);
    EXPECT_TRUE(files.insert(file).second) << "two examples are called " << name;
    if (write) {
      std::ofstream(folder / file, std::ios::binary) << answer.body;
    } else if (request.contains("varies")) {
      EXPECT_EQ(without_what_varies(text_of(folder / file)), without_what_varies(answer.body)) << file;
    } else {
      EXPECT_EQ(text_of(folder / file), answer.body) << file;
    }
  }
  for (const auto& entry : fs::directory_iterator(folder)) {
    EXPECT_TRUE(files.contains(entry.path().filename().string()))
        << entry.path() << " is no answer to any request";
  }
}

// An operation without one is the page itself, or changes from run to run.
TEST(OpenApiExamplesTest, EveryOperationHasOne) {
  const std::set<std::string> kNone{"metrics", "document", "page", "style"};
  DocumentedDaemon daemon;
  for (const Operation& operation : daemon.operations()) {
    const std::string id(operation.source.at("operationId").as_string());
    bool any = false;
    for (const auto& [type, media] :
         operation.source.at("responses").at("200").at("content").as_object()) {
      any = any || media.as_object().contains("examples");
    }
    EXPECT_EQ(any, !kNone.contains(id)) << id;
  }
}

}  // namespace
}  // namespace minuted::test
