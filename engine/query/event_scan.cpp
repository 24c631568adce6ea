#include "query/event_scan.hpp"

#include <algorithm>
#include <utility>

#include "minuted/event.hpp"
#include "schema/keys.hpp"

namespace minuted {
namespace {

QuerySpec rows_of(const EventQuery& query, Minute horizon) {
  QuerySpec spec{query.range, query.repos, query.buckets, query.hosts};
  spec.range.begin = std::max(spec.range.begin, horizon);
  return spec;
}

}  // namespace

EventScan::EventScan(std::shared_ptr<ReadContext> context, const EventQuery& query)
    : context_(std::move(context)),
      memory_(*context_),
      plan_(plan_query(rows_of(query, context_->archive_begin()))),
      ended_(plan_.minutes.empty()) {}

Result<bool> EventScan::next(EventView& event) {
  if (ended_) return false;
  auto found = next_event(event);
  if (!found.ok() || !*found) {
    ended_ = true;
    // Give the view back now rather than when the caller is done with the answer.
    archive_.reset();
    pairs_.reset();
    raw_.reset();
    events_ = {};
    values_ = {};
    next_ = 0;
    memory_.release();
    context_->release();
  }
  return found;
}

Result<bool> EventScan::next_event(EventView& event) {
  if (!pairs_) {
    if (auto opened = open_cursors(); !opened) return opened.error();
  }
  for (;;) {
    while (next_ != events_.size()) {
      const ChunkEvent& found = events_[next_++];
      if (!names(plan_.hosts, found.host)) continue;
      event = found.view(repo_, bucket_, minute_);
      return true;
    }
    if (auto in_time = context_->check(); !in_time) return in_time.error();
    const auto more = next_minute();
    if (!more.ok() || !*more) return more;
  }
}

Result<void> EventScan::open_cursors() {
  if (auto held = memory_.hold(kCursorBytes); !held) return held;
  pairs_ = std::make_unique<PairWalk>(*context_, plan_);
  if (auto opened = pairs_->open(); !opened) return opened;
  const PairWalk::Bounds bounds = pairs_->bounds();
  archive_ = context_->view().cursor(Family::kArchive, bounds.lower, bounds.upper);
  raw_ = context_->unfolded();
  if (raw_) raw_->seek(bounds.lower);
  return {};
}

// The minute of a key of the pair at hand, if it is one that was asked for.
std::optional<Minute> EventScan::at_pair(std::string_view key, std::size_t suffix_bytes) const {
  if (key.size() != prefix_.size() + kMinuteKeyBytes + suffix_bytes ||
      key.substr(0, prefix_.size()) != prefix_) {
    return std::nullopt;
  }
  const Minute minute = read_minute(key.substr(prefix_.size()));
  if (minute >= plan_.minutes.end) return std::nullopt;
  return minute;
}

// Reads the next minute that has anything, in this pair or a later one.
Result<bool> EventScan::next_minute() {
  events_.clear();
  values_.clear();
  next_ = 0;
  for (;;) {
    if (!in_pair_) {
      const auto found = pairs_->next(prefix_);
      if (!found.ok() || !*found) return found;
      const auto pair = split_pair(prefix_);
      repo_ = pair->repo;
      bucket_ = pair->bucket;
      std::string first = prefix_;
      append_minute(first, plan_.minutes.begin);
      if (archive_->valid() && archive_->key() < first) archive_->seek(first);
      if (raw_ && raw_->valid() && raw_->key() < first) raw_->seek(first);
      in_pair_ = true;
    }
    std::optional<Minute> archived;
    std::optional<Minute> raw;
    if (archive_->valid()) archived = at_pair(archive_->key(), kSequenceKeyBytes);
    if (raw_ && raw_->valid()) raw = at_pair(raw_->key(), 0);
    if (!archived && !raw) {
      if (auto status = archive_->status(); !status) return status.error();
      in_pair_ = false;
      continue;
    }
    minute_ = std::min(archived.value_or(kMinuteMax), raw.value_or(kMinuteMax));
    // What is raw was committed after all that is folded.
    std::size_t bytes = kCursorBytes + pairs_->memory_bytes();
    for (; archive_->valid() && at_pair(archive_->key(), kSequenceKeyBytes) == minute_;
         archive_->next()) {
      values_.emplace_back(archive_->value());
      bytes += sizeof(std::string) + values_.back().capacity();
      if (auto held = memory_.hold(bytes); !held) return held.error();
    }
    if (auto status = archive_->status(); !status) return status.error();
    if (raw == minute_) {
      for (const std::string_view value : raw_->values()) values_.emplace_back(value);
      raw_->next();
    }
    std::size_t with_events = bytes;
    for (const std::string& value : values_) {
      if (!decode_chunks(value, events_)) return corrupt(minute_);
      with_events = bytes + events_.capacity() * sizeof(ChunkEvent);
      if (auto held = memory_.hold(with_events); !held) return held.error();
    }
    // They lie in the order of their commits; those of one millisecond stay in it.
    const auto before = [](const ChunkEvent& a, const ChunkEvent& b) {
      return a.ms_in_minute < b.ms_in_minute;
    };
    if (!std::is_sorted(events_.begin(), events_.end(), before)) {
      // It works in a copy of them.
      auto held = memory_.hold(with_events + events_.size() * sizeof(ChunkEvent));
      if (!held) return held.error();
      std::stable_sort(events_.begin(), events_.end(), before);
      if (held = memory_.hold(with_events); !held) return held.error();
    }
    return true;
  }
}

Error EventScan::corrupt(Minute minute) const {
  return {ErrorCode::kCorruption, "the raw events of repo " + shorten(repo_) + ", bucket " +
                                      shorten(bucket_) + ", minute " +
                                      format_iso8601(start_of(minute)) + " cannot be read"};
}

}  // namespace minuted
