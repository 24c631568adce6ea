#include "inspection/inspect_command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <ostream>
#include <string_view>
#include <vector>

#include "inspection/inspection_text.hpp"
#include "minuted/event.hpp"
#include "minuted/inspect.hpp"

namespace minuted::inspection {
namespace {

constexpr std::size_t kReposMax = 10'000;
constexpr std::int64_t kProgressEveryMs = 1000;

int fail(const Console& console, const std::string& message, int exit_code) {
  console.err << "minuted inspect: " << message << "\n";
  return exit_code;
}

Result<std::size_t> read_repos(const std::string& text) {
  std::size_t count = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, count);
  if (read.ec == std::errc{} && read.ptr == end && count <= kReposMax) return count;
  return Error{ErrorCode::kInvalidArgument, "--repos " + shorten(text) +
                                                " is not a number of repos; give 0 to " +
                                                std::to_string(kReposMax)};
}

// A line on the terminal that is written over, once a second from the first second on.
class ProgressLine {
 public:
  ProgressLine(const Console& console, const Clock& clock)
      : console_(console), clock_(clock), said_ms_(clock.steady_ms()) {}
  ~ProgressLine() {
    if (shown_) console_.err << "\r\x1b[K" << std::flush;
  }

  void say(const InspectProgress& progress) {
    const std::int64_t now = clock_.steady_ms();
    if (now - said_ms_ < kProgressEveryMs) return;
    said_ms_ = now;
    shown_ = true;
    console_.err << "\r\x1b[K" << with_thousands(progress.keys) << " keys of about "
                 << with_thousands(std::max(progress.keys, progress.keys_expected)) << std::flush;
  }

 private:
  const Console& console_;
  const Clock& clock_;
  std::int64_t said_ms_;
  bool shown_ = false;
};

Result<Inspection> inspect_with_progress(InspectOptions options, const Console& console,
                                         const Clock& clock) {
  ProgressLine line(console, clock);
  if (console.err_is_terminal) {
    options.progress = [&line](const InspectProgress& progress) { line.say(progress); };
  }
  return inspect(options);
}

}  // namespace

int run_inspect_command(std::span<const std::string> arguments, const std::string& data,
                        const Console& console, const Clock& clock) {
  InspectOptions options;
  options.path = data;
  bool json = false;
  std::string repos = std::to_string(options.repos_max);
  CLI::App app("Say what a store holds. Reads only, and beside a running daemon too.",
               "minuted inspect");
  app.add_option("--data", options.path, "The directory that holds it")->capture_default_str();
  app.add_flag("--json", json, "One JSON object");
  app.add_flag("--quick", options.quick, "Estimates of keys, instead of a walk through all of them");
  app.add_option("--repos", repos, "How many of the largest repos to name")->capture_default_str();
  try {
    // CLI11 takes them from the back.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::Success& help) {
    return app.exit(help, console.out, console.err);
  } catch (const CLI::ParseError& fault) {
    return fail(console,
                std::string(fault.what()) + "\nRun `minuted inspect --help` for what there is.",
                kExitUsage);
  }
  const auto count = read_repos(repos);
  if (!count) return fail(console, count.error().message, kExitUsage);
  options.repos_max = *count;
  if (options.path.empty()) return fail(console, "--data is empty; name a directory", kExitUsage);

  const auto found = inspect_with_progress(options, console, clock);
  if (!found) return fail(console, found.error().message, kExitFailed);
  // Paths may be any bytes, JSON may not.
  const std::string path = is_valid_utf8(options.path) ? options.path : shorten(options.path);
  console.out << (json                      ? to_json(*found, path)
                  : console.out_is_terminal ? to_table(*found, path)
                                            : to_lines(*found, path))
              << std::flush;
  if (!console.out) return fail(console, "the output could not be written", kExitFailed);
  return kExitOk;
}

}  // namespace minuted::inspection
