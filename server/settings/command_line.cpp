#include "settings/command_line.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <utility>

#include "minuted/event.hpp"

namespace minuted::settings {
namespace {

// CLI11 takes `--tokens= next` for `--tokens next`, and does not tell a missing value from an empty
// one. So each value goes through it with a mark in front: none is empty, and none has no mark.
constexpr char kMark = '=';

std::string marked(const std::string& argument) {
  if (!argument.starts_with("-")) return kMark + argument;
  const std::size_t equals = argument.find('=');
  if (!argument.starts_with("--") || equals == std::string::npos) return argument;
  return argument.substr(0, equals + 1) + kMark + argument.substr(equals + 1);
}

std::string_view unmarked(std::string_view text) {
  if (text.starts_with(kMark)) text.remove_prefix(1);
  return text;
}

std::string_view name_part(std::string_view argument) {
  return argument.substr(0, argument.find('='));
}

CLI::Option* add_flag(CLI::App& app, const std::string& name, int values_max) {
  return app.add_option(name)
      ->expected(0, values_max)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

// One occurrence's value, or what is to be said when it has none.
void take_occurrence(const std::string& result, Given& given, Source& source) {
  const Definition& definition = *given.definition;
  if (result.empty() && definition.form != Form::kSwitch) {
    source.errors.push_back(given.origin + " has no value; give " + expectation_of(definition));
    given.faulty = true;
    return;
  }
  const std::string_view text = result.empty() ? "true" : unmarked(result);
  std::ranges::move(values_of(definition, text), std::back_inserter(given.values));
}

void take_setting(const Definition& definition, const CLI::results_t& results, Source& source) {
  if (results.empty()) return;
  Given given{&definition, Layer::kFlag, flag_of(definition), 0, {}};
  if (results.size() > 1 && !is_list(definition.form)) {
    source.errors.push_back(given.origin + " is given " + std::to_string(results.size()) +
                            " times; give it once");
    given.faulty = true;
  } else {
    for (const std::string& result : results) take_occurrence(result, given, source);
  }
  source.given.push_back(std::move(given));
}

void take_command(const Command& command, const CLI::results_t& results, CommandLine& line) {
  if (results.empty()) return;
  line.commands.push_back(command.name);
  for (const std::string& result : results) {
    if (result.empty()) continue;
    line.source.errors.push_back("--" + std::string(command.name) + " " +
                                 shorten(unmarked(result)) + " has a value; give the flag alone");
  }
}

std::string unknown_flag(std::string_view flag) {
  const std::string_view name = flag.substr(std::min(flag.find_first_not_of('-'), flag.size()));
  const auto nearest = nearest_name(name, Among::kSettingsAndCommands);
  return shorten(flag) + " is not a flag; " +
         (nearest ? "did you mean --" + std::string(*nearest) + "?"
                  : "give one of those that minuted --help lists");
}

// `extras`: what CLI11 could not place, in order, marked.
void take_extras(const std::vector<std::string>& extras, std::span<const std::string> arguments,
                 Source& source) {
  for (std::size_t i = 0; i < extras.size(); ++i) {
    const std::string& extra = extras[i];
    if (extra == "--") continue;
    if (extra.starts_with("-") && extra.size() > 1) {
      source.errors.push_back(unknown_flag(name_part(extra)));
      continue;
    }
    const std::string text(unmarked(extra));
    // The value of an unknown flag is no second fault.
    if (i > 0 && extras[i - 1].starts_with("-") && extras[i - 1] != "--") {
      const std::array<std::string, 2> pair{extras[i - 1], text};
      if (std::ranges::search(arguments, pair).begin() != arguments.end()) continue;
    }
    source.errors.push_back(shorten(text) +
                            " is neither a flag nor a flag's value; give settings as --name VALUE");
  }
}

}  // namespace

bool CommandLine::asks_for(std::string_view command) const {
  return std::ranges::find(commands, command) != commands.end();
}

CommandLine read_command_line(std::span<const std::string> arguments) {
  CommandLine line;
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<CLI::Option*> settings;
  std::vector<CLI::Option*> asked;
  for (const Definition& definition : definitions()) {
    settings.push_back(add_flag(app, flag_of(definition), 1));
  }
  for (const Command& command : commands()) {
    const std::string flag = "--" + std::string(command.name);
    asked.push_back(add_flag(app, command.name == kHelp ? "-h," + flag : flag, 0));
  }

  std::vector<std::string> reversed;  // as CLI11 wants them
  for (const std::string& argument : arguments) reversed.push_back(marked(argument));
  std::ranges::reverse(reversed);
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::Error& error) {
    line.source.errors.push_back("the command line cannot be read: " + std::string(error.what()));
    return line;
  }
  for (std::size_t i = 0; i < settings.size(); ++i) {
    take_setting(definitions()[i], settings[i]->results(), line.source);
  }
  for (std::size_t i = 0; i < asked.size(); ++i) {
    take_command(commands()[i], asked[i]->results(), line);
  }
  take_extras(app.remaining(), arguments, line.source);
  return line;
}

}  // namespace minuted::settings
