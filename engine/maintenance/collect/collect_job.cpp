#include "maintenance/collect/collect_job.hpp"

#include <utility>

#include "minuted/event.hpp"
#include "rollup/rollup_codec.hpp"
#include "schema/keys.hpp"
#include "store/open_rows.hpp"
#include "store/roll_boundaries.hpp"

namespace minuted {
namespace {

// Removes the hosts of a row.
template <class Rows>
Result<void> remove_hosts_of(const Rows& row, SeriesSlice::Hosts& hosts) {
  HostsReader reader(row.value());
  std::string_view name;
  Rollup rollup;
  while (reader.next(name, rollup)) hosts.erase(std::string(name));
  if (reader.ok()) return {};
  return Error{ErrorCode::kCorruption, "a row cannot be read: " + shorten(row.key())};
}

// Finds out which hosts of a pair have rows or raw events that are kept.
class KeptHosts {
 public:
  KeptHosts(const View& view, RollBoundaries boundaries, const Horizons& horizons)
      : view_(view),
        open_(view, std::move(boundaries), Span::kDay),
        day_horizon_(horizons.of(Span::kDay)),
        archive_horizon_(horizons.of_archive()) {}

  Result<void> remove_from(std::string_view prefix, SeriesSlice::Hosts& hosts) {
    const auto archive = view_.cursor(Family::kArchive, key_of(prefix, archive_horizon_),
                                      after_prefix(prefix));
    if (archive->valid()) hosts.clear();
    if (auto status = archive->status(); !status) return status;
    const auto days =
        view_.cursor(Family::kDay, key_of(prefix, day_horizon_), after_prefix(prefix));
    for (; days->valid() && !hosts.empty(); days->next()) {
      if (auto removed = remove_hosts_of(*days, hosts); !removed) return removed;
    }
    if (auto status = days->status(); !status) return status;
    if (hosts.empty()) return {};
    // What no day has yet, however old: a series that is dropped must be in the pair's total.
    open_.enter(prefix, {{0}, {kMinuteMax.value + 1}});
    for (; open_.valid() && !hosts.empty(); open_.next()) {
      if (auto removed = remove_hosts_of(open_, hosts); !removed) return removed;
    }
    return open_.status();
  }

 private:
  static std::string key_of(std::string_view prefix, Minute minute) {
    std::string key(prefix);
    append_minute(key, minute);
    return key;
  }

  const View& view_;
  OpenRows open_;
  const Minute day_horizon_;
  const Minute archive_horizon_;
};

}  // namespace

Result<bool> CollectJob::begin(const Demand&) {
  followed_ = passes_;
  for (const Span span : {Span::kMinute, Span::kHour, Span::kDay}) {
    if (!horizons_.limits(span)) return false;
  }
  passing_ = true;
  from_.clear();
  return true;
}

Result<bool> CollectJob::step() {
  if (!passing_) return false;
  passing_ = false;
  if (horizons_.paused()) return false;
  const auto snapshot = slice_.snapshot();
  auto boundaries = read_roll_boundaries(*snapshot.view);
  if (!boundaries) return boundaries.error();
  KeptHosts kept(*snapshot.view, std::move(*boundaries), horizons_);
  const auto dropped = slice_.drop(
      snapshot, {}, from_, [&kept](std::string_view prefix, SeriesSlice::Hosts& hosts) {
        return kept.remove_from(prefix, hosts);
      });
  if (!dropped) return dropped.error();
  passing_ = !from_.empty();
  return passing_;
}

}  // namespace minuted
