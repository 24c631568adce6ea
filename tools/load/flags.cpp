#include "load/flags.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>

#include "minuted/event.hpp"
#include "settings/number.hpp"

namespace minuted::load {
namespace {

using settings::NumberForm;
using settings::Range;

constexpr std::uint64_t kDay = 24 * 3'600'000;
constexpr std::size_t kKeyPartBytesMax = 100;  // leaves room for the number within a key's 128
constexpr std::size_t kTokenBytesMax = 4096;
constexpr double kSkewMax = 10;

// What is wrong with a value, as the end of a sentence; nullopt if nothing is.
using Fault = std::optional<std::string>;

struct Flag {
  std::string_view name;
  std::string_view value;  // what the help calls it; empty: a switch
  std::string_view meaning;
  std::string_view initial;
  NumberForm form = NumberForm::kCount;
  Range range{};
  Fault (*take)(const Flag&, std::string_view, CommandLine&) = nullptr;
};

std::string range_text(const Flag& flag) {
  return to_text(flag.form, flag.range.first) + " to " + to_text(flag.form, flag.range.last);
}

// A number into `field`, which holds all of the flag's range.
template <class Field>
Fault take_number(const Flag& flag, std::string_view text, Field& field) {
  const auto number = settings::parse_number(flag.form, text, flag.range);
  if (!number) return number.error().message + "; give " + range_text(flag);
  field = static_cast<Field>(*number);
  return std::nullopt;
}

Fault take_skew(const Flag&, std::string_view text, CommandLine& line) {
  double skew = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), skew);
  const bool whole = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  if (!whole || !std::isfinite(skew) || skew < 0 || skew > kSkewMax) {
    return "is not an exponent; give a number from 0 to 10, such as 1.1";
  }
  line.options.workload.skew = skew;
  return std::nullopt;
}

Fault take_start(const Flag&, std::string_view text, CommandLine& line) {
  const auto time = parse_iso8601(text);
  constexpr std::int64_t kThirteenDigits = 1'000'000'000'000;
  if (!time || time->start.value < kThirteenDigits || time->start.value > kMillisMax.value / 30) {
    return "is not a time from 2001-09-10 to 2230; give one like 2024-01-01T10:00Z";
  }
  line.options.workload.start = time->start;
  return std::nullopt;
}

Fault take_form(const Flag&, std::string_view text, CommandLine& line) {
  if (text != "ndjson" && text != "json") return "is not a form; give ndjson or json";
  line.options.bodies.form = text == "json" ? BodyForm::kJson : BodyForm::kNdjson;
  return std::nullopt;
}

Fault take_coding(const Flag&, std::string_view text, CommandLine& line) {
  BodyCoding& coding = line.options.bodies.coding;
  if (text == "none") {
    coding = BodyCoding::kIdentity;
  } else if (text == "gzip") {
    coding = BodyCoding::kGzip;
  } else if (text == "zstd") {
    coding = BodyCoding::kZstd;
  } else {
    return "is not a compression; give none, gzip or zstd";
  }
  return std::nullopt;
}

// What goes into a header field as it is.
Fault take_visible(std::string_view text, std::size_t bytes_max, std::string& field) {
  const bool visible =
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (text.empty() || text.size() > bytes_max || !visible) {
    return "is not accepted; give 1 to " + std::to_string(bytes_max) + " visible ASCII characters";
  }
  field = text;
  return std::nullopt;
}

// A number into a field of the options, or of a part of them.
template <auto kField>
Fault number(const Flag& flag, std::string_view text, CommandLine& line) {
  return take_number(flag, text, line.options.*kField);
}
template <auto kPart, auto kField>
Fault part_number(const Flag& flag, std::string_view text, CommandLine& line) {
  return take_number(flag, text, (line.options.*kPart).*kField);
}
template <auto kField>
Fault body_number(const Flag& flag, std::string_view text, CommandLine& line) {
  return part_number<&LoadOptions::bodies, kField>(flag, text, line);
}
template <auto kField>
Fault event_number(const Flag& flag, std::string_view text, CommandLine& line) {
  return part_number<&LoadOptions::workload, kField>(flag, text, line);
}

Fault take_run(const Flag&, std::string_view text, CommandLine& line) {
  return take_visible(text, kKeyPartBytesMax, line.options.run);
}
Fault take_token(const Flag&, std::string_view text, CommandLine& line) {
  return take_visible(text, kTokenBytesMax, line.options.token);
}

Fault switch_no_keys(const Flag&, std::string_view, CommandLine& line) {
  line.options.keys = false;
  return std::nullopt;
}
Fault switch_live(const Flag&, std::string_view, CommandLine& line) {
  line.options.workload.live = true;
  return std::nullopt;
}
Fault switch_ids(const Flag&, std::string_view, CommandLine& line) {
  line.options.workload.ids = true;
  return std::nullopt;
}
Fault switch_json(const Flag&, std::string_view, CommandLine& line) {
  line.json = true;
  return std::nullopt;
}

constexpr NumberForm kCount = NumberForm::kCount;
constexpr NumberForm kDuration = NumberForm::kDuration;
constexpr NumberForm kSize = NumberForm::kSize;

constexpr std::uint64_t kEventsMax = 1'000'000'000'000;

// The initial values are those of LoadOptions, but for `events`, which only counts when no duration
// is given; a test holds them equal.
constexpr std::array<Flag, 26> kFlags{{
    {"port",
     "PORT",
     "of the daemon on 127.0.0.1",
     "3000",
     kCount,
     {1, 65535},
     number<&LoadOptions::port>},
    {"connections",
     "N",
     "kept alive, each with one batch at a time",
     "4",
     kCount,
     {1, 10'000},
     number<&LoadOptions::connections>},
    {"batch",
     "N",
     "events a request",
     "1000",
     kCount,
     {1, kBatchEventsMax},
     body_number<&BodyOptions::batch_events>},
    {"events",
     "N",
     "in all, rounded up to whole batches; unbounded if only --duration is given",
     "5000000",
     kCount,
     {1, kEventsMax},
     number<&LoadOptions::events>},
    {"duration",
     "TIME",
     "for which batches are sent; ends the run if --events does not before",
     "none",
     kDuration,
     {1, 30 * kDay},
     number<&LoadOptions::duration_ms>},
    {"rate",
     "N",
     "events a second, due at even times and timed from then",
     "as fast as possible",
     kCount,
     {1, 1'000'000'000},
     number<&LoadOptions::rate>},
    {"form", "ndjson|json", "of the bodies", "ndjson", kCount, {}, take_form},
    {"compress",
     "none|gzip|zstd",
     "the bodies, before the run begins",
     "none",
     kCount,
     {},
     take_coding},
    {"no-keys",
     "",
     "leaves out the Idempotency-Key: what is sent again may count twice",
     "",
     kCount,
     {},
     switch_no_keys},
    {"run",
     "NAME",
     "that keys begin with; the same again is answered, not counted again",
     "a new one each time",
     kCount,
     {},
     take_run},
    {"token",
     "TOKEN",
     "to authorise by; better in MINUTED_LOAD_TOKEN, where ps does not show it",
     "none",
     kCount,
     {},
     take_token},
    {"answer-timeout",
     "TIME",
     "after which a batch is sent again on a new connection",
     "1m",
     kDuration,
     {100, kDay},
     number<&LoadOptions::answer_timeout_ms>},
    {"attempts-max",
     "N",
     "of one batch, which then ends the run",
     "100",
     kCount,
     {1, 1'000'000},
     number<&LoadOptions::attempts_max>},
    {"prepared-bytes-max",
     "SIZE",
     "of bodies in memory; if all do not fit they are sent repeatedly",
     "1536MiB",
     kSize,
     {1, 1ULL << 40},
     body_number<&BodyOptions::prepared_bytes_max>},
    {"repos", "N", "repoIds", "200", kCount, {1, kPairsMax}, event_number<&WorkloadOptions::repos>},
    {"buckets",
     "N",
     "bucketIds in each repo",
     "5",
     kCount,
     {1, kPairsMax},
     event_number<&WorkloadOptions::buckets_per_repo>},
    {"hosts",
     "N",
     "in every batch",
     "16",
     kCount,
     {1, kHostsMax},
     event_number<&WorkloadOptions::hosts>},
    {"skew",
     "X",
     "Zipf's exponent over the buckets of all repos; 0: all alike",
     "1.1",
     kCount,
     {},
     take_skew},
    {"span",
     "TIME",
     "that the events' timestamps run through, then begin anew",
     "1h",
     kDuration,
     {1, 3650 * kDay},
     event_number<&WorkloadOptions::span_ms>},
    {"span-events",
     "N",
     "events that fill the span",
     "5000000",
     kCount,
     {1, kEventsMax},
     event_number<&WorkloadOptions::span_events>},
    {"start", "TIME", "of the span, ISO 8601", "2024-01-01T10:00Z", kCount, {}, take_start},
    {"disorder",
     "TIME",
     "that an event may be earlier than those before it",
     "3s",
     kDuration,
     {0, 600'000},
     event_number<&WorkloadOptions::disorder_ms>},
    {"seed",
     "N",
     "of the random events",
     "1",
     kCount,
     {0, UINT64_MAX},
     event_number<&WorkloadOptions::seed>},
    {"live",
     "",
     "timestamps follow the wall clock, whatever --start and --span say",
     "",
     kCount,
     {},
     switch_live},
    {"ids", "", "gives each event an id", "", kCount, {}, switch_ids},
    {"json", "", "prints one JSON object instead of lines", "", kCount, {}, switch_json},
}};

// The meaning, and what may be given.
std::string description(const Flag& flag) {
  std::string text(flag.meaning);
  if (flag.value.empty()) return text;
  text += " (";
  if (flag.range.last != 0) text += range_text(flag) + "; ";
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
    if (flag.name == "token") options.back()->envname("MINUTED_LOAD_TOKEN");
  }
  return options;
}

Error wrong(const Flag& flag, std::string_view value, const std::string& fault) {
  return Error{minuted::ErrorCode::kInvalidArgument,
               "--" + std::string(flag.name) + " " + shorten(value) + " " + fault};
}

}  // namespace

Result<CommandLine> read_command_line(const std::vector<std::string>& arguments) {
  CommandLine line;
  line.options.events = 0;
  CLI::App app;
  const std::vector<CLI::Option*> options = add_flags(app);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    line.help = true;
    return line;
  } catch (const CLI::Error& error) {
    return Error{minuted::ErrorCode::kInvalidArgument,
                 std::string(error.what()) + "; minuted-load --help lists the flags"};
  }
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (options[i]->count() == 0) continue;
    const std::string& value = options[i]->results().back();
    const bool secret = kFlags[i].name == "token";
    const auto fault = kFlags[i].take(kFlags[i], value, line);
    if (fault) return wrong(kFlags[i], secret ? "…" : std::string_view(value), *fault);
  }
  if (line.options.duration_ms == 0 && line.options.events == 0) {
    line.options.events = LoadOptions{}.events;
  }
  return line;
}

std::string help_text() {
  CLI::App app(
      "Pushes events to a minuted on this machine and tells how fast they were acknowledged.",
      "minuted-load");
  add_flags(app);
  return app.help();
}

}  // namespace minuted::load
