#include "settings/texts.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

namespace minuted::settings {
namespace {

// The words of `text`, with `first` before the first line and `next` before the others.
std::string wrapped(std::string_view text, std::string_view first, std::string_view next) {
  std::string out;
  std::string line(first);
  bool fresh = true;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (!fresh && line.size() + 1 + word.size() > kTextColumns) {
      out += line + '\n';
      line = next;
      fresh = true;
    }
    if (!fresh) line += ' ';
    line += word;
    fresh = false;
  }
  return out + line + '\n';
}

std::string value_word(const Definition& definition) {
  switch (definition.form) {
    case Form::kDuration:
      return "DURATION";
    case Form::kSize:
      return "SIZE";
    case Form::kCount:
      return "N";
    case Form::kSwitch:
      return "[=true|false]";
    case Form::kPath:
      return "PATH";
    case Form::kListenAddress:
      return "HOST:PORT";
    case Form::kAddressRanges:
      return "ADDRESS,...";
    case Form::kRepoLimits:
      return "REPO=N,...";
    case Form::kOrigins:
      return "ORIGIN,...";
    case Form::kTierAges:
      return "TIER=AGE,...";
    case Form::kChoice:
      break;
  }
  std::string out;
  for (const std::string_view one : definition.choices) {
    out += (out.empty() ? "" : "|") + std::string(one);
  }
  return out;
}

std::string unit_of(const Definition& definition) {
  switch (definition.form) {
    case Form::kDuration:
      return "ms, s, m, h or d";
    case Form::kTierAges:
      return "s, m, h, d or y";
    case Form::kSize:
      return "bytes, KiB, MiB, ...";
    default:
      return std::string(definition.unit);
  }
}

std::string default_of(const Definition& definition) {
  std::string out;
  for (const std::string& text : definition.texts(definition, Settings{})) {
    out += (out.empty() ? "" : ",") + text;
  }
  return out.empty() ? "none" : out;
}

std::string range_of(const Definition& definition) {
  if (definition.form == Form::kPath) return {};  // of the path's length: nobody needs to know
  if (definition.range.last == 0) return {};
  const NumberForm form = definition.form == Form::kTierAges
                              ? NumberForm::kDuration
                              : number_form(definition.form).value_or(NumberForm::kCount);
  return to_text(form, definition.range.first) + " to " + to_text(form, definition.range.last);
}

// `unit bytes; default 8MiB; range 64KiB to 1GiB`
std::string facts_of(const Definition& definition) {
  const std::string unit = unit_of(definition);
  const std::string range = range_of(definition);
  return (unit.empty() ? "" : "unit " + unit + "; ") + "default " + default_of(definition) +
         (range.empty() ? "" : "; range " + range);
}

std::string help_of(const Definition& definition) {
  const bool on_off = definition.form == Form::kSwitch;
  return wrapped(std::string(definition.meaning) + " (" + facts_of(definition) + ")",
                 "  " + flag_of(definition) + (on_off ? "" : " ") + value_word(definition) + "  ",
                 "      ");
}

// A TOML basic string.
std::string in_quotes(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || byte == 0x7f) {
      out += {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

std::string joined(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& one : list) out += (out.empty() ? "" : ", ") + one;
  return out;
}

std::string toml_value(const Definition& definition, const Settings& settings) {
  std::vector<std::string> texts = definition.texts(definition, settings);
  switch (definition.form) {
    case Form::kCount:
    case Form::kSwitch:
      return texts.front();
    case Form::kAddressRanges:
    case Form::kOrigins:
    case Form::kTierAges:
      std::ranges::transform(texts, texts.begin(), in_quotes);
      return "[" + joined(texts) + "]";
    case Form::kRepoLimits:
      for (std::string& text : texts) {
        const std::size_t equals = text.rfind('=');
        text = in_quotes(text.substr(0, equals)) + " = " + text.substr(equals + 1);
      }
      return texts.empty() ? "{}" : "{ " + joined(texts) + " }";
    default:
      return in_quotes(texts.front());
  }
}

}  // namespace

std::string help_text() {
  std::string out = "minuted " MINUTED_VERSION
                    ": keeps the minutes of a storage fleet\n\n"
                    "Usage: minuted [--name VALUE]...\n"
                    "       minuted token create|list|revoke\n"
                    "           make, show and withdraw access tokens\n"
                    "       minuted inspect [--data DIR] [--json] [--quick] [--repos N]\n"
                    "           say what a store holds, beside a running daemon too\n\n";
  out += wrapped(
      "Every setting can be given as a flag (--fold-interval 2s), as a variable "
      "(MINUTED_FOLD_INTERVAL=2s; an empty one counts as unset) or, under the flag's name, in the "
      "TOML file that --config names (fold-interval = \"2s\"). A flag wins over a variable, a "
      "variable over the file, the file over the default. A list may be comma-separated, and its "
      "flag repeated; REPO=N lists are tables in the file ({ \"repo\" = 5 }).",
      "", "");
  out += wrapped(
      "A DURATION has its unit (1500ms, 2s, 10m, 48h, 7d) unless it is 0. A SIZE is in bytes or "
      "has a unit: KiB, MiB, GiB, TiB, PiB of 1024, KB, MB, GB, TB, PB of 1000.",
      "", "");
  for (unsigned group = 0; group < kGroups; ++group) {
    out += std::string("\n") + to_string(Group{static_cast<std::uint8_t>(group)}) + ":\n";
    for (const Definition& definition : definitions()) {
      if (static_cast<unsigned>(definition.group) == group) out += help_of(definition);
    }
  }
  for (const Command& command : commands()) {
    const std::string flag = "--" + std::string(command.name);
    out += wrapped(command.meaning, "  " + (command.name == kHelp ? "-h, " + flag : flag) + "  ",
                   "      ");
  }
  return out;
}

std::string config_text(const Resolved& resolved, std::span<const std::string> warnings) {
  const Settings& settings = resolved.settings;
  std::string out = "# The settings in force, as minuted " MINUTED_VERSION
                    " read them. Give this file back with --config.\n";
  if (!settings.config_file.empty()) out += "# Read from " + settings.config_file + ".\n";
  for (const std::string& warning : warnings) out += wrapped("Warning: " + warning, "# ", "# ");
  for (std::size_t i = 0; i < definitions().size(); ++i) {
    const Definition& definition = definitions()[i];
    if (!definition.in_file) continue;
    out += "\n" +
           wrapped(std::string(definition.meaning) + " (" + facts_of(definition) + ")", "# ", "# ");
    out += "# From " + resolved.origins[i] + ".\n";
    out += std::string(definition.name) + " = " + toml_value(definition, settings) + "\n";
  }
  return out;
}

}  // namespace minuted::settings
