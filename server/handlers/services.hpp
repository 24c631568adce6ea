// What handlers work with: the engine, threads to block on, counters, the operator's settings. One for
// the whole server; made by main, which owns everything it borrows. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "auth/loopback.hpp"
#include "auth/token_store.hpp"
#include "http/byte_budget.hpp"
#include "http/content_coding.hpp"
#include "http/counters.hpp"
#include "http/limits.hpp"
#include "http/workers.hpp"
#include "json/event_json.hpp"
#include "log/log.hpp"
#include "minuted/engine.hpp"
#include "watch/rejections.hpp"

namespace minuted::http {

struct EventCounters {
  std::atomic<std::uint64_t> accepted{0};
  std::array<std::atomic<std::uint64_t>, json::kRejectReasons> rejected{};
};

// A bound on how many of something there are at once.
class Slots {
 public:
  explicit Slots(std::size_t max) : max_(max) {}
  bool take() {
    if (taken_.fetch_add(1, std::memory_order_relaxed) < max_) return true;
    give_back();
    return false;
  }
  void give_back() { taken_.fetch_sub(1, std::memory_order_relaxed); }
  std::size_t max() const { return max_; }

 private:
  const std::size_t max_;
  std::atomic<std::size_t> taken_{0};
};

class Services {
 public:
  struct Options {
    std::size_t json_depth_max = json::kDepthMax;
    std::size_t scans_max = 256;
    std::int64_t snapshot_ms_max = 60'000;
    std::int64_t node_offline_after_ms = 5 * kMillisPerMinute;
    InflateLimits inflate{};
    auth::SiteRules site_rules{};  // without tokens: who may be a page's author
  };

  // Borrows all but the options. `tokens_given` null = the daemon runs without tokens.
  Services(const Options& options_given, Engine& engine_given, Workers& workers_given,
           auth::TokenStore* tokens_given, HttpCounters& http_given, ByteBudget& budget_given, const Clock& clock_given,
           const log::Log& log_given)
      : options(options_given),
        engine(engine_given),
        workers(workers_given),
        tokens(tokens_given),
        http(http_given),
        budget(budget_given),
        clock(clock_given),
        log(log_given),
        scans(options_given.scans_max) {}

  const Options options;
  Engine& engine;
  Workers& workers;
  Workers administration{1};  // for what may take long and must not take a reader's thread
  auth::TokenStore* const tokens;
  HttpCounters& http;
  ByteBudget& budget;
  const Clock& clock;
  const log::Log& log;
  EventCounters events;
  watch::Rejections rejections;  // for the log
  Slots scans;
  std::atomic<bool> opening{false};  // the store is not open yet: only what needs no data is served
  std::atomic<bool> stopping{false};
};

}  // namespace minuted::http
