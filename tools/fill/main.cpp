// minuted-fill: flags → engine → fill → report. Exit codes: 0 filled, 1 not so, 2 wrong usage.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "fill/fill.hpp"
#include "fill/flags.hpp"
#include "minuted/process.hpp"

namespace minuted::fill {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

int fail(const Error& error, int code = kExitFailed) {
  std::fprintf(stderr, "minuted-fill: %s\n", error.message.c_str());
  return code;
}

void show_progress(const Progress& progress) {
  std::fprintf(stderr, "\r%5.1f%% %8.0f s %14llu rows %12.0f rows/s", progress.share * 100,
               progress.seconds, static_cast<unsigned long long>(progress.rows),
               static_cast<double>(progress.rows) / progress.seconds);
}

void report(const FillResult& result, std::uint64_t bytes) {
  const bool table = ::isatty(STDOUT_FILENO) != 0;
  const auto print = [&](const char* name, int decimals, double value) {
    std::printf(table ? "%-16s %16.*f\n" : "%s=%.*f\n", name, decimals, value);
  };
  const auto rows = static_cast<double>(result.rows);
  print("rows", 0, rows);
  print("events", 0, static_cast<double>(result.events));
  print("seconds", 1, result.seconds);
  print("rows_per_second", 0, rows / std::max(result.seconds, 1e-9));
  print("bytes_on_disk", 0, static_cast<double>(bytes));
  print("bytes_per_row", 1, rows > 0 ? static_cast<double>(bytes) / rows : 0);
}

int main_of(const std::vector<std::string>& arguments) {
  const auto line = read_command_line(arguments, system_clock().now());
  if (!line) return fail(line.error(), kExitUsage);
  if (line->help) {
    std::fputs(help_text().c_str(), stdout);
    return 0;
  }
  Result<FillResult> result = FillResult();
  {
    const auto engine = Engine::open(engine_options(line->data));
    if (!engine) return fail(engine.error());
    const bool watched = ::isatty(STDERR_FILENO) != 0;
    result = fill(**engine, Fleet(line->fleet), line->seal, watched ? show_progress : OnProgress());
    if (watched) std::fprintf(stderr, "\n");
  }
  if (!result) return fail(result.error());
  report(*result, bytes_below(line->data));
  return 0;
}

}  // namespace
}  // namespace minuted::fill

int main(int argc, char** argv) {
  minuted::open_standard_descriptors();
  minuted::restrict_new_files();
  return minuted::fill::main_of({argv + 1, argv + argc});
}
