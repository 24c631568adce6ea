#include "maintenance/remove/remover.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "maintenance/remove/signs_removal.hpp"
#include "schema/families.hpp"
#include "store/meta.hpp"
#include "store/open_rows.hpp"
#include "store/roll_boundaries.hpp"

namespace minuted {
namespace {

constexpr std::uint32_t kFiveMinutes = 5;
constexpr std::uint32_t kSixHours = 6 * kMinutesPerHour;
constexpr MinuteRange kAllMinutes{{0}, {kMinuteMax.value + 1}};
// Minutes without rows that are looked over for ids together with those beside them.
constexpr std::uint32_t kGapMinutes = 60;

// Those whose keys begin with a pair; a pair's total is last, as what it was is needed until then.
constexpr auto kPairFamilies = families_where([](const FamilyInfo& info) {
  return begins_with_pair(info.key) && info.family != Family::kTotal;
});

MinuteRange whole(const MinuteRange& range, std::uint32_t length) {
  const Minute last = floor_to({range.end.value - 1}, length);
  return {floor_to(range.begin, length), {last.value + length}};
}

MinuteRange overlap(const MinuteRange& a, const MinuteRange& b) {
  return {std::max(a.begin, b.begin), std::min(a.end, b.end)};
}

bool covers(const MinuteRange& range, const MinuteRange& part) {
  return range.begin <= part.begin && part.end <= range.end;
}

HostRollups sum_of(const RowsByMinute& rows) {
  HostRollups sum;
  for (const auto& [minute, hosts] : rows) sum.merge(hosts);
  return sum;
}

RepoRollup repo_sum_of(const HostRollups& hosts) {
  RepoRollup sum;
  for (const HostRollups::Entry& e : hosts.entries()) sum.add(e.rollup);
  return sum;
}

// Takes out of each host what `before` had more of it than `after`.
void take_out(HostRollups& from, const HostRollups& before, const HostRollups& after) {
  for (const HostRollups::Entry& e : before.entries()) {
    Rollup gone = e.rollup;
    for (const HostRollups::Entry& left : after.entries()) {
      if (left.host == e.host) gone.take_out(left.rollup);
    }
    from.of(e.host).take_out(gone);
  }
  from.drop_empty();
}

Error stopped() {
  return {ErrorCode::kUnavailable, "the engine is closing; its next start goes on with the removal"};
}

std::string key_of(std::string_view prefix, Minute minute) {
  std::string key(prefix);
  append_minute(key, minute);
  return key;
}

}  // namespace

Remover::Remover(Store& store, RawTable& table, const Horizons& horizons, Committer& writes,
                 Options options)
    : store_(store),
      table_(table),
      horizons_(horizons),
      writes_(writes),
      options_(std::move(options)),
      series_{store, table, writes},
      ids_(store, 0),
      set_(store) {}

Result<void> Remover::check(const Removal& removal) const {
  if (!removal.range || removal.range->empty()) return {};
  const MinuteRange& range = *removal.range;
  const Minute horizon = horizons_.of(Span::kMinute);
  // A day that is not cut cuts no hour.
  const MinuteRange days = whole(range, kMinutesPerDay);
  const bool cut_begins = range.begin != days.begin && days.begin < horizon;
  const bool cut_ends = range.end != days.end && days.end.value - kMinutesPerDay < horizon.value;
  if (!cut_begins && !cut_ends) return {};
  const auto text = [](Minute minute) { return format_iso8601(start_of(minute)); };
  return Error{ErrorCode::kInvalidArgument,
               "the range cuts a day whose minutes are past their retention (before " +
                   text(horizon) + "), so that the rest of the day cannot be made anew; the nearest "
                   "whole range is from " +
                   text(cut_begins ? days.begin : range.begin) + " up to " +
                   text(cut_ends ? days.end : range.end) + ", that minute not included"};
}

Result<bool> Remover::begin(const Demand& demand) {
  steps_.clear();
  const Removal& removal = *demand.removal;
  if (auto checked = check(removal); !checked) return checked.error();
  if (removal.range && removal.range->empty()) return false;
  const Minute rows_begin = removal.range ? horizons_.of(Span::kDay) : Minute{0};
  // On record before anything is deleted; the folds before it become durable with it.
  auto begun = writes_.begin_removal({removal.repo, removal.bucket, removal.range, rows_begin, 0});
  if (!begun) return begun.error();
  record_ = std::move(*begun);
  plan();
  return true;
}

Result<bool> Remover::step() {
  if (steps_.empty()) return false;
  if (stopping_) {
    steps_.clear();
    return stopped();
  }
  const Step next = std::move(steps_.front());
  steps_.pop_front();
  if (auto done = next(); !done) {
    steps_.clear();
    set_.clear();
    return done.error();
  }
  return !steps_.empty();
}

Result<void> Remover::resume() {
  auto record = read_meta<RemovalRecord>(store_);
  if (!record) return record.error();
  if (!record->has_value()) return {};
  record_ = std::move(**record);
  plan();
  for (;;) {
    const auto more = step();
    if (!more) return more.error();
    if (!*more) return {};
  }
}

// What is to be done, in order. Each step may be done again by the next start.
void Remover::plan() {
  steps_.clear();
  series_from_.clear();
  if (record_.range) {
    steps_.push_back([this] { return plan_minutes(); });
    return;
  }
  if (record_.bucket) {
    plan_pair();
  } else {
    plan_repo();
  }
  steps_.push_back([this] { return drop_series(); });
}

void Remover::plan_pair() {
  const std::string prefix = pair_prefix(record_.repo, *record_.bucket);
  steps_.push_back([this, prefix] { return remove_ids(prefix, kEventIdPairBytes, kAllMinutes); });
  steps_.push_back([this, prefix] { return remove_days(prefix, kAllMinutes); });
  steps_.push_back([this, prefix] { return remove_total(prefix); });
}

void Remover::plan_repo() {
  const std::string prefix = repo_prefix(record_.repo);
  steps_.push_back([this, prefix] { return remove_ids(prefix, kEventIdRepoBytes, kAllMinutes); });
  for (const Family family : kPairFamilies) {
    steps_.push_back([this, family, prefix] { return remove_prefix(family, prefix); });
  }
  steps_.push_back([this, prefix] { return remove_totals(prefix); });
  steps_.push_back([this] { return remove_repo_values(record_.repo); });
}

// A step for each pair, as the known series have them: one without series has no day that is kept.
Result<void> Remover::plan_minutes() {
  std::vector<std::string> prefixes;
  if (record_.bucket) {
    prefixes.push_back(pair_prefix(record_.repo, *record_.bucket));
  } else {
    const std::string lower = series_key(repo_prefix(record_.repo), {});
    const auto view = store_.view();
    const auto series = view->cursor(Family::kCatalog, lower, after_prefix(lower));
    for (; series->valid(); series->next()) {
      const auto pair = split_pair(series->key().substr(1));
      if (!pair) return Error{ErrorCode::kCorruption, "a series names no pair"};
      if (prefixes.empty() || prefixes.back() != pair->prefix) prefixes.emplace_back(pair->prefix);
    }
    if (auto status = series->status(); !status) return status;
  }
  for (std::string& prefix : prefixes) {
    steps_.push_back(
        [this, prefix = std::move(prefix)] { return remove_days(prefix, *record_.range); });
  }
  steps_.push_back([this] { return end(); });
  return {};
}

// A slice of the series, all of which go, but for those of pairs that have got events meanwhile.
Result<void> Remover::drop_series() {
  const std::string prefix =
      record_.bucket ? pair_prefix(record_.repo, *record_.bucket) : std::string();
  auto dropped = series_.drop(series_.snapshot(), record_.repo, series_from_,
                              [&](std::string_view pair, SeriesSlice::Hosts& hosts) -> Result<void> {
                                if (!prefix.empty() && pair != prefix) hosts.clear();
                                return {};
                              });
  if (!dropped) return dropped;
  if (series_from_.empty()) {
    steps_.push_back([this] { return end(); });
  } else {
    steps_.push_back([this] { return drop_series(); });
  }
  return {};
}

Result<void> Remover::end() {
  remove_meta<RemovalRecord>(set_);
  return write();
}

// The ids of events that begin with the first `scope_bytes` of what stands for the pair or repo. Written
// lot by lot, between commits; what set_ holds is left alone.
Result<void> Remover::remove_ids(std::string_view prefix, std::size_t scope_bytes,
                                 const MinuteRange& minutes) {
  const EventIdPair pair = ids_.pair_of(prefix);
  const EventIdRemoval removal{{pair.data(), scope_bytes}, minutes, record_.commits_end};
  WriteSet set(store_);
  std::string from;
  do {
    const auto no_commit = table_.hold();
    if (auto removed = remove_event_ids(store_, removal, from, set); !removed) return removed;
    if (set.empty()) continue;
    if (auto written = store_.write(set, Durability::kBuffered); !written) {
      options_.on_write_failure(written.error());
      return written;
    }
    set.clear();
    if (stopping_) return stopped();
  } while (!from.empty());
  return {};
}

// Of all pairs that begin so. The index of a bucket's repos names a pair as long as it has a total or
// series, so it is told here of those that have no series any more.
Result<void> Remover::remove_totals(std::string_view prefix) {
  std::string from(prefix);
  do {
    const auto no_commit = table_.hold();
    const auto view = store_.view();
    const auto totals = view->cursor(Family::kTotal, from, after_prefix(prefix));
    from.clear();
    for (; totals->valid(); totals->next()) {
      if (set_.bytes() >= options_.batch_bytes && !set_.empty()) {
        from = totals->key();
        break;
      }
      set_.remove(Family::kTotal, totals->key());
      if (auto removed = remove_from_index(*view, totals->key()); !removed) return removed;
    }
    if (auto status = totals->status(); !status) return status;
    if (auto written = write(); !written) return written;
  } while (!from.empty());
  return {};
}

Result<void> Remover::remove_from_index(const View& view, std::string_view prefix) {
  const std::string lower = series_key(prefix, {});
  const auto series = view.cursor(Family::kCatalog, lower, after_prefix(lower));
  if (!series->valid()) {
    if (series->status().ok()) set_.remove(Family::kCatalog, bucket_index_key(prefix));
    return series->status();
  }
  return {};
}

Result<void> Remover::remove_prefix(Family family, std::string_view prefix) {
  return remove_keys(family, prefix, after_prefix(prefix));
}

Result<void> Remover::remove_keys(Family family, std::string_view lower, std::string_view upper) {
  const auto view = store_.view();
  const auto keys = view->cursor(family, lower, upper);
  for (; keys->valid(); keys->next()) {
    set_.remove(family, keys->key());
    if (set_.bytes() < options_.batch_bytes) continue;
    if (auto written = write(); !written) return written;
  }
  return keys->status();
}

// Day by day, each in a batch of its own: every minute that is kept is in a day that is kept. Of some
// minutes, days that were past their horizon when the removal began stay.
Result<void> Remover::remove_days(std::string_view prefix, const MinuteRange& minutes) {
  auto archived = remove_keys(Family::kArchive, key_of(prefix, minutes.begin),
                              key_of(prefix, minutes.end));
  if (!archived) return archived;
  const auto days = days_of(prefix, minutes);
  if (!days) return days.error();
  for (const Minute day : days->first) {
    const auto view = store_.view();  // of the day before, too
    std::vector<MinuteRange> gone;
    auto removed = remove_day(*view, prefix, day, *days, minutes, gone);
    if (record_.range) {
      for (const MinuteRange& range : gone) {
        if (removed.ok()) removed = remove_ids(prefix, kEventIdPairBytes, range);
      }
    }
    if (!removed) {
      set_.clear();
      return removed;
    }
    if (auto written = write(); !written) return written;
  }
  const auto view = store_.view();
  const MinuteRange kept{std::max(minutes.begin, record_.rows_begin), minutes.end};
  if (kept.empty()) return {};
  if (auto taken = take_from_states(*view, prefix, kept, horizons_, set_); !taken) {
    set_.clear();
    return taken;
  }
  return write();
}

Result<Remover::Days> Remover::days_of(std::string_view prefix, const MinuteRange& minutes) const {
  const auto view = store_.view();
  auto boundaries = read_roll_boundaries(*view);
  if (!boundaries) return boundaries.error();
  Days days{{}, boundaries->hour_of(prefix), boundaries->day_of(prefix)};
  const Minute begin = std::max(floor_to(minutes.begin, kMinutesPerDay), record_.rows_begin);
  const Minute end = std::max(begin, whole(minutes, kMinutesPerDay).end);
  const auto rolled = view->cursor(Family::kDay, key_of(prefix, begin), key_of(prefix, end));
  for (; rolled->valid(); rolled->next()) {
    days.first.insert(read_minute(rolled->key().substr(prefix.size())));
  }
  if (auto status = rolled->status(); !status) return status.error();
  OpenRows open(*view, std::move(*boundaries), Span::kDay);
  for (open.enter(prefix, {begin, end}); open.valid(); open.next()) {
    days.first.insert(floor_to(open.minute(), kMinutesPerDay));
  }
  if (auto status = open.status(); !status) return status.error();
  return days;
}

std::optional<Minute> Remover::Days::last_in_total() const {
  const auto after = first.lower_bound(day_boundary);
  if (after == first.begin()) return std::nullopt;
  return *std::prev(after);
}

Result<void> Remover::remove_day(const View& view, std::string_view prefix, Minute day,
                                 const Days& days, const MinuteRange& minutes,
                                 std::vector<MinuteRange>& removed) {
  const SealedTier& minute_tier = *sealed_tier(Span::kMinute);
  const SealedTier& hour_tier = *sealed_tier(Span::kHour);
  const MinuteRange whole_day{day, {day.value + kMinutesPerDay}};
  const MinuteRange cut = overlap(minutes, whole_day);
  const MinuteRange hours = whole(cut, kMinutesPerHour);
  RepoValues gone;

  // The minutes of the hours that are touched: those cut go, of the others the hours are made anew.
  auto touched = read_rows(view, minute_tier, prefix, hours);
  if (!touched) return touched.error();
  RowsByMinute hours_after;
  RepoRollup minutes_gone;
  for (const auto& [minute, hosts] : *touched) {
    if (cut.contains(minute)) {
      const RepoRollup sum = repo_sum_of(hosts);
      gone[{RepoSpan::kFiveMinutes, floor_to(minute, kFiveMinutes)}].merge(sum);
      minutes_gone.merge(sum);
      if (removed.empty() || removed.back().end.value + kGapMinutes < minute.value) {
        removed.push_back({minute, minute});
      }
      removed.back().end = {minute.value + 1};
    } else {
      hours_after[floor_to(minute, kMinutesPerHour)].merge(hosts);
    }
  }
  auto replaced = replace_rows(view, minute_tier, prefix, cut, {}, set_);
  if (!replaced) return replaced;

  auto all_hours = read_rows(view, hour_tier, prefix, whole_day);
  if (!all_hours) return all_hours.error();
  // Those that have no row yet are what their minutes are.
  const MinuteRange rolled_hours{hours.begin, std::min(hours.end, days.hour_boundary)};
  const MinuteRange open{std::max(day, days.hour_boundary), whole_day.end};
  if (!open.empty()) {
    auto rows = read_rows(view, minute_tier, prefix, open);
    if (!rows) return rows.error();
    for (const auto& [minute, hosts] : *rows) {
      (*all_hours)[floor_to(minute, kMinutesPerHour)].merge(hosts);
    }
  }
  RowsByMinute day_after = hours_after;
  for (const auto& [hour, hosts] : *all_hours) {
    if (!hours.contains(hour)) {
      day_after[hour] = hosts;
      continue;
    }
    RepoRollup sum = repo_sum_of(hosts);
    const auto left = hours_after.find(hour);
    if (left != hours_after.end()) sum.take_out(repo_sum_of(left->second));
    gone[{RepoSpan::kHour, hour}].merge(sum);
    gone[{RepoSpan::kSixHours, floor_to(hour, kSixHours)}].merge(sum);
  }
  if (!rolled_hours.empty()) {
    hours_after.erase(hours_after.lower_bound(rolled_hours.end), hours_after.end());
    replaced = replace_rows(view, hour_tier, prefix, rolled_hours, hours_after, set_);
    if (!replaced) return replaced;
  }

  const std::string day_key = key_of(prefix, day);
  if (auto taken = take_from_signs(view, day_key, day, cut, set_); !taken) return taken;
  const bool has_row = day < days.day_boundary;
  HostRollups before;
  if (has_row) {
    const auto stored = view.get(Family::kDay, day_key);
    if (!stored) return stored.error();
    if (stored->has_value() && !merge_encoded_hosts(**stored, before)) {
      return Error{ErrorCode::kCorruption, "a day cannot be read: " + shorten(day_key)};
    }
  } else {
    before = sum_of(*all_hours);
  }
  const HostRollups after = covers(minutes, whole_day) ? HostRollups{} : sum_of(day_after);
  if (has_row) {
    set_.remove(Family::kDay, day_key);
    if (!after.empty()) {
      std::string value;
      encode_hosts(after, value);
      set_.put(Family::kDay, day_key, value);
    }
  }
  RepoRollup sum = repo_sum_of(before);
  sum.take_out(repo_sum_of(after));
  // Some of the minutes that the day adds up may be past.
  if (minutes_gone.requests != sum.requests) removed.assign(1, cut);
  gone[{RepoSpan::kDay, day}] = sum;
  gone[{RepoSpan::kTotal, Minute{0}}] = sum;
  if (has_row) {
    const bool last = day == days.last_in_total();
    auto taken = take_from_total(view, prefix, before, after, last ? day : kMinuteMax);
    if (!taken) return taken;
  }
  return take_from_repos(view, split_pair(prefix)->repo, gone);
}

// With the last day, `day`, the total is added up anew of the days that remain, if they are all there
// is of it: what is the least and the most latency then is exact again.
Result<void> Remover::take_from_total(const View& view, std::string_view prefix,
                                      const HostRollups& before, const HostRollups& after,
                                      Minute day) {
  const auto stored = view.get(Family::kTotal, prefix);
  if (!stored) return stored.error();
  HostRollups total;
  if (stored->has_value() && !merge_encoded_hosts(**stored, total)) {
    return Error{ErrorCode::kCorruption, "a total cannot be read: " + shorten(prefix)};
  }
  take_out(total, before, after);
  if (day != kMinuteMax) {
    HostRollups days = after;
    const auto cursor = view.cursor(Family::kDay, prefix, after_prefix(prefix));
    for (; cursor->valid(); cursor->next()) {
      if (read_minute(cursor->key().substr(prefix.size())) == day) continue;
      if (!merge_encoded_hosts(cursor->value(), days)) {
        return Error{ErrorCode::kCorruption, "a day cannot be read: " + shorten(cursor->key())};
      }
    }
    if (auto status = cursor->status(); !status) return status;
    if (repo_sum_of(days) == repo_sum_of(total)) total = std::move(days);
  }
  set_.remove(Family::kTotal, prefix);
  if (total.empty()) return {};
  std::string value;
  encode_hosts(total, value);
  set_.put(Family::kTotal, prefix, value);
  return {};
}

// What is left of a pair that is deleted for good: what was past, and its total.
Result<void> Remover::remove_total(std::string_view prefix) {
  for (const Family family : kPairFamilies) {
    if (auto removed = remove_prefix(family, prefix); !removed) return removed;
  }
  const auto view = store_.view();
  const auto stored = view->get(Family::kTotal, prefix);
  if (!stored) return stored.error();
  if (!stored->has_value()) return {};
  HostRollups total;
  if (!merge_encoded_hosts(**stored, total)) {
    return Error{ErrorCode::kCorruption, "a total cannot be read: " + shorten(prefix)};
  }
  set_.remove(Family::kTotal, prefix);
  RepoValues gone;
  gone[{RepoSpan::kTotal, Minute{0}}] = repo_sum_of(total);
  if (auto taken = take_from_repos(*view, split_pair(prefix)->repo, gone); !taken) return taken;
  const auto no_commit = table_.hold();
  const auto latest = store_.view();
  if (auto removed = remove_from_index(*latest, prefix); !removed) return removed;
  return write();
}

Result<void> Remover::take_from_repos(const View& view, std::string_view repo,
                                      const RepoValues& gone) {
  if (auto taken = take_out_of_repo(view, repo, gone, set_); !taken) return taken;
  return take_out_of_repo(view, kAllRepos, gone, set_);
}

// Piece by piece, each taken out of the sum of all repos in the batch that deletes it.
Result<void> Remover::remove_repo_values(std::string_view repo) {
  for (const RepoTier& tier : kRepoTiers) {
    for (Minute at{0};;) {
      const auto view = store_.view();
      const auto piece = next_piece(*view, repo, tier, at);
      if (!piece) return piece.error();
      if (!*piece) break;
      RepoValues gone;
      auto removed = remove_piece(*view, repo, **piece, gone, set_);
      if (removed.ok()) removed = take_out_of_repo(*view, kAllRepos, gone, set_);
      if (!removed) {
        set_.clear();
        return removed;
      }
      if (auto written = write(); !written) return written;
      at = (*piece)->minutes.end;
    }
  }
  const auto view = store_.view();
  const std::string key = repo_key(repo, RepoSpan::kTotal, {0});
  const auto stored = view->get(Family::kRepo, key);
  if (!stored) return stored.error();
  if (!stored->has_value()) return {};
  RepoValues gone;
  if (!merge_encoded_repo(**stored, gone[{RepoSpan::kTotal, Minute{0}}])) {
    return Error{ErrorCode::kCorruption, "the total of a repo cannot be read: " + shorten(key)};
  }
  set_.remove(Family::kRepo, key);
  if (auto taken = take_out_of_repo(*view, kAllRepos, gone, set_); !taken) {
    set_.clear();
    return taken;
  }
  return write();
}

Result<void> Remover::write() {
  if (set_.empty()) return {};
  if (stopping_) {
    set_.clear();
    return stopped();
  }
  // Buffered: what is lost in a crash is done again, for the record of it is durable.
  auto written = store_.write(set_, Durability::kBuffered);
  set_.clear();
  if (!written) options_.on_write_failure(written.error());
  return written;
}

}  // namespace minuted
