#include "maintenance/fold/fold_batch.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "store/rollup_merge.hpp"
#include "store/signs_merge.hpp"

namespace minuted {
namespace {

constexpr std::uint32_t kFiveMinutes = 5;
constexpr std::uint32_t kSixHours = 6 * kMinutesPerHour;

Minute first_of(Minute minute, std::uint32_t span_minutes) {
  return span_minutes == 0 ? Minute{0} : floor_to(minute, span_minutes);
}

std::string merged(Family family, std::span<const std::string_view> values) {
  if (family == Family::kDaySigns) return merge_day_signs(values);
  if (family == Family::kHostState) return merge_host_states(values);
  return merge_rollups(values);
}

}  // namespace

bool FoldBatch::add(const RawGeneration& generation, RawCursor& at) {
  const auto pair = split_pair(at.key());
  if (!pair) return false;
  events_read_.clear();
  RawSize size;
  for (const std::string_view value : at.values()) {
    const auto chunks = decode_chunks(value, events_read_);
    if (!chunks) return false;
    size.chunks += *chunks;
    size.bytes += value.size();
  }
  const Minute minute = read_minute(at.key().substr(pair->prefix.size()));
  enter(pair->prefix, minute);
  count_events(*pair, minute);
  move_mark(generation, at.key());
  if (options_.archive) {
    key_ = at.key();
    append_sequence(key_, generation.first_commit());
    value_.clear();
    for (const std::string_view value : at.values()) value_ += value;
    set_.put(Family::kArchive, key_, value_);
  }
  events_ += events_read_.size();
  oldest_ = std::min(oldest_, minute);
  newest_ = std::max(newest_, minute);
  removed_.chunks += size.chunks;
  removed_.bytes += size.bytes;
  return true;
}

void FoldBatch::set_aside(const RawGeneration& generation, RawCursor& at) {
  value_.clear();
  for (const std::string_view value : at.values()) value_ += value;
  put_unreadable(at.key(), generation.first_commit(), value_, set_);
  move_mark(generation, at.key());
}

void FoldBatch::move_mark(const RawGeneration& generation, std::string_view key) {
  mark_.generation = generation.number();
  mark_.key.assign(key);
  mark_.first_commit = generation.first_commit();
  mark_.last_commit = generation.last_commit();
}

// A chunk numbers its hosts as they first come: each rollup is looked up once a chunk, not once an
// event.
void FoldBatch::count_events(const PairView& pair, Minute minute) {
  for (std::size_t first = 0; first < events_read_.size();) {
    host_names_.clear();
    std::size_t end = first;
    for (; end < events_read_.size(); ++end) {
      const ChunkEvent& event = events_read_[end];
      if (event.host_number < host_names_.size()) {
        // The next chunk's numbers begin anew, with views of its own bytes.
        if (event.host.data() != host_names_[event.host_number].data()) break;
      } else {
        host_names_.push_back(event.host);
      }
    }
    for (const std::string_view host : host_names_) (void)minute_.hosts.of(host);
    entries_.clear();
    for (const std::string_view host : host_names_) {
      entries_.push_back(&minute_.hosts.entry_of(host));
    }
    for (; first < end; ++first) {
      const ChunkEvent& event = events_read_[first];
      HostRollups::Entry& entry = *entries_[event.host_number];
      entry.rollup.add(event.view(pair.repo, pair.bucket, minute));
      entry.seen.note(event.ms_in_minute, event.latency_us);
    }
  }
}

void FoldBatch::finish() {
  close(minute_);
  close(hour_);
  close(day_);
  close(total_);
  close_repo();
  put_values(kAllRepos, all_values_);
  if (mark_.generation != 0) put_mark(store_, mark_, set_);
  if (floor_ != 0) set_.raise_raw_floor(floor_);
}

void FoldBatch::clear() {
  set_.clear();
  mark_ = {};
  removed_ = {};
  floor_ = 0;
  events_ = 0;
  oldest_ = kMinuteMax;
  newest_ = Minute{0};
  prefix_.clear();
  repo_.clear();
}

// Closes the spans that the next chunk is not in, smallest first, and opens those it is.
void FoldBatch::enter(std::string_view prefix, Minute minute) {
  const bool same_pair = prefix == prefix_;
  for (Span* span : {&minute_, &hour_, &day_, &total_}) {
    const Minute first = first_of(minute, span->minutes);
    if (span->open && same_pair && span->first == first) continue;
    close(*span);
    span->open = true;
    span->first = first;
  }
  if (same_pair) return;
  prefix_ = prefix;
  hour_boundary_ = boundaries_.hour_of(prefix_);
  day_boundary_ = boundaries_.day_of(prefix_);
  const auto pair = split_pair(prefix);
  if (pair->repo != repo_) {
    close_repo();
    repo_ = pair->repo;
  }
}

// Under the key at hand.
template <class Signs>
void FoldBatch::merge_signs(Family family, Signs& signs) {
  value_.clear();
  encode_value(signs, value_);
  add_value(family);
  signs.clear();
}

void FoldBatch::close(Span& span) {
  if (!span.open) return;
  span.open = false;
  if (span.family == Family::kMinute && span.first < hour_boundary_) {
    for (HostRollups::Entry& e : span.hosts.entries()) {
      states_.of(e.host).note(span.first, std::exchange(e.seen, {}));
    }
  }
  key_ = prefix_;
  if (span.minutes != 0) append_minute(key_, span.first);
  // Empty if no event is before the boundary of the row.
  if (!span.hosts.empty()) {
    value_.clear();
    encode_hosts(span.hosts, value_);
    add_value(span.family);
  }

  if (span.family == Family::kMinute) {
    for (const HostRollups::Entry& e : span.hosts.entries()) {
      const auto add = [&](RepoSpan repo_span, std::uint32_t minutes) {
        repo_values_[{repo_span, first_of(span.first, minutes)}].add(e.rollup);
      };
      add(RepoSpan::kFiveMinutes, kFiveMinutes);
      add(RepoSpan::kHour, kMinutesPerHour);
      add(RepoSpan::kSixHours, kSixHours);
      add(RepoSpan::kDay, kMinutesPerDay);
      add(RepoSpan::kTotal, 0);
    }
    if (span.first < hour_boundary_) {
      for (const HostRollups::Entry& e : span.hosts.entries()) {
        signs_.of(e.host).add(span.first.value % kMinutesPerDay);
      }
      hour_.hosts.merge(span.hosts);
    }
  } else if (span.family == Family::kHour) {
    if (span.first < day_boundary_) day_.hosts.merge(span.hosts);
  } else if (span.family == Family::kDay) {
    total_.hosts.merge(span.hosts);
    if (!signs_.empty()) merge_signs(Family::kDaySigns, signs_);
  } else if (!states_.empty()) {
    merge_signs(Family::kHostState, states_);
  }
  span.hosts.clear();
}

void FoldBatch::close_repo() {
  for (const auto& [place, rollup] : repo_values_) all_values_[place].merge(rollup);
  put_values(repo_, repo_values_);
}

void FoldBatch::put_values(std::string_view repo, RepoValues& values) {
  for (const auto& [place, rollup] : values) {
    value_.clear();
    encode_repo(rollup, value_);
    key_ = repo_key(repo, place.first, place.second);
    add_value(Family::kRepo);
  }
  values.clear();
}

// Under the key at hand, which no other of this batch is: nothing of it is in the store yet.
void FoldBatch::add_value(Family family) {
  if (options_.adds_up && family != Family::kMinute) {
    const auto stored = store_.get(family, key_);
    // What cannot be read now is reported by whoever reads it.
    if (stored.ok() && stored->has_value()) {
      set_.put(family, key_, merged(family, std::array<std::string_view, 2>{**stored, value_}));
      return;
    }
  }
  set_.merge(family, key_, value_);
}

}  // namespace minuted
