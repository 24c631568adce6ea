#include "openapi/plain_json.hpp"

#include <array>
#include <boost/json/serialize.hpp>
#include <charconv>

namespace minuted::openapi {
namespace {

namespace json = boost::json;

void append(const json::value& value, std::string& out) {
  const char* comma = "";
  if (const auto* object = value.if_object()) {
    out += '{';
    for (const auto& [key, member] : *object) {
      out += comma + json::serialize(json::value(key)) + ':';
      append(member, out);
      comma = ",";
    }
    out += '}';
  } else if (const auto* array = value.if_array()) {
    out += '[';
    for (const json::value& member : *array) {
      out += comma;
      append(member, out);
      comma = ",";
    }
    out += ']';
  } else if (const double* number = value.if_double()) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), *number).ptr;
    out.append(text.data(), end);
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::string to_text(const json::value& value) {
  std::string out;
  append(value, out);
  return out;
}

}  // namespace minuted::openapi
