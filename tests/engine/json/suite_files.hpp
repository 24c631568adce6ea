// The public JSON test suite among the shared data, for whoever has it. Its names say what a parser
// must do: y_ accept, n_ refuse, i_ either.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace minuted::json {

struct SuiteFile {
  std::string name;
  std::string text;
};

// Ordered by name; empty when the data are not there.
inline std::vector<SuiteFile> suite_files() {
  std::vector<SuiteFile> files;
  std::error_code ignored;
  const std::filesystem::path folder(MINUTED_SHARED_DATA "/json-test-suite/test_parsing");
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    std::ifstream in(entry.path(), std::ios::binary);
    files.push_back({entry.path().filename().string(),
                     {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()}});
  }
  std::sort(files.begin(), files.end(),
            [](const SuiteFile& a, const SuiteFile& b) { return a.name < b.name; });
  return files;
}

}  // namespace minuted::json
