// Questions about storage: what a store of 1,000 repos, each of 100 buckets, and a year of days takes to
// tell what a window has, in one and broken down, and how much of an answer is writing it: in process, over
// the engine's face, and then of a daemon over the same store, by HTTP. Fills a store in a directory of its
// own, which it leaves when it is given one, and finds it there the next time. Exits 1 if a question that
// is promised an answer within 20 ms takes longer than that beyond the time to write it.
//
//   build/release/minuted_storage_bench [DIRECTORY]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon_load.hpp"
#include "daemon_process.hpp"
#include "figures.hpp"
#include "minuted/engine.hpp"
#include "minuted/process.hpp"
#include "read_client.hpp"
#include "render/storage_json.hpp"
#include "render/storage_params.hpp"
#include "render/totals_json.hpp"

namespace minuted::bench {
namespace {

constexpr std::uint32_t kRepos = 1'000;
constexpr std::uint32_t kBuckets = 100;
constexpr std::uint32_t kDays = 366;
// A bucket has an event every so many days, so that a repo has ten on each.
constexpr std::uint32_t kDaysBetween = 10;
constexpr std::uint32_t kNodes = 50;
constexpr std::size_t kBatchRepos = 100;
constexpr int kRuns = 21;
constexpr double kMicrosPerMilli = 1000;
constexpr double kPromisedMs = 20;

// Stands still an hour into today, so that no slot closes while it is asked for.
class StillClock final : public Clock {
 public:
  Millis now() const override { return now_; }
  std::int64_t steady_ms() const override { return system_clock().steady_ms(); }

 private:
  const Millis now_{system_clock().now().value / kMillisPerDay * kMillisPerDay + 3'600'000};
};

struct Question {
  std::string by;  // of a breakdown; empty: none
  std::string query;
  int runs = kRuns;
  bool promised = true;  // an answer within kPromisedMs beyond the time to write it
};

// What a question took; medians.
struct Times {
  double read_ms = 0;  // all but writing
  double writing_ms = 0;
  double http_ms = 0;
  std::uint64_t bytes = 0;
  std::uint64_t entities = 0;
};

double millis_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(
                                 std::chrono::steady_clock::now() - start)
                                 .count()) /
         kMicrosPerMilli;
}

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "storage_bench: %s\n", why.c_str());
  std::exit(1);
}

std::string name(const char* kind, std::uint32_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "%s-%04u", kind, number);
  return text;
}

void fill_day(Engine& engine, std::uint32_t day_from_end, Millis now) {
  for (std::uint32_t first = 0; first < kRepos; first += kBatchRepos) {
    AppendRequest request;
    for (std::uint32_t r = first; r < first + kBatchRepos; ++r) {
      const std::string repo = name("repo", r);
      for (std::uint32_t b = day_from_end % kDaysBetween; b < kBuckets; b += kDaysBetween) {
        const std::string bucket = name("bucket", b);
        const std::string host = name("node", (r + b) % kNodes);
        EventView e;
        e.repo = repo;
        e.bucket = bucket;
        e.host = host;
        e.timestamp = Millis{now.value - day_from_end * kMillisPerDay - (r * 7 + b) % 59 * kMillisPerMinute};
        e.op = OpClass::kPut;
        e.status = 200;
        e.upl_bytes = (r * 2654435761U + b * 40503U + day_from_end) % 100'000'000;
        e.size_change = static_cast<std::int64_t>(e.upl_bytes);
        e.latency_us = 1'000 + (r + b + day_from_end) % 50'000;
        request.batch.add(e);
      }
    }
    if (auto done = engine.append_and_wait(std::move(request)); !done) give_up(done.error().message);
  }
}

std::unique_ptr<Engine> open_store(const std::string& path, const Clock& clock) {
  Options options;
  options.path = path;
  options.clock = &clock;
  options.fold_interval_ms = 0;
  options.seal_interval_ms = 0;
  options.series.new_per_minute_max = 10'000'000;
  options.disk_reserve_bytes = 0;
  options.disk_reserve_percent = 0;
  const bool there = std::filesystem::exists(path);
  auto engine = Engine::open(options);
  if (!engine) give_up(engine.error().message);
  if (there) return std::move(*engine);
  for (std::uint32_t day = kDays; day-- > 0;) {
    fill_day(**engine, day, clock.now());
    if (day % 4 != 0) continue;
    if (auto folded = (*engine)->fold(); !folded) give_up(folded.error().message);
    if (day % 60 == 0) std::fprintf(stderr, "%u days to fill\n", day);
  }
  for (std::uint32_t r = 0; r < kRepos; ++r) {
    const auto told = (*engine)->tell_repo(
        name("repo", r), {name("workspace", r % 20), name("provider", r % 4)});
    if (!told) give_up(told.error().message);
  }
  const double seal_ms = millis_of([&] {
    if (auto sealed = (*engine)->seal(); !sealed) give_up(sealed.error().message);
  });
  std::fprintf(stderr, "sealed in %.0f ms\n", seal_ms);
  return std::move(*engine);
}

// What a question came to.
struct Answer {
  std::uint64_t entities = 0;
  std::string body;
};

Answer ask(Engine& engine, const render::StorageParams& params, std::string_view by, bool write) {
  auto cursor = engine.usage(params.query);
  if (!cursor) give_up(cursor.error().message);
  for (;;) {
    const auto ready = (*cursor)->prepare();
    if (!ready) give_up(ready.error().message);
    if (*ready) break;
  }
  Answer answer{(*cursor)->entities(), {}};
  UsageEntity entity;
  if (write && params.query.by) {
    render::append_breakdown_head(params, {by, answer.entities, (*cursor)->requests()}, answer.body);
  }
  for (;;) {
    const auto more = (*cursor)->next(entity);
    if (!more) give_up(more.error().message);
    if (!*more) return answer;
    if (!write) continue;
    if (params.query.by) {
      render::append_entity(params, entity, answer.body);
    } else {
      render::append_storage(params, entity.points, answer.body);
    }
  }
}

Times ask_in_process(Engine& engine, const Clock& clock, const Question& question) {
  const auto parsed = render::parse_storage_params(
      question.query, clock.now(),
      question.by.empty() ? std::nullopt : render::parse_breakdown(question.by));
  const auto* params = std::get_if<render::StorageParams>(&parsed);
  if (params == nullptr) give_up(std::get<render::ParameterError>(parsed).message);
  std::vector<double> reads;
  std::vector<double> answers;
  Answer answer;
  for (int run = 0; run < question.runs; ++run) {
    reads.push_back(millis_of([&] { (void)ask(engine, *params, question.by, false); }));
    answers.push_back(millis_of([&] { answer = ask(engine, *params, question.by, true); }));
  }
  Times times;
  times.read_ms = median_of(reads);
  times.writing_ms = std::max(0.0, median_of(answers) - times.read_ms);
  times.entities = answer.entities;
  return times;
}

Times sum_up_repos(Engine& engine) {
  Times times;
  std::vector<double> reads;
  for (int run = 0; run < kRuns; ++run) {
    reads.push_back(millis_of([&] {
      auto cursor = engine.totals({});
      if (!cursor) give_up(cursor.error().message);
      Totals totals;
      for (times.entities = 0;; ++times.entities) {
        const auto more = (*cursor)->next(totals);
        if (!more) give_up(more.error().message);
        if (!*more) return;
      }
    }));
  }
  times.read_ms = median_of(reads);
  return times;
}

void ask_daemon(ReadClient& client, const std::string& target, int runs, Times& times) {
  std::vector<double> answers;
  for (int run = 0; run < runs; ++run) {
    answers.push_back(millis_of([&] {
      const auto bytes = client.get(target);
      if (!bytes) give_up(target + ": " + bytes.error().message);
      times.bytes = *bytes;
    }));
  }
  times.http_ms = median_of(answers);
}

std::vector<Question> questions() {
  std::vector<Question> all;
  for (const char* window : {"24h", "7d", "30d", "90d", "180d", "365d"}) {
    const std::string query = std::string("window=") + window;
    all.push_back({"", "scope=org&" + query});
    all.push_back({"", "scope=workspace&id=workspace-0007&" + query});
    all.push_back({"", "scope=repo&id=repo-0500&" + query});
    all.push_back({"repos", query});
    all.push_back({"workspaces", query});
  }
  all.push_back({"repos", "window=24h&includeSeries=true"});
  all.push_back({"repos", "window=365d&includeSeries=true"});
  all.push_back({"repos", "window=365d&includeSeries=true&limit=1000", 5});
  all.push_back({"workspaces", "window=365d&includeSeries=true"});
  for (const char* by : {"buckets", "nodes", "providers"}) {
    all.push_back({by, "window=30d", 3, false});
    all.push_back({by, "window=365d", 3, false});
  }
  return all;
}

// Whether it is kept, where it is promised.
bool print(Table& table, const std::string& route, const Question& question, const Times& times) {
  const bool kept = !question.promised || times.http_ms - times.writing_ms <= kPromisedMs;
  table.print({{nullptr, "route", -12, route}, {nullptr, "query", -42, question.query}},
              {{"read_p50_ms", "read ms", 9, 2, times.read_ms},
               {"writing_ms", "writing ms", 11, 2, times.writing_ms},
               {"http_p50_ms", "by HTTP ms", 11, 2, times.http_ms},
               {"bytes", "bytes", 10, 0, static_cast<double>(times.bytes)},
               {"entities", "entities", 9, 0, static_cast<double>(times.entities)}},
              kept ? "" : "MISSED");
  return kept;
}

// The daemon's own answers are what its clock, which goes on, makes of the same store.
bool run_over(const std::string& path) {
  const StillClock clock;
  const std::vector<Question> all = questions();
  std::vector<Times> times;
  Times repos;
  {
    const auto engine = open_store(path, clock);
    repos = sum_up_repos(*engine);
    for (const Question& question : all) times.push_back(ask_in_process(*engine, clock, question));
  }
  const auto daemon = DaemonProcess::start_over(
      DaemonProcess::built_here(), path, std::filesystem::temp_directory_path().string(), {});
  if (!daemon) give_up(daemon.error().message);
  auto client = ReadClient::connect(daemon->port());
  if (!client) give_up(client.error().message);

  Table table("storage");
  ask_daemon(*client, "/repo/stats", kRuns, repos);
  bool kept = print(table, "/repo/stats", {}, repos);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Question& question = all[i];
    const std::string route =
        question.by.empty() ? "/v2/stats/storage" : "/v2/stats/storage/breakdown/" + question.by;
    ask_daemon(*client, route + "?" + question.query, question.runs, times[i]);
    kept &= print(table, question.by.empty() ? "storage" : question.by, question, times[i]);
  }
  return kept;
}

int run(const std::string& given) {
  if (!given.empty()) return run_over(given) ? 0 : 1;
  const auto path = std::filesystem::temp_directory_path() / "minuted-storage-bench";
  std::filesystem::remove_all(path);
  const bool kept = run_over(path.string());
  std::filesystem::remove_all(path);
  return kept ? 0 : 1;
}

}  // namespace
}  // namespace minuted::bench

int main(int argc, char** argv) {
  minuted::open_standard_descriptors();
  minuted::restrict_new_files();
  const std::string directory = argc > 1 ? argv[1] : "";
  if (argc > 2 || directory.starts_with('-')) {
    std::fprintf(stderr, "usage: minuted_storage_bench [DIRECTORY]\n");
    return minuted::bench::kExitUsage;
  }
  return minuted::bench::run(directory);
}
