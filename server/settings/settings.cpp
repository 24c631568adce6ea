#include "settings/settings.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "settings/command_line.hpp"
#include "settings/config_file.hpp"
#include "settings/resolve.hpp"
#include "settings/texts.hpp"
#include "settings/variables.hpp"

namespace minuted::settings {
namespace {

constexpr int kGood = 0;
constexpr int kWrongUsage = 2;

void append(Source& all, Source&& more) {
  std::ranges::move(more.given, std::back_inserter(all.given));
  std::ranges::move(more.errors, std::back_inserter(all.errors));
  std::ranges::move(more.warnings, std::back_inserter(all.warnings));
}

// The file that a flag or else a variable names, if any.
Source read_named_file(const Source& before) {
  const auto named = std::ranges::find_if(
      before.given, [](const Given& given) { return given.definition->name == "config"; });
  if (named == before.given.end() || named->faulty) return {};
  const Definition& config = *named->definition;
  Settings scratch;
  // A name that cannot be is told with the other values.
  if (config.take(config, named->values.front().text, scratch)) return {};
  if (scratch.config_file.empty()) return {};
  return read_config_file(scratch.config_file, named->origin);
}

std::string lines(std::span<const std::string> errors, std::span<const std::string> warnings) {
  std::string out;
  for (const std::string& error : errors) out += error + '\n';
  for (const std::string& warning : warnings) out += "warning: " + warning + '\n';
  return out;
}

}  // namespace

std::variant<Read, Exit> read_settings(std::span<const std::string> arguments,
                                       const Environment& environment,
                                       const CheckStart& check_start) {
  CommandLine line = read_command_line(arguments);
  if (line.asks_for(kHelp)) return Exit{kGood, help_text()};
  if (line.asks_for(kVersion)) return Exit{kGood, "minuted " MINUTED_VERSION "\n"};

  Source all = std::move(line.source);
  append(all, read_variables(environment));
  append(all, read_named_file(all));
  Resolved resolved = resolve(all.given, environment.memory);
  std::ranges::move(resolved.errors, std::back_inserter(all.errors));

  if (!all.errors.empty()) return Exit{kWrongUsage, lines(all.errors, all.warnings)};
  if (line.asks_for(kPrintConfig)) return Exit{kGood, config_text(resolved, all.warnings)};
  if (line.asks_for(kCheckConfig)) {
    const auto errors = check_start ? check_start(resolved.settings) : std::vector<std::string>();
    if (!errors.empty()) return Exit{kWrongUsage, lines(errors, all.warnings)};
    return Exit{kGood, lines({}, all.warnings) + "configuration is good\n"};
  }
  return Read{std::move(resolved.settings), std::move(all.warnings), std::move(resolved.notes)};
}

}  // namespace minuted::settings
