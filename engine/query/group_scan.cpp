#include "query/group_scan.hpp"

#include <string>
#include <tuple>
#include <utility>

#include "query/group_table.hpp"

namespace minuted {
namespace {

// Rows of one prepare(): a few milliseconds.
constexpr std::uint32_t kStepRows = 16'384;
// Rows between two looks at what the groups take: they add a block of groups at most, and their sketches.
constexpr std::uint32_t kRowsPerAccount = 64;

// The row without what is left out of it.
Row project(const Row& row, const Grouping& kept) {
  Row projected = row;
  if (!kept.repo) projected.repo = {};
  if (!kept.bucket) projected.bucket = {};
  if (!kept.host) projected.host = {};
  return projected;
}

bool is_after(const Row& row, const std::optional<RowKey>& key) {
  if (!key) return true;
  return std::tie(row.repo, row.bucket, row.minute, row.host) >
         std::make_tuple(std::string_view(key->repo), std::string_view(key->bucket), key->minute,
                         std::string_view(key->host));
}

void fill(const RepoRollup& sums, Rollup& rollup) {
  rollup.ops[static_cast<std::size_t>(OpClass::kOther)] = sums.requests;
  copy_sums(sums, rollup);
}

// Hosts added up: their rows stand side by side, so one group at a time is all there is to hold.
class HostMerge final : public RowCursor {
 public:
  HostMerge(std::unique_ptr<RowCursor> rows, const QuerySpec& spec)
      : rows_(std::move(rows)), after_(spec.after), sums_only_(spec.columns == Columns::kSums) {}

  Result<bool> next(Row& row) override {
    for (;;) {
      if (ended_) return false;
      const auto more = next_group();
      if (!more.ok() || !*more) {
        ended_ = true;
        return more;
      }
      row = {repo_, bucket_, {}, minute_, &rollup_};
      if (is_after(row, after_)) return true;
    }
  }

 private:
  Result<bool> next_group() {
    if (!in_hand_) {
      if (auto stepped = step(); !stepped) return stepped.error();
      if (!in_hand_) return false;
    }
    repo_ = row_.repo;
    bucket_ = row_.bucket;
    minute_ = row_.minute;
    RepoRollup sums;
    if (!sums_only_) rollup_.clear();
    do {
      sums_only_ ? sums.add(*row_.rollup) : rollup_.merge(*row_.rollup);
      if (auto stepped = step(); !stepped) return stepped.error();
    } while (in_hand_ && row_.minute == minute_ && row_.bucket == bucket_ && row_.repo == repo_);
    if (sums_only_) fill(sums, rollup_);
    return true;
  }

  Result<void> step() {
    const auto more = rows_->next(row_);
    if (!more) return more.error();
    in_hand_ = *more;
    return {};
  }

  std::unique_ptr<RowCursor> rows_;
  const std::optional<RowKey> after_;
  const bool sums_only_;
  Row row_;  // the first of the next group
  bool in_hand_ = false;
  bool ended_ = false;

  // The group at hand.
  std::string repo_;
  std::string bucket_;
  Minute minute_{};
  Rollup rollup_;
};

// Anything else: a run of rows, which is a repo's if repos are kept and else all, is added up to the
// last of them before its first group is known.
class GroupScan final : public RowCursor {
 public:
  GroupScan(std::unique_ptr<RowCursor> rows, const QuerySpec& spec,
            std::shared_ptr<ReadContext> context)
      : context_(std::move(context)),
        rows_(std::move(rows)),
        kept_(*spec.grouping),
        after_(spec.after),
        columns_(spec.columns),
        groups_max_(context_->groups_max()),
        groups_(spec.columns),
        memory_(*context_) {}

  Result<bool> prepare() override {
    if (state_ == State::kHandingOut && next_ == groups_.size()) {
      groups_ = GroupTable(columns_);
      next_ = 0;
      if (rows_ended_) memory_.release();
      state_ = rows_ended_ ? State::kEnded : State::kAddingUp;
    }
    if (state_ != State::kAddingUp) return true;
    const auto added = add_up();
    if (!added) return fail(added.error());
    if (!*added) return false;
    if (auto held = memory_.hold(groups_.sorted_bytes()); !held) return fail(held.error());
    groups_.sort();
    state_ = State::kHandingOut;
    return groups_.size() != 0;
  }

  Result<bool> next(Row& row) override {
    for (;;) {
      const auto ready = prepare();
      if (!ready) return ready.error();
      if (!*ready) continue;
      if (state_ == State::kEnded) return false;
      const GroupTable::Group group = groups_.take(next_++, rollup_);
      row = {repo_, group.bucket, group.host, group.minute, &rollup_};
      return true;
    }
  }

 private:
  enum class State : std::uint8_t { kAddingUp, kHandingOut, kEnded };

  // Adds up rows of the run, true at its end.
  Result<bool> add_up() {
    for (std::uint32_t i = 0; i < kStepRows; ++i) {
      if (!in_hand_) {
        const auto more = rows_->next(row_);
        if (!more) return more.error();
        if (!*more) {
          rows_ended_ = true;
          return true;
        }
        in_hand_ = true;
      }
      if (kept_.repo && row_.repo != repo_) {
        if (groups_.size() != 0) return true;
        repo_ = row_.repo;
      }
      in_hand_ = false;
      const Row group = project(row_, kept_);
      if (!is_after(group, after_)) continue;
      groups_.add(group.bucket, group.minute, group.host, *group.rollup);
      if (i % kRowsPerAccount == 0) {
        if (auto held = memory_.hold(groups_.memory_bytes()); !held) return held.error();
      }
      if (groups_.size() > groups_max_) return too_many();
      if (groups_.sketch_bytes() > groups_max_ * GroupTable::kGroupBytes) return too_wide();
    }
    return false;
  }

  Error fail(Error error) {
    state_ = State::kEnded;
    groups_ = GroupTable(columns_);
    memory_.release();
    rows_.reset();
    context_->release();
    return error;
  }

  Error too_wide() const {
    return {ErrorCode::kTooManyGroups,
            "the latencies of " + std::to_string(groups_.size()) + " groups take more than the " +
                std::to_string(groups_max_ * GroupTable::kGroupBytes) +
                " bytes that percentiles may beside " + std::to_string(groups_max_) +
                " groups; ask for a shorter range or fewer ids, group by fewer of repo, bucket and "
                "host, or leave the percentiles out",
            DecidingOption::kGroupsMax};
  }

  Error too_many() const {
    return {ErrorCode::kTooManyGroups,
            "the rows fall into more than " + std::to_string(groups_max_) +
                " groups, as many as are allowed; ask for a shorter range or fewer ids, or "
                "group by fewer of repo, bucket and host",
            DecidingOption::kGroupsMax};
  }

  const std::shared_ptr<ReadContext> context_;
  std::unique_ptr<RowCursor> rows_;
  const Grouping kept_;
  const std::optional<RowKey> after_;
  const Columns columns_;
  const std::size_t groups_max_;

  State state_ = State::kAddingUp;
  Row row_;
  bool in_hand_ = false;  // row_ is the first of the next run
  bool rows_ended_ = false;

  // The run at hand.
  std::string repo_;  // empty if repos are left out
  GroupTable groups_;
  std::size_t next_ = 0;
  ReadMemory memory_;  // of groups_
  Rollup rollup_;
};

}  // namespace

bool merges_rows(const QuerySpec& spec) {
  return spec.grouping && *spec.grouping != Grouping{true, true, true};
}

QuerySpec rows_to_merge(const QuerySpec& spec) {
  QuerySpec rows = spec;
  rows.grouping.reset();
  const Grouping& kept = *spec.grouping;
  if (!spec.after || !kept.repo) {
    rows.after.reset();
  } else if (kept.bucket) {
    rows.after->host.clear();  // less than any host: the group itself comes whole
  } else {
    rows.after = RowKey{spec.after->repo, {}, {0}, {}};
  }
  return rows;
}

std::unique_ptr<RowCursor> merge_rows(std::unique_ptr<RowCursor> rows, const QuerySpec& spec,
                                      std::shared_ptr<ReadContext> context) {
  if (spec.grouping->repo && spec.grouping->bucket) {
    return std::make_unique<HostMerge>(std::move(rows), spec);
  }
  return std::make_unique<GroupScan>(std::move(rows), spec, std::move(context));
}

}  // namespace minuted
