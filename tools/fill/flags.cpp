#include "fill/flags.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "minuted/event.hpp"
#include "settings/number.hpp"

namespace minuted::fill {
namespace {

constexpr std::uint32_t kSparseSeriesMax = 10'000'000;

// What the flags say before the range is known.
struct Given {
  CommandLine line;
  double days = 1;
  std::optional<Minute> end;
};

// What is wrong with a value, as the end of a sentence; nullopt if nothing is.
using Fault = std::optional<std::string>;

struct Flag {
  std::string_view name;
  std::string_view value;  // what the help calls it; empty: a switch
  std::string_view meaning;
  std::string_view initial;
  settings::Range range{};
  Fault (*take)(const Flag&, std::string_view, Given&) = nullptr;
};

template <auto kField>
Fault number(const Flag& flag, std::string_view text, Given& given) {
  const auto parsed = settings::parse_number(settings::NumberForm::kCount, text, flag.range);
  if (!parsed) {
    return parsed.error().message + "; give " + std::to_string(flag.range.first) + " to " +
           std::to_string(flag.range.last);
  }
  auto& field = given.line.fleet.*kField;
  field = static_cast<std::remove_reference_t<decltype(field)>>(*parsed);
  return std::nullopt;
}

std::optional<double> parse_real(std::string_view text) {
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  if (!whole || !std::isfinite(value)) return std::nullopt;
  return value;
}

Fault take_data(const Flag&, std::string_view text, Given& given) {
  if (text.empty()) return "is not a directory; give a path";
  given.line.data = text;
  return std::nullopt;
}

Fault take_days(const Flag&, std::string_view text, Given& given) {
  const auto days = parse_real(text);
  if (!days || *days * kMinutesPerDay < 1 || *days > kDaysMax) {
    return "is not a number of days; give a minute (0.0007) to 3660, such as 1 or 0.25";
  }
  given.days = *days;
  return std::nullopt;
}

Fault take_end(const Flag&, std::string_view text, Given& given) {
  const auto time = parse_iso8601(text);
  if (!time || time->start.value < 0 || time->start.value > kMillisMax.value) {
    return "is not a time from 1970 on; give one like 2024-01-31 or 2024-01-31T12:00Z";
  }
  given.end = minute_of(time->start);
  return std::nullopt;
}

Fault take_density(const Flag&, std::string_view text, Given& given) {
  const auto density = parse_real(text);
  if (!density || *density <= 0 || *density > 1) {
    return "is not a share; give a number above 0, up to 1";
  }
  given.line.fleet.density = *density;
  return std::nullopt;
}

Fault take_events(const Flag& flag, std::string_view text, Given& given) {
  const std::size_t dash = text.find('-');
  const auto parse = [&](std::string_view part) {
    return settings::parse_number(settings::NumberForm::kCount, part, flag.range);
  };
  const auto first = parse(text.substr(0, dash));
  const auto last = dash == text.npos ? first : parse(text.substr(dash + 1));
  if (!first.ok() || !last.ok() || *first > *last) {
    return "is not a number of events; give 1 to 1000, or two of these, such as 1-3";
  }
  given.line.fleet.events_min = static_cast<std::uint32_t>(*first);
  given.line.fleet.events_max = static_cast<std::uint32_t>(*last);
  return std::nullopt;
}

Fault switch_uniform(const Flag&, std::string_view, Given& given) {
  given.line.fleet.uniform = true;
  return std::nullopt;
}
Fault switch_no_seal(const Flag&, std::string_view, Given& given) {
  given.line.seal = false;
  return std::nullopt;
}

// The initial values are those of FleetOptions; a test holds them equal.
constexpr std::array<Flag, 13> kFlags{{
    {"data",
     "DIR",
     "the data directory, made if absent; no daemon may have it open",
     "none, needed",
     {},
     take_data},
    {"repos", "N", "repoIds", "200", {1, kIdsMax}, number<&FleetOptions::repos>},
    {"buckets",
     "N",
     "bucketIds in each repo",
     "5",
     {1, kIdsMax},
     number<&FleetOptions::buckets_per_repo>},
    {"hosts", "N", "of each bucket", "2", {1, kHostsMax}, number<&FleetOptions::hosts>},
    {"days", "X", "that end at --end, up to 3660; parts of one too", "1", {}, take_days},
    {"end", "TIME", "ISO 8601, not in it any more", "the last midnight, UTC", {}, take_end},
    {"density",
     "X",
     "share of a host's minutes that have events, above 0, up to 1",
     "1",
     {},
     take_density},
    {"events",
     "N|N-M",
     "of a host and minute, from one number to the other, up to 1000",
     "1-3",
     {1, kEventsMax},
     take_events},
    {"uniform", "", "draws every number evenly, the hardest data there is", "", {}, switch_uniform},
    {"sparse-series",
     "N",
     "beside these, each of a bucket of its own",
     "0",
     {0, kSparseSeriesMax},
     number<&FleetOptions::sparse_series>},
    {"sparse-rows",
     "N",
     "minutes a day in which such a series has events",
     "1",
     {1, kMinutesPerDay},
     number<&FleetOptions::sparse_rows>},
    {"seed", "N", "of what is drawn", "1", {0, UINT64_MAX}, number<&FleetOptions::seed>},
    {"no-seal", "", "leaves closed spans as single rows", "", {}, switch_no_seal},
}};

std::string description(const Flag& flag) {
  std::string text(flag.meaning);
  if (flag.value.empty()) return text;
  text += " (";
  if (flag.range.last != 0 && flag.take != take_events) {
    text += std::to_string(flag.range.first) + " to " + std::to_string(flag.range.last) + "; ";
  }
  return text + "default " + std::string(flag.initial) + ")";
}

// The flags in the table's order, as CLI11 reads them: texts, whose meaning is judged here.
std::vector<CLI::Option*> add_flags(CLI::App& app) {
  std::vector<CLI::Option*> options;
  for (const Flag& flag : kFlags) {
    const std::string name = "--" + std::string(flag.name);
    if (flag.value.empty()) {
      options.push_back(app.add_flag(name)->description(description(flag)));
    } else {
      options.push_back(app.add_option(name)
                            ->description(description(flag))
                            ->type_name(std::string(flag.value))
                            ->expected(1)
                            ->multi_option_policy(CLI::MultiOptionPolicy::Throw));
    }
  }
  return options;
}

Error wrong(const std::string& message) {
  return Error{minuted::ErrorCode::kInvalidArgument, message};
}

Result<MinuteRange> range_of(const Given& given, Millis now) {
  const Minute end = given.end ? *given.end : floor_to(minute_of(now), kMinutesPerDay);
  const auto minutes = static_cast<std::uint32_t>(std::llround(given.days * kMinutesPerDay));
  if (minutes > end.value) {
    return wrong("--days goes back to before 1970; give fewer, or a later --end");
  }
  return MinuteRange{{end.value - minutes}, end};
}

}  // namespace

Result<CommandLine> read_command_line(const std::vector<std::string>& arguments, Millis now) {
  Given given;
  CLI::App app;
  const std::vector<CLI::Option*> options = add_flags(app);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    given.line.help = true;
    return given.line;
  } catch (const CLI::Error& error) {
    return wrong(std::string(error.what()) + "; minuted-fill --help lists the flags");
  }
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (options[i]->count() == 0) continue;
    const std::string& value = options[i]->results().back();
    const auto fault = kFlags[i].take(kFlags[i], value, given);
    if (fault)
      return wrong("--" + std::string(kFlags[i].name) + " " + shorten(value) + " " + *fault);
  }
  if (given.line.data.empty()) return wrong("--data is needed: the directory to fill");
  const auto range = range_of(given, now);
  if (!range) return range.error();
  given.line.fleet.range = *range;
  return given.line;
}

std::string help_text() {
  CLI::App app("Fills a data directory with the minutes of a made-up storage fleet.",
               "minuted-fill");
  add_flags(app);
  return app.help();
}

}  // namespace minuted::fill
