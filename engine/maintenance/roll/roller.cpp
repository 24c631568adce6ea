#include "maintenance/roll/roller.hpp"

#include <algorithm>
#include <utility>

#include "schema/keys.hpp"

namespace minuted {
namespace {

// Pairs looked at in one step, at most: those that have nothing to roll cost a seek each.
constexpr std::size_t kPairsPerStep = 2'000;
// Keys passed over one by one before the next one is sought.
constexpr int kStepsBeforeSeek = 8;
// Between a pass that failed and the next one.
constexpr std::int64_t kRetryMs = 60'000;

// To the first key at or after `key`, which is ahead.
void step_to(StoreCursor& cursor, std::string_view key) {
  for (int step = 0; cursor.valid() && cursor.key() < key; ++step) {
    if (step < kStepsBeforeSeek) {
      cursor.next();
    } else {
      cursor.seek(key);
    }
  }
}

// The prefix of the pair that the cursor stands on a row of; empty at the end. kCorruption if the key is
// that of no row.
Result<std::string_view> pair_at(const StoreCursor& cursor) {
  if (!cursor.valid()) {
    if (auto status = cursor.status(); !status) return status.error();
    return std::string_view();
  }
  const auto pair = split_pair(cursor.key());
  if (!pair || cursor.key().size() != pair->prefix.size() + kMinuteKeyBytes) {
    return Error{ErrorCode::kCorruption, "a key names no row: " + shorten(cursor.key())};
  }
  return pair->prefix;
}

}  // namespace

Roller::Roller(Store& store, RollCounters& counters, Options options)
    : store_(store),
      counters_(counters),
      options_(std::move(options)),
      next_pass_ms_(options_.clock->steady_ms()),
      noted_ms_(options_.clock->steady_ms()),
      set_(store) {}

Result<void> Roller::open() {
  auto boundaries = read_roll_boundaries(store_);
  if (!boundaries) return boundaries.error();
  boundaries_ = std::move(*boundaries);
  note_rolled();
  return {};
}

void Roller::note_rolled() {
  rolled_hours_ = boundaries_.hour.current.value;
  rolled_days_ = boundaries_.day.current.value;
}

void Roller::note_rows(Minute newest) {
  const std::int64_t now_ms = options_.clock->steady_ms();
  newest_ = now_ms - noted_ms_ < options_.quiet_ms ? std::max(newest_, newest) : newest;
  noted_ms_ = now_ms;
}

// The hours that end at it or earlier are closed.
Minute Roller::closed_before(bool all) const {
  const std::int64_t closed_ms = options_.clock->now().value - options_.after_ms;
  Minute closed{static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(closed_ms / kMillisPerMinute, 0, kMinuteMax.value))};
  if (!all && options_.clock->steady_ms() - noted_ms_ < options_.quiet_ms) {
    closed = std::min(closed, newest_);
  }
  return floor_to(closed, kMinutesPerHour);
}

bool Roller::due() const {
  if (rolling_ || options_.clock->steady_ms() < next_pass_ms_) return false;
  if (options_.believed != nullptr && !options_.believed->believed()) return false;
  return boundaries_.in_pass() || closed_before(false) > boundaries_.hour.current;
}

Result<bool> Roller::begin(const Demand& demand) {
  is_followed_ = demand.all;
  if (rolling_) return true;
  if (auto opened = open(); !opened) return opened.error();
  if (!boundaries_.in_pass()) {
    const Minute closed = closed_before(demand.all);
    if (closed <= boundaries_.hour.current) return false;
    boundaries_.hour.next = closed;
    boundaries_.day.next = floor_to(closed, kMinutesPerDay);
    is_followed_ = false;
  }
  rolling_ = true;
  return true;
}

Result<bool> Roller::step() {
  if (!rolling_) return false;
  auto more = step_pairs();
  if (more.ok() && *more) return true;
  rolling_ = false;
  if (more.ok()) {
    ++counters_.passes;
    if (!is_followed_) return false;
    return begin({true, std::nullopt});
  }
  // Continued by the next pass.
  (void)open();
  next_pass_ms_ = options_.clock->steady_ms() + kRetryMs;
  counters_.last_error.set(more.error().message);
  ++counters_.failures;
  return more;
}

// True if there are more pairs.
Result<bool> Roller::step_pairs() {
  set_.clear();
  rows_ = 0;
  const auto view = store_.view();
  const std::string lower =
      boundaries_.last_rolled.empty() ? std::string() : after_prefix(boundaries_.last_rolled);
  const auto minutes = view->cursor(Family::kMinute, lower, {});
  const auto hours = boundaries_.day.next > boundaries_.day.current
                         ? view->cursor(Family::kHour, lower, {})
                         : nullptr;
  for (std::size_t pairs = 0;; ++pairs) {
    const auto of_minutes = pair_at(*minutes);
    if (!of_minutes) return of_minutes.error();
    const auto of_hours = hours ? pair_at(*hours) : Result<std::string_view>(std::string_view());
    if (!of_hours) return of_hours.error();
    if (of_minutes->empty() && of_hours->empty()) break;
    const bool full = !set_.empty() && set_.bytes() >= options_.batch_bytes;
    if (full || pairs == kPairsPerStep) {
      put_roll_boundaries(boundaries_, set_);
      if (auto written = write(); !written) return written.error();
      return true;
    }
    const bool is_of_hours =
        of_minutes->empty() || (!of_hours->empty() && *of_hours < *of_minutes);
    prefix_.assign(is_of_hours ? *of_hours : *of_minutes);
    if (auto rolled = roll_pair(*minutes, hours.get()); !rolled) return rolled.error();
    boundaries_.last_rolled = prefix_;
  }
  boundaries_.end_pass();
  put_roll_boundaries(boundaries_, set_);
  if (auto written = write(); !written) return written.error();
  return false;
}

// Of the pair at hand, in the order of time: the hours of the days that close, and then the minutes. Leaves
// the cursors behind the pair. What cannot be read is handed on to all rows that it is a part of.
Result<void> Roller::roll_pair(StoreCursor& minutes, StoreCursor* hours) {
  if (hours != nullptr) {
    const std::string end = key_of(std::min(boundaries_.hour.current, boundaries_.day.next));
    step_to(*hours, key_of(boundaries_.day.current));
    for (; hours->valid() && hours->key() < end; hours->next()) {
      take_hour(read_minute(hours->key().substr(prefix_.size())), hours->value());
    }
    if (auto status = hours->status(); !status) return status;
    step_to(*hours, after_prefix(prefix_));
  }
  const std::string end = key_of(boundaries_.hour.next);
  step_to(minutes, key_of(boundaries_.hour.current));
  for (; minutes.valid() && minutes.key() < end; minutes.next()) {
    take_minute(read_minute(minutes.key().substr(prefix_.size())), minutes.value());
  }
  if (auto status = minutes.status(); !status) return status;
  close_hour();
  close_day();
  close_total();
  close_activity();
  close_states();
  step_to(minutes, after_prefix(prefix_));
  return {};
}

void Roller::take_hour(Minute hour, std::string_view value) {
  const Minute day = floor_to(hour, kMinutesPerDay);
  if (day != day_.first) close_day();
  day_.first = day;
  if (merge_encoded_hosts(value, day_.hosts)) return;
  day_.damaged = true;
  set_.merge(Family::kDay, key_of(day), value);
  set_.merge(Family::kTotal, prefix_, value);
}

void Roller::take_minute(Minute minute, std::string_view value) {
  const Minute hour = floor_to(minute, kMinutesPerHour);
  const Minute day = floor_to(minute, kMinutesPerDay);
  if (hour != hour_.first) close_hour();
  if (day != activity_day_) close_activity();
  hour_.first = hour;
  activity_day_ = day;
  HostsReader reader(value, true);
  std::string_view host;
  Rollup rollup;
  while (reader.next(host, rollup)) {
    hour_.hosts.of(host).merge(rollup);
    activity_.of(host).add(minute.value % kMinutesPerDay);
    states_.of(host).note(minute, reader.seen());
  }
  if (reader.ok()) return;
  hour_.damaged = true;
  set_.merge(Family::kHour, key_of(hour), value);
  if (minute >= boundaries_.day.next) return;
  set_.merge(Family::kDay, key_of(day), value);
  set_.merge(Family::kTotal, prefix_, value);
}

void Roller::close_hour() {
  const Minute day = floor_to(hour_.first, kMinutesPerDay);
  if (hour_.first < boundaries_.day.next && (hour_.damaged || !hour_.hosts.empty())) {
    if (day != day_.first) close_day();
    day_.first = day;
    day_.hosts.merge(hour_.hosts);
    day_.damaged |= hour_.damaged;
  }
  put_row(Family::kHour, hour_);
}

void Roller::close_day() {
  total_.merge(day_.hosts);
  put_row(Family::kDay, day_);
}

void Roller::close_total() {
  if (total_.empty()) return;
  value_.clear();
  encode_hosts(total_, value_);
  set_.merge(Family::kTotal, prefix_, value_);
  total_.clear();
}

void Roller::close_activity() {
  if (activity_.empty()) return;
  value_.clear();
  encode_value(activity_, value_);
  set_.merge(Family::kDaySigns, key_of(activity_day_), value_);
  activity_.clear();
}

void Roller::close_states() {
  if (states_.empty()) return;
  value_.clear();
  encode_value(states_, value_);
  set_.merge(Family::kHostState, prefix_, value_);
  states_.clear();
}

// No such row is in the store. Beside what was handed on it is an operand as well.
void Roller::put_row(Family family, Row& row) {
  if (!row.hosts.empty()) {
    value_.clear();
    encode_hosts(row.hosts, value_);
    const std::string key = key_of(row.first);
    row.damaged ? set_.merge(family, key, value_) : set_.put(family, key, value_);
    ++rows_;
  }
  row.hosts.clear();
  row.damaged = false;
}

std::string Roller::key_of(Minute minute) const {
  std::string key = prefix_;
  append_minute(key, minute);
  return key;
}

Result<void> Roller::write() {
  // Buffered: if it is lost in a crash, the record of how far the pass has come is lost with it.
  auto written = store_.write(set_, Durability::kBuffered);
  set_.clear();
  if (!written) {
    options_.on_write_failure(written.error());
    return written;
  }
  counters_.rows += rows_;
  note_rolled();
  return {};
}

}  // namespace minuted
