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
#include "http/byte_turns.hpp"
#include "http/content_coding.hpp"
#include "http/counters.hpp"
#include "http/limits.hpp"
#include "http/read_places.hpp"
#include "http/workers.hpp"
#include "json/event_json.hpp"
#include "log/log.hpp"
#include "minuted/engine.hpp"
#include "render/page_cursor.hpp"
#include "watch/rejections.hpp"

namespace minuted::http {

struct EventCounters {
  std::atomic<std::uint64_t> accepted{0};
  std::array<std::atomic<std::uint64_t>, json::kRejectReasons> rejected{};
};

class Services {
 public:
  struct Options {
    std::size_t json_depth_max = json::kDepthMax;
    std::size_t scans_max = 256;
    std::int64_t snapshot_ms_max = 60'000;
    std::int64_t node_offline_after_ms = 5 * kMillisPerMinute;
    InflateLimits inflate{};
    std::size_t decode_bytes_max = 32U << 20;
    auth::SiteRules site_rules{};  // without tokens: who may be a page's author
  };

  // Borrows all but the options. `tokens_given` null = the daemon runs without tokens.
  Services(const Options& options_given, Engine& engine_given, Workers& workers_given,
           auth::TokenStore* tokens_given, HttpCounters& http_given, ByteBudget& budget_given, ByteBudget& answers_given,
           const Clock& clock_given, const log::Log& log_given)
      : options(options_given),
        engine(engine_given),
        workers(workers_given),
        tokens(tokens_given),
        http(http_given),
        budget(budget_given),
        answers(answers_given),
        clock(clock_given),
        log(log_given),
        decoding(options_given.decode_bytes_max),
        reads(options_given.scans_max) {}

  // The key of page cursors. The store has one once it is open; before, no handler of pages is reached.
  SecretKey cursor_key() const { return engine.derive_key(render::kCursorKeyPurpose); }

  const Options options;
  Engine& engine;
  Workers& workers;
  Workers administration{1};  // for what may take long and must not take a reader's thread
  auth::TokenStore* const tokens;
  HttpCounters& http;
  ByteBudget& budget;   // of request bodies
  ByteBudget& answers;  // of streamed answers
  const Clock& clock;
  const log::Log& log;
  EventCounters events;
  watch::Rejections rejections;  // for the log
  ByteTurns decoding;  // of large bodies
  ReadPlaces reads;  // of streamed answers: the sessions' to take and to give back
  std::atomic<bool> opening{false};  // the store is not open yet: only what needs no data is served
  std::atomic<bool> stopping{false};
};

}  // namespace minuted::http
