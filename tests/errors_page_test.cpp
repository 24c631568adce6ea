// server/ERRORS.md lists every error code that the source can send, with its statuses, and nothing else.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace minuted::test {
namespace {

namespace fs = std::filesystem;
using Codes = std::map<std::string, std::set<std::string>>;  // to their statuses

std::string text_of(const fs::path& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Without comments, and with one space for any blanks.
std::string flowed(const std::string& source) {
  static const std::regex kComment(R"(//[^\n]*)");
  static const std::regex kBlanks(R"(\s+)");
  return std::regex_replace(std::regex_replace(source, kComment, ""), kBlanks, " ");
}

template <class Each>
void for_each_match(const std::string& text, const char* pattern, const Each& each) {
  const std::regex regex(pattern);
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at) each(*at);
}

template <class Each>
void for_each_source(const Each& each) {
  const fs::path root(MINUTED_SOURCE_DIR);
  for (const char* folder : {"server", "engine/json"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const auto extension = entry.path().extension();
      if (extension != ".cpp" && extension != ".hpp") continue;
      each(fs::relative(entry.path(), root).string(), flowed(text_of(entry.path())));
    }
  }
}

// The ways in which the source writes a code down.
Codes codes_of_source() {
  Codes codes;
  for_each_source([&](const std::string&, const std::string& text) {
    for_each_match(text, R"re(\b([45]\d\d), ?"([a-z][a-z0-9_]*)")re",
                   [&](const std::smatch& match) { codes[match[2]].insert(match[1]); });
    for_each_match(text, R"re(\bunauthorized\( ?"([a-z][a-z0-9_]*)")re",
                   [&](const std::smatch& match) { codes[match[1]].insert("401"); });
    for_each_match(
        text, R"re(\b(?:BodyError ?\{ ?|kCode = |kInvalidParameter = )"([a-z][a-z0-9_]*)")re",
        [&](const std::smatch& match) { codes[match[1]].insert("400"); });
  });
  return codes;
}

TEST(ErrorsPageTest, ListsTheCodesOfTheSourceAndNoOthers) {
  const Codes in_source = codes_of_source();
  EXPECT_GT(in_source.size(), 40U);
  Codes listed;
  const std::string page = text_of(fs::path(MINUTED_SOURCE_DIR) / "server/ERRORS.md");
  for_each_match(page, R"(\n\| `([a-z0-9_]+)` \| ([45]\d\d) \| [^|\n]+ \| [^|\n]+ \|)",
                 [&](const std::smatch& match) { listed[match[1]].insert(match[2]); });
  EXPECT_EQ(in_source, listed);
}

// A code that is written down in yet another way would not be found above.
TEST(ErrorsPageTest, NoErrorIsMadeInAWayThatTheListDoesNotSee) {
  const std::regex seen(
      R"re( ?[45]\d\d, ?"[a-z].*| ?400, \w+(?:->|\.)code, .*| ?[\w.]+(?:\(\))?(?:\.|->)error\(\)\).*|)re"
      R"re( ?known\.error\(\)\).*| ?\*[\w.]+\).*| ?(?:mapped|refusal)\.status, (?:mapped|refusal)\.code, .*|)re"
      R"re( ?\{ErrorCode::k\w+, .*| ?status, code, message.*| ?std::uint16_t status, .*| ?const Error& error\).*)re");
  int calls = 0;
  for_each_source([&](const std::string& file, const std::string& text) {
    for_each_match(text, R"(\b(?:error_response|retry_response)\()", [&](const std::smatch& match) {
      const std::string rest = match.suffix().str().substr(0, 160);
      EXPECT_TRUE(std::regex_match(rest, seen)) << file << ": " << rest;
      ++calls;
    });
    // The other makers of codes.
    for_each_match(text, R"(\b(?:BodyError|ParameterError) ?\{ ?([^,;}]*),)",
                   [&](const std::smatch& match) {
                     EXPECT_TRUE(std::regex_match(match[1].str(), std::regex("\"[a-z_]+\"|kInvalidParameter")))
                         << file << ": " << match[0];
                   });
  });
  EXPECT_GT(calls, 60);
}

}  // namespace
}  // namespace minuted::test
