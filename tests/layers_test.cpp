// The doors between the layers: who may include whom, and who may name which library. The linker keeps
// most of them shut; this keeps the rest, and says so in words.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace minuted::test {
namespace {

namespace fs = std::filesystem;

// Folder of engine/ → folders of engine/ it may include. Everybody may include minuted/.
const std::map<std::string, std::set<std::string>> kEngineDoors = {
    {"time", {}},
    {"event", {}},
    {"codec", {}},
    {"schema", {"codec"}},
    {"stats", {}},
    {"rollup", {"codec", "schema"}},
    {"chunk", {"codec"}},
    {"page", {"codec", "rollup", "schema"}},
    {"nodes", {"codec", "rollup"}},
    {"json", {}},
    {"store", {"codec", "nodes", "rollup", "schema", "stats"}},
    {"write", {"chunk", "codec", "nodes", "schema", "stats", "store"}},
    {"maintenance",
     {"chunk", "nodes", "page", "rollup", "schema", "stats", "store", "write"}},
    {"query", {"chunk", "nodes", "page", "rollup", "schema", "stats", "store"}},
    {"inspect", {"chunk", "nodes", "page", "rollup", "schema", "store"}},
    {"include", {}},
    {"process", {}},
    {"engine_over.hpp", {}},
    {"core", {"maintenance", "query", "stats", "store", "write"}},
    {"engine.cpp", {"core", "engine_over.hpp", "schema", "stats", "store"}},
    {"options.cpp", {}},
    {"result.cpp", {}},
};

// The same of server/. main.cpp wires all of them.
const std::map<std::string, std::set<std::string>> kServerDoors = {
    {"render", {}},
    {"settings", {}},
    {"log", {}},
    {"openapi", {}},
    {"watch", {"log", "render"}},
    {"auth", {"render"}},
    {"inspection", {"render"}},
    {"http", {"auth", "log", "render"}},
    {"handlers", {"auth", "http", "log", "openapi", "render", "watch"}},
};

// Library, as it is included → folders that may name it. bench/ is not looked at: its ceilings
// measure simdjson and RocksDB by themselves, which are then not the product's.
const std::map<std::string, std::set<std::string>> kLibraryDoors = {
    {"rocksdb/", {"engine/store"}},
    {"simdjson", {"engine/json"}},
    {"boost/", {"server/"}},
    {"CLI/", {"server/auth", "server/inspection", "server/settings"}},
    {"toml", {"server/auth", "server/settings"}},
    {"openssl/", {"server/auth", "server/render/page_cursor.cpp"}},
};

struct Include {
  std::string file;  // relative to the source tree
  std::string what;
};

std::vector<Include> includes_below(const std::string& folder) {
  static const std::regex kInclude(R"(^\s*#\s*include\s*[<"]([^>"]+)[>"])");
  std::vector<Include> found;
  const fs::path root(MINUTED_SOURCE_DIR);
  for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
    const auto extension = entry.path().extension();
    if (extension != ".cpp" && extension != ".hpp") continue;
    std::ifstream in(entry.path());
    std::smatch match;
    for (std::string line; std::getline(in, line);) {
      if (std::regex_search(line, match, kInclude)) {
        found.push_back({fs::relative(entry.path(), root).string(), match[1]});
      }
    }
  }
  return found;
}

std::string first_part(const std::string& path) { return path.substr(0, path.find('/')); }

TEST(LayersTest, EngineFoldersIncludeOnlyWhatIsBelowThem) {
  const auto includes = includes_below("engine");
  ASSERT_GT(includes.size(), 100U);
  for (const Include& include : includes) {
    const std::string from = first_part(include.file.substr(std::string("engine/").size()));
    const std::string to = first_part(include.what);
    ASSERT_TRUE(kEngineDoors.contains(from)) << include.file << ": say in this test what "
                                             << from << " may include";
    if (to == from || !kEngineDoors.contains(to)) continue;
    EXPECT_TRUE(kEngineDoors.at(from).contains(to))
        << include.file << " includes " << include.what;
  }
}

TEST(LayersTest, ServerFoldersIncludeOnlyWhatIsBelowThem) {
  for (const Include& include : includes_below("server")) {
    const std::string from = first_part(include.file.substr(std::string("server/").size()));
    if (from == "main.cpp") continue;
    const std::string to = first_part(include.what);
    ASSERT_TRUE(kServerDoors.contains(from)) << include.file << ": say in this test what "
                                             << from << " may include";
    if (to == from || !kServerDoors.contains(to)) continue;
    EXPECT_TRUE(kServerDoors.at(from).contains(to)) << include.file << " includes " << include.what;
  }
}

// engine.hpp brings all of the public headers: a layer includes those it uses.
TEST(LayersTest, OnlyTheEngineItselfIncludesItsUmbrella) {
  for (const Include& include : includes_below("engine")) {
    if (include.file == "engine/engine.cpp" || include.file == "engine/engine_over.hpp") continue;
    EXPECT_NE(include.what, "minuted/engine.hpp") << include.file;
  }
}

TEST(LayersTest, LibrariesAreNamedOnlyWhereTheyBelong) {
  for (const char* folder : {"engine", "server"}) {
    for (const Include& include : includes_below(folder)) {
      for (const auto& [library, allowed] : kLibraryDoors) {
        if (!include.what.starts_with(library)) continue;
        EXPECT_TRUE(std::any_of(allowed.begin(), allowed.end(),
                                [&](const auto& a) { return include.file.starts_with(a); }))
            << include.file << " includes " << include.what;
      }
    }
  }
}

TEST(LayersTest, ServerSeesTheEnginesFaceOnly) {
  for (const Include& include : includes_below("server")) {
    const std::string to = first_part(include.what);
    // The table of columns, whose names are the API's.
    if (include.what == "schema/columns.hpp" && include.file == "server/render/fields.cpp") continue;
    EXPECT_FALSE(kEngineDoors.contains(to) && to != "stats" && to != "time" && to != "json")
        << include.file << " includes " << include.what;
  }
}

// The string literals of a source, adjacent ones joined, without its comments and includes.
std::vector<std::string> literals_of(const std::string& source) {
  static const std::regex kToken(
      R"re(//[^\n]*|/\*[^]*?\*/|#include[^\n]*|'(?:\\.|[^'\\\n])+'|R"([a-z]*)\([^]*?\)\1"|"(?:\\.|[^"\\\n])*")re");
  std::vector<std::string> found;
  std::size_t joined_at = std::string::npos;  // where another literal would belong to the last one
  for (std::sregex_iterator at(source.begin(), source.end(), kToken), end; at != end; ++at) {
    const std::string token = at->str();
    if (token[0] != '"' && token[0] != 'R') continue;
    const auto begin = static_cast<std::size_t>(at->position());
    const std::string text =
        token[0] == '"' ? token.substr(1, token.size() - 2) : token.substr(2, token.size() - 3);
    if (begin == joined_at) {
      found.back() += text;
    } else {
      found.push_back(text);
    }
    joined_at = source.find_first_not_of(" \n", begin + token.size());
  }
  return found;
}

// The names of the daemon's settings that cannot be taken for words: those with a dash.
std::vector<std::string> names_of_settings() {
  std::ifstream in(fs::path(MINUTED_SOURCE_DIR) / "server/settings/definitions.cpp");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  static const std::regex kName(R"re(\{"([a-z0-9]+(?:-[a-z0-9]+)+)",)re");
  std::vector<std::string> names;
  for (std::sregex_iterator at(text.begin(), text.end(), kName), end; at != end; ++at) {
    names.push_back((*at)[1]);
  }
  return names;
}

// What of a message belongs to the daemon, and not to the engine; empty if nothing does. `names` are those
// of the settings.
std::string word_of_the_daemon(const std::string& message, const std::vector<std::string>& names) {
  static const std::regex kWords(
      R"re((?:^|[^a-zA-Z-])(--[a-z]+|\?[a-z]+|HTTP\w*|[Tt]okens?|[Hh]eaders?|[Ff]lags?|MINUTED_\w*|)re"
      R"re([Qq]uery (?:parameter|string)s?|Content-\w+|Idempotency-Key|Retry-After|)re"
      R"re((?:GET|PUT|POST|DELETE|HEAD) /\w*|application/[\w-]+|/v2/\w*)(?![a-zA-Z]))re");
  std::smatch match;
  if (std::regex_search(message, match, kWords)) return match[1];
  for (const std::string& name : names) {
    if (message.find(name) != message.npos) return name;
  }
  return {};
}

TEST(LayersTest, TheWordsOfTheDaemonAreFound) {
  const std::vector<std::string> names = names_of_settings();
  EXPECT_GT(names.size(), 30U);
  for (const char* bad :
       {"as in --retention raw=7d", "another ?strict; send that", "this token may push",
        "send POST /events", "as many as groups-max allows", "give the flag", "no such header",
        "send Content-Type: text/csv", "the query parameter limit", "is not HTTP"}) {
    EXPECT_NE(word_of_the_daemon(bad, names), "") << bad;
  }
  for (const char* good : {"a background task failed", "what is it? nothing", "2024-01-15", "POST",
                           "flagship", "the store's secret", "group by fewer of repo and host"}) {
    EXPECT_EQ(word_of_the_daemon(good, names), "") << good;
  }
  EXPECT_EQ(literals_of("#include \"a\"\n// \"b\"\nf(\"c \\\" \"\n  \"d\", '\"', \"e\", R\"(f)\");"),
            (std::vector<std::string>{"c \\\" d", "e", "(f)"}));
}

// Programs that embed the engine have no flags, requests or tokens. The daemon adds what it calls a thing:
// server/render/error_mapping.cpp, server/handlers/body_error.cpp.
TEST(LayersTest, NoMessageOfTheEngineSpeaksOfTheDaemon) {
  const std::vector<std::string> names = names_of_settings();
  const fs::path root(MINUTED_SOURCE_DIR);
  std::size_t literals = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root / "engine")) {
    const auto extension = entry.path().extension();
    if (extension != ".cpp" && extension != ".hpp") continue;
    std::ifstream in(entry.path());
    for (const std::string& text : literals_of({std::istreambuf_iterator<char>(in), {}})) {
      ++literals;
      EXPECT_EQ(word_of_the_daemon(text, names), "")
          << fs::relative(entry.path(), root).string() << ": " << text;
    }
  }
  EXPECT_GT(literals, 500U);
}

TEST(LayersTest, NoHeaderDragsAllOfAsioOrBeastIn) {
  for (const Include& include : includes_below("server")) {
    EXPECT_NE(include.what, "boost/asio.hpp") << include.file;
    EXPECT_NE(include.what, "boost/beast.hpp") << include.file;
  }
}

}  // namespace
}  // namespace minuted::test
