// Promise: the document's error codes, with their statuses, are those of the source: no code is given that
// it does not name, and it names none that nothing gives.
#include <gtest/gtest.h>

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

// `413 body_too_large`, …
std::set<std::string> codes_in_source() {
  // A status and a code, in a call or in a table; a challenge, which is a 401, and what is wrong with a
  // body, which is a 400; the codes that have names.
  static const std::regex kPair(R"re(\b(\d{3}),\s*"([a-z]+(?:_[a-z]+)*)")re");
  static const std::regex kChallenge(R"re(unauthorized\(\s*"([a-z_]+)")re");
  static const std::regex kBody(R"re((?:BodyError\{|return \{|kCode = )"([a-z]+_[a-z_]+)")re");
  std::set<std::string> found;
  const auto take = [&](const std::string& text, const std::regex& form, const std::string& status) {
    for (std::sregex_iterator at(text.begin(), text.end(), form), end; at != end; ++at) {
      found.insert(status.empty() ? (*at)[1].str() + ' ' + (*at)[2].str() : status + ' ' + (*at)[1].str());
    }
  };
  for (const char* folder : {"server", "engine/json"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(MINUTED_SOURCE_DIR) / folder)) {
      if (entry.path().extension() != ".cpp" && entry.path().extension() != ".hpp") continue;
      std::ifstream in(entry.path());
      const std::string text{std::istreambuf_iterator<char>(in), {}};
      take(text, kPair, "");
      if (std::string_view(folder) == "server") take(text, kChallenge, "401");
      if (std::string_view(folder) != "server") take(text, kBody, "400");
    }
  }
  return found;
}

TEST(OpenApiCodesTest, AreTheSources) {
  std::set<std::string> found = codes_in_source();
  // Through names, and through a verdict: looked at by hand.
  for (const char* code : {"400 invalid_parameter", "403 insufficient_scope",
                           "503 too_many_connections", "503 too_many_from_address"}) {
    found.insert(code);
  }
  // Only opening a store gives it, before anything is served; a mapping for what has no name.
  found.erase("503 locked");
  DocumentedDaemon daemon;
  std::set<std::string> documented;
  const json::value codes =
      json::value(daemon.document()).at_pointer("/components/schemas/ErrorCode/oneOf");
  for (const json::value& one : codes.as_array()) {
    documented.insert(std::string(one.at("title").as_string()) + ' ' +
                      std::string(one.at("const").as_string()));
  }
  EXPECT_EQ(documented, found);
}

}  // namespace
}  // namespace minuted::test
