// What the daemon was told: flags, MINUTED_* variables and the configuration file, checked and set
// against each other. The first thing main does. START READING HERE; the meaning, unit and range of
// each setting stand in definitions.cpp, its default here. Values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "settings/address.hpp"
#include "settings/memory_limit.hpp"

namespace minuted::settings {

enum class LogFormat : std::uint8_t { kAuto, kHuman, kJson };  // kAuto: human on a terminal
enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };

// How long each tier is kept, ms; 0 = for ever, but for raw events, which are then not kept.
struct TierAges {
  std::int64_t minute_ms = 0;
  std::int64_t hour_ms = 0;
  std::int64_t day_ms = 0;
  std::int64_t raw_ms = 0;
  friend bool operator==(const TierAges&, const TierAges&) = default;
};

using RepoLimits = std::map<std::string, std::uint64_t, std::less<>>;

struct Settings {
  // Data and durability
  std::string data_dir = "minuted-data";
  std::int64_t idempotency_window_ms = 48 * 60 * 60 * 1000;
  std::int64_t snapshot_lifetime_ms = 60 * 1000;
  // Divided as memory_shares.hpp says among the bounds of memory that are not given themselves.
  std::size_t memory_bytes = 512U << 20;
  std::size_t block_cache_bytes = 64U << 20;
  std::size_t memtables_bytes = 80U << 20;
  std::size_t commit_queue_bytes = 48U << 20;
  bool accept_lost_commits = false;
  std::uint64_t disk_reserve_bytes = 1U << 30;
  std::uint32_t disk_reserve_percent = 5;

  // Folding
  std::int64_t fold_interval_ms = 2000;
  std::size_t fold_batch_bytes = 1U << 20;
  std::size_t unfolded_bytes = 48U << 20;
  std::int64_t seal_after_ms = 3'600'000;
  std::int64_t seal_interval_ms = 600'000;
  TierAges retention;
  bool accept_clock = false;

  // Network
  ListenAddress listen{"127.0.0.1", 3000};
  std::uint32_t connections_max = 1024;
  std::uint32_t connections_per_address_max = 64;
  std::vector<AddressRange> trusted_proxies;
  std::uint32_t io_threads = 2;
  std::uint32_t worker_threads = 2;

  // Limits
  std::size_t header_bytes_max = 8U << 10;
  std::size_t uri_bytes_max = 8U << 10;
  std::size_t body_bytes_max = 32U << 20;
  std::size_t inflated_bytes_max = 128U << 20;
  std::uint32_t inflate_ratio_max = 100;
  std::size_t bytes_in_flight_max = 80U << 20;
  std::int64_t push_wait_ms = 5'000;
  std::size_t decode_bytes_max = 32U << 20;
  std::size_t query_bytes_max = 96U << 20;
  std::size_t answer_bytes_max = 48U << 20;
  std::uint32_t json_depth_max = 16;
  std::uint32_t scans_max = 256;
  std::size_t groups_max = 1'000'000;
  std::uint64_t new_series_per_minute_max = 100'000;
  std::uint64_t series_max = 10'000'000;
  RepoLimits repo_new_series_per_minute_max;
  RepoLimits repo_series_max;
  std::uint64_t nodes_max = 100'000;
  std::int64_t node_offline_after_ms = 300'000;

  // Time-outs
  std::int64_t header_timeout_ms = 10 * 1000;
  std::int64_t body_timeout_ms = 30 * 1000;
  std::int64_t idle_timeout_ms = 75 * 1000;
  std::int64_t write_timeout_ms = 30 * 1000;
  std::int64_t drain_timeout_ms = 5 * 1000;

  // Access
  std::string tokens_file;  // empty: none
  bool serve_anyone_without_tokens = false;
  std::vector<std::string> cors_origins;  // as browsers send them; `*`: all

  // Logging
  LogFormat log_format = LogFormat::kAuto;
  LogLevel log_level = LogLevel::kInfo;

  // Other
  std::string config_file;  // empty: none

  friend bool operator==(const Settings&, const Settings&) = default;
};

// The process's variables as "NAME=value"; of a name that comes twice the first counts. And what its
// control groups allow it, which decides about the default of memory.
struct Environment {
  std::vector<std::string> entries;
  std::optional<MemoryLimit> memory = std::nullopt;
};
Environment process_environment();

struct Read {
  Settings settings;
  std::vector<std::string> warnings;  // a sentence each, for the log
  std::vector<std::string> notes;     // same, of what is no fault
};

// The program is to end without serving. The text, whole lines, belongs on stdout if the code is 0,
// else on stderr.
struct Exit {
  int code;
  std::string text;
};

// Reads everything; a flag wins over a variable, a variable over the file, the file over the
// default. Values that lose are checked all the same. `arguments` come without the program's name.
// Code 0: --help, --version, --print-config or --check-config was answered. Code 2: all that is
// wrong, one fault a line. `check_start`, if set, is asked by --check-config for what else would keep
// the daemon from starting with settings that are good in themselves: a sentence each.
using CheckStart = std::function<std::vector<std::string>(const Settings&)>;
std::variant<Read, Exit> read_settings(std::span<const std::string> arguments,
                                       const Environment& environment,
                                       const CheckStart& check_start = {});

}  // namespace minuted::settings
