// The configuration file: every value that is taken has its line, and every error names the file.
#include "settings/config_file.hpp"

#include <algorithm>
#include <string>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace minuted::settings;
  minuted::fuzz::Input input(data, size);
  const std::string_view text = input.rest();
  const auto lines = static_cast<std::uint32_t>(1 + std::count(text.begin(), text.end(), '\n'));
  const Source source = parse_config_text(text, "the-file");
  for (const Given& given : source.given) {
    MINUTED_REQUIRE(given.definition != nullptr && given.layer == Layer::kFile);
    MINUTED_REQUIRE(given.origin == "the-file" && given.line >= 1 && given.line <= lines);
    for (const Value& value : given.values) {
      MINUTED_REQUIRE(value.line >= 1 && value.line <= lines);
    }
  }
  for (const std::string& error : source.errors) MINUTED_REQUIRE(error.find("the-file") != error.npos);
  return 0;
}
