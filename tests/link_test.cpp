// Promise: a layer calls the layers that its CMake target links, and no others. Includes are looked at by
// layers_test.cpp; a call needs none, where a function is declared anew or by a header that many may include.
// This compares the symbols of the static libraries, as the linker does with those of shared ones
// (MINUTED_SHARED_LAYERS).
#include <cxxabi.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace minuted::test {
namespace {

struct Layer {
  std::set<std::string> callable;  // names of layers
  std::set<std::string> defined;   // symbols
  std::set<std::string> undefined;
};
using Layers = std::map<std::string, Layer>;

// Takes a line of `nm -P`: a name and the letter of its kind, or the name of a member of the archive.
void take_symbol(const std::string& line, Layer& layer) {
  std::istringstream in(line);
  std::string name;
  std::string kind;
  if (!(in >> name >> kind) || kind.size() != 1) return;
  // Inline functions and templates ("W", "V", "u") are defined in every object that uses them.
  if (kind == "U") layer.undefined.insert(name);
  if (kind == "T" || kind == "D" || kind == "B" || kind == "R") layer.defined.insert(name);
}

std::string demangled(const std::string& name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(
      abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), std::free);
  return status == 0 ? text.get() : name;
}

// "a calls f() of c", …
std::vector<std::string> wrong_calls(const Layers& layers) {
  std::map<std::string, std::string> owners;
  for (const auto& [name, layer] : layers) {
    for (const std::string& symbol : layer.defined) owners.emplace(symbol, name);
  }
  std::vector<std::string> wrong;
  for (const auto& [name, layer] : layers) {
    for (const std::string& symbol : layer.undefined) {
      const auto owner = owners.find(symbol);
      if (owner == owners.end() || owner->second == name) continue;
      if (layer.callable.contains(owner->second)) continue;
      wrong.push_back(name + " calls " + demangled(symbol) + " of " + owner->second);
    }
  }
  return wrong;
}

Layers read_layers() {
  Layers layers;
  std::ifstream table(MINUTED_LAYERS);
  for (std::string line; std::getline(table, line);) {
    std::istringstream in(line);
    std::string name;
    std::string archive;
    in >> name >> archive;
    Layer& layer = layers[name];
    for (std::string callable; in >> callable;) layer.callable.insert(callable);
    const std::string command = std::string(MINUTED_NM) + " -P '" + archive + "'";
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(command.c_str(), "r"),
                                                               ::pclose);
    std::string text;
    for (int c = 0; pipe && (c = std::fgetc(pipe.get())) != EOF;) {
      if (c != '\n') {
        text.push_back(static_cast<char>(c));
        continue;
      }
      take_symbol(text, layer);
      text.clear();
    }
    EXPECT_FALSE(layer.defined.empty()) << command;
  }
  return layers;
}

TEST(LinkTest, LayersCallTheLayersThatTheyLink) {
  const Layers layers = read_layers();
  EXPECT_GT(layers.size(), 8U);
  for (const std::string& wrong : wrong_calls(layers)) ADD_FAILURE() << wrong;
}

TEST(LinkTest, AWrongCallIsFound) {
  Layers layers;
  layers["a"].callable = {"b"};
  for (const char* line : {"_Z1fv U", "_Z1gv U", "_Z1hv U", "_Z1iv T 0 1", "x.o:"}) {
    take_symbol(line, layers["a"]);
  }
  take_symbol("_Z1fv T 0 1", layers["b"]);
  take_symbol("_Z1gv T 0 1", layers["c"]);
  take_symbol("_Z1hv W 0 1", layers["c"]);
  EXPECT_EQ(wrong_calls(layers), std::vector<std::string>{"a calls g() of c"});
}

}  // namespace
}  // namespace minuted::test
