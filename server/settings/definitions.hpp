// The table every face of a setting is made from: its flag, its variable, its key in the file, its
// line of --help and of --print-config, its check. Adding a setting is adding a field to Settings
// and a row here. Constants and pure functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "settings/number.hpp"
#include "settings/settings.hpp"

namespace minuted::settings {

// In the order of --help.
enum class Group : std::uint8_t {
  kData,
  kFolding,
  kNetwork,
  kLimits,
  kTimeouts,
  kAccess,
  kLogging,
  kOther,
};
inline constexpr unsigned kGroups = 8;
const char* to_string(Group group);

enum class Form : std::uint8_t {
  kDuration,
  kSize,
  kCount,
  kSwitch,  // true or false
  kPath,    // Range is of its bytes
  kChoice,  // one of Definition::choices
  kListenAddress,
  kAddressRanges,  // a list
  kRepoLimits,     // a list; Range is of each limit
  kTierAges,       // a list; Range is of each age
  kOrigins,        // a list
};
constexpr bool is_list(Form form) {
  return form == Form::kAddressRanges || form == Form::kRepoLimits || form == Form::kTierAges ||
         form == Form::kOrigins;
}
// Of the forms that to_text and parse_number know.
constexpr std::optional<NumberForm> number_form(Form form) {
  switch (form) {
    case Form::kDuration:
      return NumberForm::kDuration;
    case Form::kSize:
      return NumberForm::kSize;
    case Form::kCount:
      return NumberForm::kCount;
    default:
      return std::nullopt;
  }
}

// Of one list; each element costs a few dozen bytes and a comparison per connection or series.
inline constexpr std::size_t kListElementsMax = 10'000;
inline constexpr std::size_t kPathBytesMax = 4095;  // Linux takes no longer one

struct Definition {
  std::string_view name;  // the key; the flag is --name, the variable MINUTED_NAME
  Group group;
  Form form;
  std::string_view unit;  // what a count counts
  std::string_view meaning;
  Range range = {};
  std::span<const std::string_view> choices = {};
  bool in_file = true;

  // Puts one value (for a list: adds one element) into the settings, or says what is wrong with it
  // in words that go on from the value.
  using Take = std::optional<std::string> (*)(const Definition& self, std::string_view text,
                                              Settings& settings);
  // The values as texts that `take` reads back: one, or a list's elements.
  using Texts = std::vector<std::string> (*)(const Definition& self, const Settings& settings);
  Take take = nullptr;
  Texts texts = nullptr;
};

// Ordered by group.
std::span<const Definition> definitions();
const Definition* find_definition(std::string_view name);

std::string flag_of(const Definition& definition);      // --fold-interval
std::string variable_of(const Definition& definition);  // MINUTED_FOLD_INTERVAL
inline constexpr std::string_view kVariablePrefix = "MINUTED_";

// What a flag that asks for an answer instead of a start does. No value, no variable, no key.
struct Command {
  std::string_view name;
  std::string_view meaning;
};
inline constexpr std::string_view kHelp = "help";
inline constexpr std::string_view kVersion = "version";
inline constexpr std::string_view kPrintConfig = "print-config";
inline constexpr std::string_view kCheckConfig = "check-config";
std::span<const Command> commands();

// What would be right, as it follows "; give ".
std::string expectation_of(const Definition& definition);

// The setting (or, if asked, the command) whose name is nearest to `name` and near enough to be
// what was meant; nullopt if none is.
enum class Among : std::uint8_t { kSettings, kSettingsAndCommands };
std::optional<std::string_view> nearest_name(std::string_view name, Among among);

}  // namespace minuted::settings
