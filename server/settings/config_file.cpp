#include "settings/config_file.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>

#include "minuted/event.hpp"

namespace minuted::settings {
namespace {

// As a message goes on from the value.
const char* kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "is a table";
    case toml::node_type::array:
      return "is an array";
    case toml::node_type::string:
      return "is a text";
    case toml::node_type::integer:
      return "is an integer";
    case toml::node_type::floating_point:
      return "is a number with a fraction";
    case toml::node_type::boolean:
      return "is a boolean";
    case toml::node_type::date:
      return "is a date";
    case toml::node_type::time:
      return "is a time of day";
    case toml::node_type::date_time:
      return "is a date and time";
    case toml::node_type::none:
      break;
  }
  return "is nothing";
}

// About as the file has it, for messages.
std::string written(const toml::node& node) {
  std::ostringstream out;
  node.visit([&](const auto& typed) {
    if constexpr (toml::is_string<decltype(typed)>) {
      out << typed.get();
    } else {
      out << typed;
    }
  });
  return std::move(out).str();
}

std::uint32_t line_of(const toml::node& node) { return node.source().begin.line; }

// A single value as the text that a flag would have, if its type suits the form.
std::optional<std::string> text_of(const toml::node& node, Form form) {
  if (const auto* text = node.as_string()) return text->get();
  const bool numeric = number_form(form).has_value() || form == Form::kRepoLimits;
  if (const auto* integer = node.as_integer(); integer != nullptr && numeric) {
    return std::to_string(integer->get());
  }
  if (const auto* boolean = node.as_boolean(); boolean != nullptr && form == Form::kSwitch) {
    return boolean->get() ? "true" : "false";
  }
  return std::nullopt;
}

std::string in_quotes(const Definition& definition) {
  const bool quoted = definition.form != Form::kSwitch && definition.form != Form::kCount;
  return expectation_of(definition) + (quoted ? ", in quotes" : "");
}

class FileReader {
 public:
  explicit FileReader(const std::string& path) : path_(path) {}

  void take_key(const toml::key& key, const toml::node& node) {
    const std::uint32_t line = key.source().begin.line;
    const Definition* const definition = find_definition(key.str());
    if (definition == nullptr) return unknown(key, line);
    if (!definition->in_file) {
      return error(line, std::string(key.str()) + " " + shorten(written(node)) +
                             " cannot stand in the file; give it as " + flag_of(*definition) +
                             " or " + variable_of(*definition));
    }
    Given given{definition, Layer::kFile, path_, line, {}};
    const std::size_t errors_before = errors_.size();
    if (const auto* array = node.as_array(); array != nullptr && is_list(definition->form)) {
      take_array(*array, given);
    } else if (const auto* table = node.as_table();
               table != nullptr && definition->form == Form::kRepoLimits) {
      take_table(*table, given);
    } else {
      take_value(node, given);
    }
    given.faulty = errors_.size() != errors_before;
    given_.push_back(std::move(given));
  }

  // toml++ walks keys in the order of their names; people read files from the top.
  Source finish() {
    const auto by_line = [](const auto& one) { return one.line; };
    std::ranges::stable_sort(given_, {}, by_line);
    std::ranges::stable_sort(errors_, {}, by_line);
    Source source;
    source.given = std::move(given_);
    for (Fault& fault : errors_) source.errors.push_back(std::move(fault.message));
    return source;
  }

 private:
  struct Fault {
    std::uint32_t line;
    std::string message;
  };

  void error(std::uint32_t line, const std::string& message) {
    errors_.push_back({line, path_ + ":" + std::to_string(line) + ": " + message});
  }

  void unknown(const toml::key& key, std::uint32_t line) {
    const auto nearest = nearest_name(key.str(), Among::kSettings);
    error(line, shorten(key.str()) + " is not a setting; " +
                    (nearest ? "did you mean " + std::string(*nearest) + "?"
                             : "give one of those that minuted --help lists"));
  }

  void wrong_type(const toml::node& node, const Given& given) {
    error(line_of(node), std::string(given.definition->name) + " " + shorten(written(node)) + " " +
                             kind_of(node) + "; give " + in_quotes(*given.definition));
  }

  void take_value(const toml::node& node, Given& given) {
    const bool lone_number = given.definition->form == Form::kRepoLimits && !node.is_string();
    const auto text = text_of(node, given.definition->form);
    if (!text || lone_number) return wrong_type(node, given);
    given.values = values_of(*given.definition, *text, line_of(node));
  }

  void take_array(const toml::array& array, Given& given) {
    for (const toml::node& element : array) {
      const auto* text = element.as_string();
      if (text == nullptr) {
        wrong_type(element, given);
      } else {
        given.values.push_back({text->get(), line_of(element)});
      }
    }
  }

  void take_table(const toml::table& table, Given& given) {
    for (const auto& [repo, limit] : table) {
      const std::uint32_t line = repo.source().begin.line;
      const std::string element = std::string(repo.str()) + "=";
      if (const auto text = text_of(limit, Form::kRepoLimits)) {
        given.values.push_back({element + *text, line});
      } else {
        error(line, std::string(given.definition->name) + " " + shorten(element + written(limit)) +
                        " has a limit that " + kind_of(limit) + "; give " +
                        expectation_of(*given.definition));
      }
    }
  }

  const std::string& path_;  // the caller's
  std::vector<Given> given_;
  std::vector<Fault> errors_;
};

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

Result<std::string> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "re"));
  const auto failed = [] {
    return Error{ErrorCode::kIoError, std::generic_category().message(errno)};
  };
  if (file == nullptr) return failed();
  std::string text;
  std::array<char, 16384> piece;
  while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), file.get())) {
    text.append(piece.data(), count);
    if (text.size() > kConfigFileBytesMax) {
      return Error{ErrorCode::kInvalidArgument,
                   "it is larger than " + std::to_string(kConfigFileBytesMax) + " bytes"};
    }
  }
  if (std::ferror(file.get()) != 0) return failed();
  return text;
}

}  // namespace

Source parse_config_text(std::string_view text, const std::string& path) {
  FileReader reader(path);
  try {
    const toml::table table = toml::parse(text);
    for (const auto& [key, node] : table) reader.take_key(key, node);
  } catch (const toml::parse_error& error) {
    const toml::source_position at = error.source().begin;
    Source source;
    source.errors.push_back(path + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) +
                            ": this is not TOML: " + std::string(error.description()) +
                            "; give name = value, texts and values with a unit in quotes");
    return source;
  }
  return reader.finish();
}

Source read_config_file(const std::string& path, std::string_view named_by) {
  const auto text = read_file(path);
  if (!text) {
    Source source;
    source.errors.push_back(std::string(named_by) + " " + shorten(path) + " cannot be read: " +
                            text.error().message + "; give a TOML file that this user may read");
    return source;
  }
  return parse_config_text(*text, path);
}

}  // namespace minuted::settings
