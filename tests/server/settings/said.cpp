#include "server/settings/said.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <utility>
#include <variant>

namespace minuted::settings::test {
namespace {

std::string joined(const Texts& values, std::string_view between) {
  std::string out;
  for (const std::string& value : values) {
    if (&value != &values.front()) out += between;
    out += value;
  }
  return out;
}

std::string in_quotes(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string toml_of(const Definition& definition, const Texts& values) {
  Texts parts;
  switch (definition.form) {
    case Form::kCount:
    case Form::kSwitch:
      return values.front();
    case Form::kAddressRanges:
    case Form::kOrigins:
    case Form::kTierAges:
      for (const std::string& value : values) parts.push_back(in_quotes(value));
      return "[" + joined(parts, ",") + "]";
    case Form::kRepoLimits:
      for (const std::string& value : values) {
        const std::size_t equals = value.rfind('=');
        parts.push_back(in_quotes(value.substr(0, equals)) + "=" + value.substr(equals + 1));
      }
      return "{" + joined(parts, ",") + "}";
    default:
      return in_quotes(values.front());
  }
}

// The program's outcome, and the path its file had.
struct Outcome {
  std::variant<Read, Exit> result;
  std::string path;
};

Outcome start(const Said& said) {
  const Environment environment{said.variables};
  if (said.file.empty()) return {read_settings(said.flags, environment), "no file"};
  const TempDir dir;
  const std::string path = dir / "minuted.toml";
  std::ofstream(path, std::ios::binary) << said.file;
  Texts flags{"--config", path};
  flags.insert(flags.end(), said.flags.begin(), said.flags.end());
  return {read_settings(flags, environment), path};
}

// Random ids differ in bytes; a list of addresses may repeat one.
Texts random_list(const Definition& definition, Random& random) {
  Texts list;
  std::set<std::string> repos;
  std::uint64_t shortest = definition.range.first;
  for (std::uint64_t n = random.below(4); n > 0; --n) {
    if (definition.form == Form::kTierAges) {
      static constexpr const char* kTiers[] = {"minute", "hour", "day", "raw"};
      // A coarser tier is kept at least as long as a finer one; raw events are neither.
      const std::uint64_t first = list.size() < 3 ? shortest : definition.range.first;
      const std::uint64_t age = random.between(first, definition.range.last);
      list.push_back(std::string(kTiers[list.size()]) + "=" + to_text(NumberForm::kDuration, age));
      shortest = age;
    } else if (definition.form == Form::kRepoLimits) {
      const std::string repo = random.id();
      // Blanks around an element of a comma-separated list are no part of it.
      if (repo.front() == ' ' || repo.back() == ' ' || !repos.insert(repo).second) continue;
      const std::uint64_t limit = random.between(definition.range.first, definition.range.last);
      list.push_back(repo + "=" + std::to_string(limit));
    } else {
      AddressRange range;
      range.prefix_bits = static_cast<std::uint8_t>(random.between(0, 128));
      const bool four = random.chance(50);
      if (four) range.prefix_bits = static_cast<std::uint8_t>(96 + range.prefix_bits % 33);
      for (std::uint8_t& byte : range.base.bytes) byte = static_cast<std::uint8_t>(random.bits());
      if (four) range.base.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0x7f, 1, 0, 0xff};
      for (unsigned bit = range.prefix_bits; bit < 128; ++bit) {
        range.base.bytes[bit / 8] =
            static_cast<std::uint8_t>(range.base.bytes[bit / 8] & ~(0x80U >> bit % 8));
      }
      list.push_back(to_text(range));
    }
  }
  return list;
}

}  // namespace

void Said::add(Layer layer, const Definition& definition, const Texts& values) {
  switch (layer) {
    case Layer::kFlag:
      flags.push_back(flag_of(definition) + "=" + joined(values, ","));
      break;
    case Layer::kVariable:
      variables.push_back(variable_of(definition) + "=" + joined(values, ","));
      break;
    case Layer::kFile:
      file += std::string(definition.name) + " = " + toml_of(definition, values) + "\n";
      break;
  }
}

Settings settings_of(const Said& said) {
  Outcome outcome = start(said);
  if (const auto* exit = std::get_if<Exit>(&outcome.result)) {
    ADD_FAILURE() << "refused:\n" << exit->text;
    return {};
  }
  Settings& settings = std::get<Read>(outcome.result).settings;
  if (settings.config_file == outcome.path) settings.config_file.clear();
  return settings;
}

Ended end_of(const Said& said) {
  Outcome outcome = start(said);
  const auto* const exit = std::get_if<Exit>(&outcome.result);
  if (exit == nullptr) return {};
  std::string text = exit->text;
  for (std::size_t at = 0; (at = text.find(outcome.path, at)) != std::string::npos;) {
    text.replace(at, outcome.path.size(), "FILE");
  }
  return {exit->code, text};
}

void PrintTo(const Ended& ended, std::ostream* out) {
  *out << "code " << ended.code << ":\n" << ended.text;
}

Texts faults_of(const Said& said) {
  const Ended ended = end_of(said);
  if (ended.code != 2) return {"code " + std::to_string(ended.code) + ": " + ended.text};
  EXPECT_TRUE(ended.text.ends_with('\n'));
  Texts lines;
  std::istringstream in(ended.text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

Texts warnings_of(const Said& said) {
  Outcome outcome = start(said);
  if (const auto* exit = std::get_if<Exit>(&outcome.result)) return {"refused: " + exit->text};
  return std::get<Read>(outcome.result).warnings;
}

Texts value_of(const Settings& settings, const Definition& definition) {
  return definition.texts(definition, settings);
}

std::vector<Texts> samples_of(const Definition& definition) {
  const Range range = definition.range;
  if (const auto form = number_form(definition.form)) {
    return {{to_text(*form, range.first)},
            {to_text(*form, range.first + (range.last - range.first) / 2)},
            {to_text(*form, range.last)}};
  }
  std::vector<Texts> samples;
  switch (definition.form) {
    case Form::kSwitch:
      return {{"true"}, {"false"}};
    case Form::kPath:
      return {{"-a"}, {"/b c/\"d\\=,#"}, {std::string(range.last, 'x')}};
    case Form::kChoice:
      for (const std::string_view one : definition.choices) samples.push_back({std::string(one)});
      return samples;
    case Form::kListenAddress:
      return {{"127.0.0.1:1"}, {"[::1]:0"}, {"localhost:65535"}};
    case Form::kAddressRanges:
      return {{"10.0.0.0/8", "::1"}, {"192.0.2.1"}, {"::/0"}};
    case Form::kOrigins:
      return {{"https://grafana.example"}, {"http://localhost:8080", "https://[::1]:1"}};
    case Form::kTierAges:
      return {{"minute=90d", "hour=730d"}, {"minute=1h"}, {"raw=36500d"}};
    case Form::kRepoLimits:
      return {{"a=" + std::to_string(range.first), "b=c=" + std::to_string(range.last)},
              {"\"e\\ #=7"}};
    default:
      return {};
  }
}

Texts random_value(const Definition& definition, Random& random) {
  if (const auto form = number_form(definition.form)) {
    const Range range = definition.range;
    return {to_text(*form, random.between(range.first, range.last))};
  }
  switch (definition.form) {
    case Form::kPath: {
      std::string path = random.id();
      if (definition.range.first == 0 && random.chance(20)) path.clear();
      return {path};
    }
    case Form::kListenAddress: {
      static const Texts kHosts{"127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[2001:DB8::7]"};
      return {random.pick(kHosts) + ":" + std::to_string(random.below(65536))};
    }
    case Form::kAddressRanges:
    case Form::kRepoLimits:
      return random_list(definition, random);
    default:
      return random.pick(samples_of(definition));
  }
}

Texts companions_of(const Definition& definition) {
  if (definition.name == "body-bytes-max") {
    return {"--bytes-in-flight-max=64GiB", "--inflated-bytes-max=4GiB"};
  }
  return {"--body-bytes-max=1KiB"};
}

std::vector<const Definition*> all_but_config() {
  std::vector<const Definition*> all;
  for (const Definition& definition : definitions()) {
    if (definition.name != "config") all.push_back(&definition);
  }
  return all;
}

}  // namespace minuted::settings::test
