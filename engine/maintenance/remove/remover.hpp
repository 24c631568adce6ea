// Deletes what an operator names: a repo or one of its buckets, all of it or some minutes, out of
// every tier, the totals, the repos' values, the sums of all repos and the signs of life of hosts.
// Hours and days that the minutes cut are made anew of the minutes that remain. All that was
// acknowledged before must be folded, and nothing else may write rows until it has ended: what is
// acknowledged meanwhile is raw, and stays. Minutes and hours that no coarser row has yet
// (store/roll_boundaries.hpp) are taken out of the finer rows only.
//
// With the rows go the ids of their events, so that they can be pushed again, corrected. A removal
// of minutes leaves days that are past their horizon as it begins, whether or not they have been
// pruned: their sums stay in the totals, and their ids stay known. Without minutes all ids and the
// known series go too. What an operator told of repos and nodes stays.
//
// Atomic for each (pair, day) or bounded lot of keys, and finished even if it is cut short: what is
// to be deleted is on record before anything is, and the next start goes on where it ended. The ids
// of events go before their rows: an event that is sent while the removal runs is never both a
// duplicate and gone.
//
// The record is RemovalRecord of schema/meta_records.hpp; the commit thread writes it.
//
// A job: a step deletes the ids of a pair, one family of a repo, the days of one pair, or drops a
// slice of its series. Exclusive: no fold runs until it has ended. One thread at a time, but for
// stop().
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "maintenance/collect/series_slice.hpp"
#include "maintenance/job.hpp"
#include "maintenance/prune/horizons.hpp"
#include "maintenance/remove/repo_values.hpp"
#include "maintenance/remove/tier_rows.hpp"
#include "minuted/delete.hpp"
#include "minuted/result.hpp"
#include "rollup/rollup_codec.hpp"
#include "schema/keys.hpp"
#include "schema/meta_records.hpp"
#include "store/event_ids.hpp"
#include "store/raw_table.hpp"
#include "store/store.hpp"
#include "write/committer.hpp"

namespace minuted {

class Remover final : public Job {
 public:
  struct Options {
    std::size_t batch_bytes;
    std::function<void(const Error&)> on_write_failure;  // called once a write failed
  };

  // Borrows all four.
  Remover(Store& store, RawTable& table, const Horizons& horizons, Committer& writes,
          Options options);

  // Whether the range can be deleted: kInvalidArgument if it cuts an hour or a day whose minutes
  // are past, with the nearest range that does not.
  Result<void> check(const Removal& removal) const;

  // Never by itself.
  bool due() const override { return false; }
  // Checks the demand's removal and puts it on record. Everything acknowledged before is folded.
  Result<bool> begin(const Demand& demand) override;
  bool is_under_way() const override { return !steps_.empty(); }
  // Durable with the next sync. kCorruption if something cannot be read: what comes before it is
  // gone then, and the rest stays until the removal is asked for again. kUnavailable once stopped:
  // the next start goes on.
  Result<bool> step() override;
  // It makes room.
  bool needs_room() const override { return false; }
  bool is_exclusive() const override { return true; }
  // A step under way ends with its batch.
  void stop() override { stopping_ = true; }

  // Ends a removal that an earlier process was cut short in, if there was one.
  Result<void> resume();

 private:
  using Step = std::function<Result<void>()>;

  void plan();
  void plan_repo();
  void plan_pair();
  Result<void> plan_minutes();
  Result<void> drop_series();
  Result<void> end();
  Result<void> remove_days(std::string_view prefix, const MinuteRange& minutes);
  // Of a pair: which days have anything, and up to where its hours and days are rolled.
  struct Days {
    std::set<Minute> first;
    Minute hour_boundary;
    Minute day_boundary;
    // The last of them that is in the total; nullopt if none is.
    std::optional<Minute> last_in_total() const;
  };
  Result<Days> days_of(std::string_view prefix, const MinuteRange& minutes) const;
  Result<void> remove_day(const View& view, std::string_view prefix, Minute day, const Days& days,
                          const MinuteRange& minutes, std::vector<MinuteRange>& removed);
  Result<void> remove_ids(std::string_view prefix, std::size_t scope_bytes,
                          const MinuteRange& minutes);
  Result<void> take_from_total(const View& view, std::string_view prefix, const HostRollups& before,
                               const HostRollups& after, Minute day);
  Result<void> remove_total(std::string_view prefix);
  Result<void> remove_totals(std::string_view prefix);
  Result<void> remove_from_index(const View& view, std::string_view prefix);
  Result<void> remove_prefix(Family family, std::string_view prefix);
  Result<void> remove_keys(Family family, std::string_view lower, std::string_view upper);
  Result<void> take_from_repos(const View& view, std::string_view repo, const RepoValues& gone);
  Result<void> remove_repo_values(std::string_view repo);
  Result<void> write();

  Store& store_;
  RawTable& table_;
  const Horizons& horizons_;
  Committer& writes_;
  const Options options_;
  const SeriesSlice series_;
  const EventIds ids_;
  RemovalRecord record_;
  std::deque<Step> steps_;    // that are left
  std::string series_from_;  // where the next slice of series begins
  std::atomic<bool> stopping_ = false;
  WriteSet set_;
};

}  // namespace minuted
