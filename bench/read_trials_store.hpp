// What the read trials share: stores made of fleets, kept or not, daemons over them, and questions
// asked by turns, so that what the machine does meanwhile falls on all alike. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "daemon_process.hpp"
#include "fill/fleet.hpp"
#include "minuted/engine.hpp"
#include "minuted/result.hpp"
#include "read_client.hpp"
#include "read_queries.hpp"
#include "read_trials.hpp"

namespace minuted::bench {

// Where a trial's stores are: gone with the object, unless they are to be kept.
class StoreDirectory {
 public:
  explicit StoreDirectory(const ReadTrialSetting& setting);
  ~StoreDirectory();
  StoreDirectory(const StoreDirectory&) = delete;
  StoreDirectory& operator=(const StoreDirectory&) = delete;

  // A store's, whether it is there or not.
  std::string store(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
  bool kept_;
};

// Dense data whose every number is drawn evenly, an event a row, up to sealed_end(): `buckets` of
// `repos` with two hosts.
fill::FleetOptions dense_fleet(std::uint32_t repos, std::uint32_t buckets, std::uint32_t days);
// Of one bucket and host each, a row each in `range`, in 200 repos.
fill::FleetOptions sparse_fleet(std::uint32_t series, MinuteRange range);

// Makes a store of the fleets and compacts it, or finds it there, whole. What else is to be the
// same is in its name.
Result<void> have_store(const std::string& path, const std::vector<fill::FleetOptions>& fleets,
                        bool seal);
// Fills an open store, and says how far it is.
Result<void> fill_with(Engine& engine, const fill::FleetOptions& fleet, bool seal);

Result<DaemonProcess> start_daemon(const ReadTrialSetting& setting, const std::string& store,
                                   std::vector<std::string> flags = {});

// A daemon that is asked, and what came of it.
struct Asked {
  const DaemonProcess* daemon;
  Question question;
  std::vector<double> millis{};  // an answer each
  double cpu_us = 0;             // of the daemon, an answer of the last call's
};
// Asks all of them by turns, the first answer of each checked for its number of rows and a third of
// the time as warming, for so many seconds each. What they hold already stays. kUnavailable.
Result<void> ask_by_turns(std::vector<Asked>& asked, double seconds);

double quantile_of(std::vector<double> values, double q);

// Questions about one bucket of a dense fleet: minutes of its last day, the same by the bucket's id
// alone, its daily totals, and a row a minute.
std::vector<Question> questions_about_a_bucket(const fill::FleetOptions& fleet);

}  // namespace minuted::bench
