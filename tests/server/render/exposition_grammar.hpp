// A strict reader of Prometheus' text exposition format 0.0.4, for tests: what it accepts any
// scraper accepts. Stricter than the format where a writer of ours should be: no blank lines or
// comments, every family has a HELP and then a TYPE, histograms are whole.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace minuted::test {

struct Sample {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;  // unescaped, as ordered in the text
  double value = 0;
  friend bool operator==(const Sample&, const Sample&) = default;
};

struct Family {
  std::string name;
  std::string type;
  std::string help;  // unescaped
  std::vector<Sample> samples;
  friend bool operator==(const Family&, const Family&) = default;
};

// The families in order, or what is wrong with the first bad line or family.
std::variant<std::vector<Family>, std::string> read_exposition(std::string_view text);

}  // namespace minuted::test
