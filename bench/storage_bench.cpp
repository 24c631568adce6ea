// Questions about storage: what a store of 1,000 repos, each of 100 buckets, and a year of days takes to
// tell what a window has, in one and broken down, and how much of an answer is writing it. In process, over
// the engine's face: what HTTP adds is the same for all answers. Fills a store in a directory of its own,
// which it leaves when it is given one, and finds it there the next time.
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

#include "figures.hpp"
#include "minuted/engine.hpp"
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

// Stands still, so that the same store has the same answers on any day.
class StillClock final : public Clock {
 public:
  Millis now() const override { return Millis{std::int64_t{20'400} * kMillisPerDay + 3'600'000}; }
  std::int64_t steady_ms() const override { return system_clock().steady_ms(); }
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
  auto cursor = engine.storage(params.query);
  if (!cursor) give_up(cursor.error().message);
  for (;;) {
    const auto ready = (*cursor)->prepare();
    if (!ready) give_up(ready.error().message);
    if (*ready) break;
  }
  Answer answer{(*cursor)->entities(), {}};
  StorageEntity entity;
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

void measure(Engine& engine, const Clock& clock, Table& table, const std::string& by,
             const std::string& query, int runs = kRuns) {
  const auto parsed = render::parse_storage_params(
      query, clock.now(), by.empty() ? std::nullopt : render::parse_breakdown(by));
  const auto* params = std::get_if<render::StorageParams>(&parsed);
  if (params == nullptr) give_up(std::get<render::ParameterError>(parsed).message);
  std::vector<double> reads;
  std::vector<double> answers;
  Answer answer;
  for (int run = 0; run < runs; ++run) {
    reads.push_back(millis_of([&] { (void)ask(engine, *params, by, false); }));
    answers.push_back(millis_of([&] { answer = ask(engine, *params, by, true); }));
  }
  const double read_ms = median_of(reads);
  table.print({{nullptr, "route", -12, by.empty() ? "storage" : by}, {nullptr, "query", -42, query}},
              {{"read_p50_ms", "read ms", 9, 2, read_ms},
               {"writing_ms", "writing ms", 11, 2, std::max(0.0, median_of(answers) - read_ms)},
               {"bytes", "bytes", 10, 0, static_cast<double>(answer.body.size())},
               {"entities", "entities", 9, 0, static_cast<double>(answer.entities)}});
}

void measure_totals(Engine& engine, Table& table) {
  std::vector<double> reads;
  std::uint64_t ids = 0;
  for (int run = 0; run < kRuns; ++run) {
    reads.push_back(millis_of([&] {
      auto cursor = engine.totals({});
      if (!cursor) give_up(cursor.error().message);
      Totals totals;
      for (ids = 0;; ++ids) {
        const auto more = (*cursor)->next(totals);
        if (!more) give_up(more.error().message);
        if (!*more) return;
      }
    }));
  }
  table.print({{nullptr, "route", -12, "/repo/stats"}, {nullptr, "query", -42, ""}},
              {{"read_p50_ms", "read ms", 9, 2, median_of(reads)},
               {"writing_ms", "writing ms", 11, 2, 0},
               {"bytes", "bytes", 10, 0, 0},
               {"entities", "entities", 9, 0, static_cast<double>(ids)}});
}

int run(const std::string& given) {
  const std::string path =
      given.empty() ? (std::filesystem::temp_directory_path() / "minuted-storage-bench").string()
                    : given;
  if (given.empty()) std::filesystem::remove_all(path);
  const StillClock clock;
  auto engine = open_store(path, clock);
  Table table("storage");
  measure_totals(*engine, table);
  for (const char* window : {"24h", "7d", "30d", "90d", "180d", "365d"}) {
    const std::string query = std::string("window=") + window;
    measure(*engine, clock, table, "", "scope=org&" + query);
    measure(*engine, clock, table, "", "scope=workspace&id=workspace-0007&" + query);
    measure(*engine, clock, table, "", "scope=repo&id=repo-0500&" + query);
    measure(*engine, clock, table, "repos", query);
    measure(*engine, clock, table, "workspaces", query);
  }
  measure(*engine, clock, table, "repos", "window=24h&includeSeries=true");
  measure(*engine, clock, table, "repos", "window=365d&includeSeries=true");
  measure(*engine, clock, table, "repos", "window=365d&includeSeries=true&limit=1000", 5);
  measure(*engine, clock, table, "workspaces", "window=365d&includeSeries=true");
  for (const char* by : {"buckets", "nodes", "providers"}) {
    measure(*engine, clock, table, by, "window=30d", 3);
    measure(*engine, clock, table, by, "window=365d", 3);
  }
  engine.reset();
  if (given.empty()) std::filesystem::remove_all(path);
  return 0;
}

}  // namespace
}  // namespace minuted::bench

int main(int argc, char** argv) { return minuted::bench::run(argc > 1 ? argv[1] : ""); }
