#include "read_trials_store.hpp"

#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine_over.hpp"
#include "figures.hpp"
#include "fill/fill.hpp"
#include "store/store.hpp"

namespace minuted::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kSparseRepos = 200;
constexpr double kWarmingShare = 1.0 / 3;
constexpr double kMicrosPerSecond = 1e6;

std::string description_of(const std::vector<fill::FleetOptions>& fleets, bool seal) {
  std::ostringstream text;
  text << "sealed " << seal << "\n";
  for (const fill::FleetOptions& f : fleets) {
    text << f.repos << " repos, " << f.buckets_per_repo << " buckets, " << f.hosts
         << " hosts, minutes " << f.range.begin.value << " to " << f.range.end.value << ", "
         << f.events_min << " to " << f.events_max << " events, " << f.sparse_series
         << " sparse with " << f.sparse_rows << " a day, seed " << f.seed << "\n";
  }
  return text.str();
}

std::string text_of(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void show_progress(const fill::Progress& progress) {
  std::fprintf(stderr, "\rfilling %5.1f%% %8.0f s", progress.share * 100, progress.seconds);
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// One of those asked by turns.
class Turn {
 public:
  explicit Turn(Asked& asked, ReadClient client) : asked_(asked), client_(std::move(client)) {}

  Result<void> check_first() {
    std::string body;
    const std::string target = asked_.question.target(random_);
    if (const auto bytes = client_.get(target, &body); !bytes) return bytes.error();
    const std::uint64_t rows = rows_in(body);
    if (rows == asked_.question.rows) return {};
    return Error{ErrorCode::kUnavailable, "GET " + target + " was answered with " +
                                              std::to_string(rows) + " rows instead of " +
                                              std::to_string(asked_.question.rows)};
  }

  Result<void> ask(bool counted) {
    const std::string target = asked_.question.target(random_);
    const auto begin = Clock::now();
    if (const auto bytes = client_.get(target); !bytes) return bytes.error();
    if (counted) asked_.millis.push_back(seconds_since(begin) * 1e3);
    return {};
  }

  Result<double> cpu_seconds() const {
    const auto usage = asked_.daemon->usage();
    if (!usage) return usage.error();
    return usage->cpu_seconds;
  }

  std::size_t answers() const { return asked_.millis.size(); }

 private:
  Asked& asked_;
  ReadClient client_;
  std::mt19937_64 random_{1};  // the same questions of all
};

Result<void> ask_for(std::vector<Turn>& turns, double seconds, bool counted) {
  for (const auto begin = Clock::now(); seconds_since(begin) < seconds;) {
    for (Turn& turn : turns) {
      if (auto asked = turn.ask(counted); !asked) return asked;
    }
  }
  return {};
}

}  // namespace

StoreDirectory::StoreDirectory(const ReadTrialSetting& setting)
    : path_(setting.keep), kept_(!setting.keep.empty()) {
  if (kept_) {
    std::filesystem::create_directories(path_);
    return;
  }
  path_ = setting.directory + "/minuted-read-trials-XXXXXX";
  if (::mkdtemp(path_.data()) == nullptr) path_.clear();
}

StoreDirectory::~StoreDirectory() {
  std::error_code ignored;
  if (!kept_ && !path_.empty()) std::filesystem::remove_all(path_, ignored);
}

fill::FleetOptions dense_fleet(std::uint32_t repos, std::uint32_t buckets, std::uint32_t days) {
  fill::FleetOptions fleet;
  fleet.repos = repos;
  fleet.buckets_per_repo = buckets;
  fleet.hosts = 2;
  fleet.range = {{sealed_end().value - days * kMinutesPerDay}, sealed_end()};
  fleet.events_min = fleet.events_max = 1;
  fleet.uniform = true;
  return fleet;
}

fill::FleetOptions sparse_fleet(std::uint32_t series, MinuteRange range) {
  fill::FleetOptions fleet = dense_fleet(kSparseRepos, 0, 1);
  fleet.range = range;
  fleet.sparse_series = series;
  return fleet;
}

Result<void> fill_with(Engine& engine, const fill::FleetOptions& fleet, bool seal) {
  const auto filled = fill::fill(engine, fill::Fleet(fleet), seal,
                                 shows_progress() ? show_progress : fill::OnProgress());
  if (shows_progress()) std::fprintf(stderr, "\n");
  if (!filled) return filled.error();
  return {};
}

Result<void> have_store(const std::string& path, const std::vector<fill::FleetOptions>& fleets,
                        bool seal) {
  const std::string note = path + ".txt";  // written when the data are whole
  if (std::filesystem::exists(path)) {
    if (text_of(note) == description_of(fleets, seal)) return {};
    return Error{ErrorCode::kInvalidArgument,
                 path + " has other data, or some that are not whole: " + text_of(note)};
  }
  const auto engine = Engine::open(fill::engine_options(path));
  if (!engine) return engine.error();
  for (const fill::FleetOptions& fleet : fleets) {
    if (auto filled = fill_with(**engine, fleet, seal); !filled) return filled;
  }
  if (auto compacted = store_below(**engine).compact(); !compacted) return compacted;
  std::ofstream(note) << description_of(fleets, seal);
  return {};
}

Result<DaemonProcess> start_daemon(const ReadTrialSetting& setting, const std::string& store,
                                   std::vector<std::string> flags) {
  flags.insert(flags.end(), setting.daemon_flags.begin(), setting.daemon_flags.end());
  return DaemonProcess::start_over(setting.daemon, store, setting.directory, flags);
}

Result<void> ask_by_turns(std::vector<Asked>& asked, double seconds) {
  std::vector<Turn> turns;
  for (Asked& one : asked) {
    auto client = ReadClient::connect(one.daemon->port());
    if (!client) return client.error();
    turns.emplace_back(one, std::move(*client));
    if (auto checked = turns.back().check_first(); !checked) return checked;
  }
  const double all_seconds = seconds * static_cast<double>(turns.size());
  if (auto warmed = ask_for(turns, all_seconds * kWarmingShare, false); !warmed) return warmed;
  std::vector<double> cpu_before;
  std::vector<std::size_t> answers_before;
  for (const Turn& turn : turns) {
    const auto cpu = turn.cpu_seconds();
    if (!cpu) return cpu.error();
    cpu_before.push_back(*cpu);
    answers_before.push_back(turn.answers());
  }
  if (auto counted = ask_for(turns, all_seconds, true); !counted) return counted;
  for (std::size_t i = 0; i < turns.size(); ++i) {
    const auto cpu = turns[i].cpu_seconds();
    if (!cpu) return cpu.error();
    asked[i].cpu_us = ratio_of((*cpu - cpu_before[i]) * kMicrosPerSecond,
                               static_cast<double>(turns[i].answers() - answers_before[i]));
  }
  return {};
}

double quantile_of(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

std::vector<Question> questions_about_a_bucket(const fill::FleetOptions& fleet) {
  const std::string day = dates({fleet.range.end.value - kMinutesPerDay}, kMinutesPerDay);
  const auto both_ids = [fleet](std::mt19937_64& random) {
    const std::uint64_t pair = random() % (std::uint64_t{fleet.repos} * fleet.buckets_per_repo);
    const auto repo = static_cast<std::uint32_t>(pair / fleet.buckets_per_repo);
    const auto bucket = static_cast<std::uint32_t>(pair % fleet.buckets_per_repo);
    return "repoId=" + fill::Fleet::repo(repo) + "&bucketId=" + fill::Fleet::bucket(bucket);
  };
  const auto bucket_id = [fleet](std::mt19937_64& random) {
    const auto bucket = static_cast<std::uint32_t>(random() % fleet.buckets_per_repo);
    return "bucketId=" + fill::Fleet::bucket(bucket);
  };
  const std::uint64_t hosts = fleet.hosts;
  return {
      {"minutes", "of a bucket's day", hosts * kMinutesPerDay, 0, 0,
       [=](std::mt19937_64& r) { return "/stats/minute?" + both_ids(r) + day; }},
      {"by_bucket", "the same by its id alone", fleet.repos * hosts * kMinutesPerDay, 0, 0,
       [=](std::mt19937_64& r) { return "/stats/minute?" + bucket_id(r) + day; }},
      {"daily", "its daily totals", hosts, 0, 0,
       [=](std::mt19937_64& r) { return "/stats/daily?" + both_ids(r) + day; }},
      {"grouped", "its day, a row a minute", kMinutesPerDay, 0, 0,
       [=](std::mt19937_64& r) { return "/stats/minute?groupBy=&" + both_ids(r) + day; }},
  };
}

}  // namespace minuted::bench
