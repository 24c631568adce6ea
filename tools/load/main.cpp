// minuted-load: flags → bodies → load → report. Exit codes: 0 every batch was acknowledged whole, 1
// not so, or it could not run, 2 wrong usage.
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "load/flags.hpp"
#include "load/report.hpp"
#include "minuted/process.hpp"

namespace minuted::load {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

int fail(const Error& error) {
  std::fprintf(stderr, "minuted-load: %s\n", error.message.c_str());
  return error.code == ErrorCode::kInvalidArgument ? kExitUsage : kExitFailed;
}

void say(const char* text) {
  if (::isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "%s\n", text);
}

void show_progress(const Progress& progress) {
  std::fprintf(stderr, "\r%8.0f s %14llu events %12.0f events/s %8llu retries", progress.seconds,
               static_cast<unsigned long long>(progress.events_accepted),
               static_cast<double>(progress.events_accepted) / progress.seconds,
               static_cast<unsigned long long>(progress.retries));
}

int load(const CommandLine& line) {
  say("preparing the bodies");
  auto prepared = prepare(line.options);
  if (!prepared) return fail(prepared.error());
  const bool watched = ::isatty(STDERR_FILENO) != 0;
  const auto result = run(line.options, *prepared, watched ? show_progress : OnProgress());
  say("");
  if (!result) return fail(result.error());
  const ReportForm form = line.json                      ? ReportForm::kJson
                          : ::isatty(STDOUT_FILENO) != 0 ? ReportForm::kTable
                                                         : ReportForm::kLines;
  std::fputs(report(*result, form).c_str(), stdout);
  if (!result->first_refusal.empty()) {
    std::fprintf(stderr, "minuted-load: the first batch refused was answered %s\n",
                 result->first_refusal.c_str());
  }
  return result->complete() ? 0 : kExitFailed;
}

int main_of(const std::vector<std::string>& arguments) {
  const auto line = read_command_line(arguments);
  if (!line) return fail(line.error());
  if (line->help) {
    std::fputs(help_text().c_str(), stdout);
    return 0;
  }
  return load(*line);
}

}  // namespace
}  // namespace minuted::load

int main(int argc, char** argv) {
  minuted::open_standard_descriptors();
  return minuted::load::main_of({argv + 1, argv + argc});
}
