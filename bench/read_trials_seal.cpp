// The trial `seal`: the same data as rows, as pages made of these rows at once, and as pages made
// while it is filled in: bytes at rest and bytes written, processor time, and a bucket's day read
// both ways. It measures and judges nothing: it fails if it cannot be run.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>

#include "engine_over.hpp"
#include "figures.hpp"
#include "fill/fill.hpp"
#include "read_data.hpp"
#include "read_trials_store.hpp"
#include "store/store.hpp"

namespace minuted::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kMicrosPerSecond = 1e6;

// What a step took: of this process, whose engine it is.
struct Step {
  double seconds = 0;
  double cpu_seconds = 0;
  double disk_bytes = 0;
};

template <class Work>
Result<Step> measure(Work work) {
  const auto before = usage_of(::getpid());
  const auto begin = Clock::now();
  if (const Result<void> done = work(); !done) return done.error();
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  const auto after = usage_of(::getpid());
  if (!before) return before.error();
  if (!after) return after.error();
  return Step{seconds, after->cpu_seconds - before->cpu_seconds,
              static_cast<double>(after->disk_bytes_written - before->disk_bytes_written)};
}

class Sealing {
 public:
  Sealing(const ReadTrialSetting& setting, const Seal& trial)
      : setting_(setting), trial_(trial), directory_(setting) {
    fleet_ = dense_fleet(trial.repos, trial.buckets, trial.days);
    fleet_.events_min = fleet_.events_max = trial.events;
    rows_ = static_cast<double>(std::uint64_t{trial.repos} * trial.buckets * fleet_.hosts *
                                trial.days * kMinutesPerDay);
  }

  Result<void> run() {
    const std::string apart = directory_.store("seal-apart");
    const std::string along = directory_.store("seal-along");
    for (const std::string& store : {apart, along}) std::filesystem::remove_all(store);
    if (auto done = fill_store(apart, "fill_rows", false); !done) return done;
    const auto as_rows = read_time(apart);
    if (!as_rows) return as_rows.error();
    if (auto done = seal_store(apart); !done) return done;
    const auto as_pages = read_time(apart);
    if (!as_pages) return as_pages.error();
    std::filesystem::remove_all(apart);
    if (auto done = fill_store(along, "fill_pages", true); !done) return done;
    std::printf(
        "read day_as_rows_p50_ms=%.3f day_as_pages_p50_ms=%.3f ratio=%.2f "
        "cpu_us_as_rows=%.0f cpu_us_as_pages=%.0f\n",
        quantile_of(as_rows->millis, 0.5), quantile_of(as_pages->millis, 0.5),
        ratio_of(quantile_of(as_rows->millis, 0.5), quantile_of(as_pages->millis, 0.5)),
        as_rows->cpu_us, as_pages->cpu_us);
    std::filesystem::remove_all(along);
    return {};
  }

 private:
  // Fills and compacts.
  Result<void> fill_store(const std::string& store, const char* name, bool seal) {
    auto engine = Engine::open(fill::engine_options(store));
    if (!engine) return engine.error();
    const auto filled = measure([&] { return fill_with(**engine, fleet_, seal); });
    if (!filled) return filled.error();
    print(name, *filled, store);
    return compact(std::move(*engine), store);
  }

  Result<void> seal_store(const std::string& store) {
    auto engine = Engine::open(fill::engine_options(store));
    if (!engine) return engine.error();
    const auto sealed = measure([&] { return (*engine)->seal(); });
    if (!sealed) return sealed.error();
    print("seal", *sealed, store);
    return compact(std::move(*engine), store);
  }

  Result<void> compact(std::unique_ptr<Engine> engine, const std::string& store) {
    const auto compacted = measure([&] { return store_below(*engine).compact(); });
    if (!compacted) return compacted.error();
    engine.reset();  // files that the compaction left behind go with it
    print("compact", *compacted, store);
    return {};
  }

  void print(const char* step, const Step& took, const std::string& store) {
    table_.print(
        {{nullptr, "step", -10, step}},
        {{"seconds", "s", 7, 2, took.seconds},
         {"rows_per_second", "rows/s", 10, 0, ratio_of(rows_, took.seconds)},
         {"cpu_us_per_row", "CPU us/row", 10, 3, took.cpu_seconds * kMicrosPerSecond / rows_},
         {"written_bytes_per_row", "written B/row", 13, 1, took.disk_bytes / rows_},
         {"table_bytes_per_row", "tables B/row", 12, 2,
          static_cast<double>(table_bytes_below(store)) / rows_}});
  }

  // Of a bucket's day.
  Result<Asked> read_time(const std::string& store) {
    const auto daemon = start_daemon(setting_, store, {"--seal-interval", "0"});
    if (!daemon) return daemon.error();
    std::vector<Asked> asked{{&*daemon, questions_about_a_bucket(fleet_)[0]}};
    if (auto done = ask_by_turns(asked, trial_.seconds); !done) return done.error();
    return asked[0];
  }

  const ReadTrialSetting& setting_;
  const Seal& trial_;
  const StoreDirectory directory_;
  fill::FleetOptions fleet_;
  double rows_ = 0;
  Table table_{"step"};
};

}  // namespace

Result<bool> try_seal(const ReadTrialSetting& setting, const Seal& trial) {
  if (auto done = Sealing(setting, trial).run(); !done) return done.error();
  return true;
}

}  // namespace minuted::bench
