// Events as JSON text in as many ways as the contract allows: order of keys, white space, escapes,
// forms of numbers, numbers in strings, unknown fields, duplicates before the member that counts. One thread.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "minuted/time.hpp"
#include "support/random.hpp"

namespace minuted::json {

class EventWriter {
 public:
  // `spaces_percent` of the gaps are filled; `line_ends`: also with those.
  EventWriter(test::Random& random, unsigned spaces_percent, bool line_ends)
      : random_(random), spaces_percent_(spaces_percent), line_ends_(line_ends) {}

  std::string event(const test::Event& e) {
    std::vector<std::string> members;
    const auto add = [&](std::string_view key, const std::string& value) {
      members.push_back(string(key) + space() + ":" + space() + value);
    };
    add("repoId", string(e.repo));
    add(random_.chance(80) ? "bucketId" : "unitId", string(e.bucket));
    add("host", string(e.host));
    add("timestamp", timestamp(e.timestamp));
    if (e.op != OpClass::kOther || random_.chance(50)) add("op", op(e.op));
    if (e.upl_bytes != 0 || random_.chance(50)) add("upl_bytes", byte_count(e.upl_bytes));
    if (e.dwl_bytes != 0 || random_.chance(50)) add("dwl_bytes", byte_count(e.dwl_bytes));
    if (e.size_change != 0 || random_.chance(50)) {
      const auto size = static_cast<std::uint64_t>(e.size_change);
      add("size_change", random_.chance(10)  ? string(std::to_string(e.size_change))
                         : e.size_change < 0 ? "-" + integer(0 - size)
                                             : integer(size));
    }
    if (e.latency_us) add("latency_ms", latency(*e.latency_us));
    if (e.status != 0) add("status", integer(e.status));
    if (!e.id.empty()) add("id", string(e.id));
    random_.shuffle(members);
    if (random_.chance(30)) {
      // Ahead of all others: what has a second of its name behind it does not count.
      const std::string first = members[random_.below(members.size())];
      const std::size_t colon = first.find(':');
      members.insert(members.begin(), first.substr(0, colon) + ":" + value(2));
    }
    while (random_.chance(30)) {
      const std::size_t at = random_.below(members.size() + 1);
      members.insert(members.begin() + static_cast<std::ptrdiff_t>(at),
                     string("x" + random_.id()) + ":" + space() + value(3));
    }
    return "{" + joined(members) + "}";
  }

  // Any value, nested at most `depth` deep.
  std::string value(std::size_t depth) {
    switch (random_.below(depth == 0 ? 5 : 7)) {
      case 0:
        return "null";
      case 1:
        return random_.chance(50) ? "true" : "false";
      case 2:
        return string(random_.event_id() + "{},[]:\"\\");
      case 3:
        return random_.chance(50) ? "-0.0E+7" : "1e400";
      case 4:
        return integer(random_.wide());
      default:
        break;
    }
    std::vector<std::string> parts;
    const bool object = random_.chance(50);
    while (random_.chance(60)) {
      parts.push_back((object ? string(random_.id()) + space() + ":" : "") + space() +
                      value(depth - 1));
    }
    return object ? "{" + joined(parts) + "}" : "[" + joined(parts) + "]";
  }

  std::string space() {
    if (!random_.chance(spaces_percent_)) return "";
    std::string out;
    do {
      out += " \t\r\n"[random_.below(line_ends_ ? 4 : 3)];
    } while (random_.chance(40));
    return out;
  }

  std::string joined(const std::vector<std::string>& parts) {
    std::string out = space();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (i > 0) out += "," + space();
      out += parts[i] + space();
    }
    return out;
  }

  // `text` is valid UTF-8.
  std::string string(std::string_view text) {
    const unsigned escaped_percent = random_.chance(70) ? 0 : 30;
    std::string out = "\"";
    while (!text.empty()) {
      const auto lead = static_cast<unsigned char>(text[0]);
      const std::size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
      const bool must = lead < 0x20 || lead == '"' || lead == '\\';
      out += must || random_.chance(escaped_percent) ? escape(text.substr(0, bytes))
                                                     : std::string(text.substr(0, bytes));
      text.remove_prefix(bytes);
    }
    return out + '"';
  }

 private:
  std::string unit(std::uint32_t u) {
    char text[8];
    std::snprintf(text, sizeof text, random_.chance(50) ? "\\u%04x" : "\\u%04X", u);
    return text;
  }

  std::string escape(std::string_view character) {
    constexpr std::string_view kPlain = "\"\\/\b\f\n\r\t";
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    const std::size_t named = kPlain.find(character);
    if (named != kPlain.npos && random_.chance(50)) return {'\\', kLetters[named]};
    const auto bits = [&](std::size_t i) {
      return static_cast<unsigned char>(character[i]) & 0x3FU;
    };
    const auto lead = static_cast<unsigned char>(character[0]);
    switch (character.size()) {
      case 1:
        return unit(lead);
      case 2:
        return unit((lead & 0x1FU) << 6 | bits(1));
      case 3:
        return unit((lead & 0x0FU) << 12 | bits(1) << 6 | bits(2));
      default:
        break;
    }
    const std::uint32_t above =
        ((lead & 0x07U) << 18 | bits(1) << 12 | bits(2) << 6 | bits(3)) - 0x10000;
    return unit(0xD800 + (above >> 10)) + unit(0xDC00 + (above & 0x3FF));
  }

  std::string integer(std::uint64_t n) {
    const std::string text = std::to_string(n);
    switch (random_.below(8)) {
      case 0:
        return text + ".0";
      case 1:
        return text + ".000E0";
      case 2:
        return n == 0 ? "0e-3" : text + "000e-3";
      case 3:
        return text.substr(0, 1) + "." + text.substr(1) + "0e" + std::to_string(text.size() - 1);
      case 4:
        return "0.0" + text + "e+" + std::to_string(text.size() + 1);
      default:
        return text;
    }
  }

  std::string byte_count(std::uint64_t n) {
    return random_.chance(10) ? string(std::to_string(n)) : integer(n);
  }

  std::string timestamp(Millis t) {
    if (random_.chance(20)) {
      std::string text = format_iso8601(t);
      if (random_.chance(20)) text[text.size() - 5] = ',';
      return string(text);
    }
    const std::string number = epoch_time(static_cast<std::uint64_t>(t.value));
    return random_.chance(20) ? string(number) : number;
  }

  std::string epoch_time(std::uint64_t ms) {
    if (ms % 1000 == 0 && random_.chance(50)) return integer(ms / 1000);
    // Seconds, exactly or with digits that are dropped.
    if (random_.chance(20)) return thousandths(ms) + (random_.chance(50) ? "" : "999999");
    return integer(ms);
  }

  std::string op(OpClass op) {
    static constexpr std::string_view kNames[kOpClasses][3] = {
        {"GET", "getObject", "REST.GET.OBJECT"}, {"PUT", "put", "CompleteMultipartUpload"},
        {"DELETE", "REST.POST.MULTI_OBJECT_DELETE", "AbortUpload"},     {"HEAD", "Head", "S3.HEAD.BUCKET"},
        {"LIST", "ListObjectsV2", "GET.BUCKET"}, {"OTHER", "", "frobnicate"}};
    return string(kNames[static_cast<std::size_t>(op)][random_.below(3)]);
  }

  // n / 1000, exactly.
  static std::string thousandths(std::uint64_t n) {
    char text[48];
    std::snprintf(text, sizeof text, "%llu.%03llu", static_cast<unsigned long long>(n / 1000),
                  static_cast<unsigned long long>(n % 1000));
    return text;
  }

  // Exactly, or with digits that rounding takes away again.
  std::string latency(std::uint64_t us) {
    switch (random_.below(6)) {
      case 0:
        return std::to_string(us) + "e-3";
      case 1:
        return us % 1000 == 0 ? integer(us / 1000) : std::to_string(us) + "00E-0005";
      case 2:
        return thousandths(us) + (us < kLatencyUsMax ? "499999999999999999999999" : "000");
      case 3:
        return us > 0 ? thousandths(us - 1) + "5" : "0.000000000000000000000001";
      default:
        return thousandths(us);
    }
  }

  test::Random& random_;
  unsigned spaces_percent_;
  bool line_ends_;
};

}  // namespace minuted::json
