// The trials `series` and `days`: the same questions about one bucket, by turns of daemons over
// stores that differ in what lies beside it, or before it.
#include <algorithm>
#include <cstdio>
#include <deque>

#include "figures.hpp"
#include "read_trials_store.hpp"

namespace minuted::bench {
namespace {

// Dense buckets, all in one repo, so that a bucket's id alone names one of them.
constexpr std::uint32_t kDenseBuckets = 20;
constexpr double kBytesPerMegabyte = 1e6;

struct Size {
  std::string store;  // its path
  std::string label;
  std::vector<Question> questions;  // the same ones of all
};

struct Asking {
  const char* heading;  // of the labels
  double seconds;
  double limit;
};

void print(Table& table, const Asking& asking, const Size& size, const Asked& one,
           const Asked& first, double rss_mb) {
  const double p50_ms = quantile_of(one.millis, 0.5);
  table.print({{nullptr, "question", -9, one.question.name},
               {asking.heading, asking.heading, 9, size.label}},
              {{"rows", "rows", 6, 0, static_cast<double>(one.question.rows)},
               {"p50_ms", "p50 ms", 8, 3, p50_ms},
               {"p99_ms", "p99 ms", 8, 3, quantile_of(one.millis, 0.99)},
               {"ratio", "ratio", 6, 2, ratio_of(p50_ms, quantile_of(first.millis, 0.5))},
               {"cpu_us_per_answer", "CPU us", 8, 1, one.cpu_us},
               {"cpu_ratio", "ratio", 6, 2, ratio_of(one.cpu_us, first.cpu_us)},
               {"answers", "answers", 8, 0, static_cast<double>(one.millis.size())},
               {"rss_mb", "RSS MB", 6, 0, rss_mb}});
}

// Asks all stores all questions; true if no p50 is above the limit.
Result<bool> compare(const ReadTrialSetting& setting, const std::vector<Size>& sizes,
                     const Asking& asking) {
  std::deque<DaemonProcess> daemons;
  for (const Size& size : sizes) {
    auto daemon = start_daemon(setting, size.store);
    if (!daemon) return daemon.error();
    daemons.push_back(std::move(*daemon));
  }
  Table table("asked");
  double worst = 0;
  for (std::size_t question = 0; question < sizes[0].questions.size(); ++question) {
    std::vector<Asked> asked;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      asked.push_back({&daemons[i], sizes[i].questions[question]});
    }
    if (auto done = ask_by_turns(asked, asking.seconds); !done) return done.error();
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const auto usage = daemons[i].usage();
      if (!usage) return usage.error();
      print(table, asking, sizes[i], asked[i], asked[0],
            static_cast<double>(usage->rss_bytes) / kBytesPerMegabyte);
      worst = std::max(
          worst, ratio_of(quantile_of(asked[i].millis, 0.5), quantile_of(asked[0].millis, 0.5)));
    }
  }
  const bool flat = worst <= asking.limit;
  std::printf("verdict worst_ratio=%.2f limit=%.2f is=%s\n", worst, asking.limit,
              flat ? "flat" : "not_flat");
  return flat;
}

// A day of any held.
Question any_day_of(const fill::FleetOptions& fleet) {
  const std::uint32_t days = (fleet.range.end.value - fleet.range.begin.value) / kMinutesPerDay;
  return {"any_day",
          "of a bucket's days",
          fleet.hosts * std::uint64_t{kMinutesPerDay},
          0,
          0,
          [=](std::mt19937_64& random) {
            const auto bucket = static_cast<std::uint32_t>(random() % fleet.buckets_per_repo);
            const auto day = static_cast<std::uint32_t>(random() % days);
            return "/stats/minute?repoId=" + fill::Fleet::repo(0) +
                   "&bucketId=" + fill::Fleet::bucket(bucket) +
                   dates({fleet.range.begin.value + day * kMinutesPerDay}, kMinutesPerDay);
          }};
}

MinuteRange last_day() { return dense_fleet(1, kDenseBuckets, 1).range; }

}  // namespace

Result<bool> try_series(const ReadTrialSetting& setting, const BySeries& trial) {
  const StoreDirectory directory(setting);
  const fill::FleetOptions dense = dense_fleet(1, kDenseBuckets, 1);
  const std::uint32_t dense_series = kDenseBuckets * dense.hosts;
  std::vector<Size> sizes;
  for (const std::uint32_t series : trial.series) {
    const std::string path = directory.store("series-" + std::to_string(series));
    const std::uint32_t sparse = series - std::min(series, dense_series);
    if (auto made = have_store(path, {dense, sparse_fleet(sparse, last_day())}, true); !made) {
      return made.error();
    }
    sizes.push_back({path, std::to_string(series), questions_about_a_bucket(dense)});
  }
  return compare(setting, sizes, {"series", trial.seconds, trial.limit});
}

Result<bool> try_days(const ReadTrialSetting& setting, const ByDays& trial) {
  const StoreDirectory directory(setting);
  std::vector<Size> sizes;
  for (const std::uint32_t days : trial.days) {
    const fill::FleetOptions dense = dense_fleet(1, kDenseBuckets, days);
    const std::string path = directory.store("days-" + std::to_string(days));
    if (auto made = have_store(path, {dense, sparse_fleet(trial.series, last_day())}, true);
        !made) {
      return made.error();
    }
    sizes.push_back({path, std::to_string(days), questions_about_a_bucket(dense)});
    sizes.back().questions.push_back(any_day_of(dense));
  }
  return compare(setting, sizes, {"days", trial.seconds, trial.limit});
}

}  // namespace minuted::bench
