// Makes served.cpp when the daemon is built: `minuted-openapi FOLDER VERSION FILE`, from the parts in
// FOLDER. Fails, and says why, for parts that do not fit together.
#include <array>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "minuted/process.hpp"
#include "openapi/compose.hpp"
#include "openapi/page.hpp"

namespace {

std::string hash_of(const std::string& text) {
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx",
                static_cast<unsigned long long>(XXH3_64bits(text.data(), text.size())));
  return digits.data();
}

// A literal; in octal, for an escape of three digits ends where it should whatever follows.
void write_literal(const std::string& text, std::ofstream& out) {
  constexpr std::size_t kLineBytes = 100;
  out << '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i % kLineBytes == 0 && i != 0) out << "\"\n\"";
    const char c = text[i];
    if (c >= ' ' && c <= '~' && c != '"' && c != '\\' && c != '?') {
      out << c;
    } else {
      std::array<char, 5> escape{};
      std::snprintf(escape.data(), escape.size(), "\\%03o", static_cast<unsigned char>(c));
      out << escape.data();
    }
  }
  out << '"';
}

void write_served(const char* path, const char* type, const std::string& content,
                  std::ofstream& out) {
  out << "{\"" << path << "\", \"" << type << "\", \"W/\\\"" << hash_of(content)
      << "\\\"\", std::string_view(\n";
  write_literal(content, out);
  out << ", " << content.size() << ")},\n";
}

}  // namespace

int main(int count, char** arguments) {
  minuted::open_standard_descriptors();
  if (count != 4) {
    std::fprintf(stderr, "usage: minuted-openapi FOLDER VERSION FILE\n");
    return 2;
  }
  try {
    const std::string folder = arguments[1];
    const std::string document = minuted::openapi::compose(folder, arguments[2]);
    std::ifstream in(folder + "/style.css", std::ios::binary);
    const std::string style{std::istreambuf_iterator<char>(in), {}};
    const std::string page =
        minuted::openapi::render_page(document, "docs/style.css?" + hash_of(style));
    std::ofstream out(arguments[3], std::ios::binary);
    out << "#include \"openapi/served.hpp\"\n\n#include <array>\n\nnamespace minuted::openapi {\n"
           "namespace {\n\nconstexpr std::array<Served, 3> kServed{{\n";
    write_served("/openapi.json", "application/json", document, out);
    write_served("/docs", "text/html; charset=utf-8", page, out);
    write_served("/docs/style.css", "text/css; charset=utf-8", style, out);
    out << "}};\n\n}  // namespace\n\n"
           "std::span<const Served> served() { return kServed; }\n\n}  // namespace minuted::openapi\n";
    out.close();
    if (!out) throw std::runtime_error("cannot write " + std::string(arguments[3]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "minuted-openapi: %s\n", error.what());
    return 1;
  }
  return 0;
}
