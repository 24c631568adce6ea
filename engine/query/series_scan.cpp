#include "query/series_scan.hpp"

#include "schema/keys.hpp"

namespace minuted {
namespace {

// Reading the clock at every step would cost more than the step.
constexpr std::uint32_t kStepsPerClockCheck = 64;
// Pairs looked at in one prepare(): a few milliseconds.
constexpr int kPairsPerTurn = 500;
// What a scan takes beside what it decodes: iterators, and the blocks that they pin.
constexpr std::size_t kScanBytes = 96U << 10;
// The state of a host of the pair at hand, and its id.
constexpr std::size_t kHostBytes = 160;
constexpr MinuteRange kAllMinutes{{0}, {kMinuteMax.value + 1}};

QueryPlan plan_of(const SeriesQuery& query) {
  QuerySpec spec;
  spec.range = kAllMinutes;
  spec.repos = query.repos;
  spec.buckets = query.buckets;
  if (query.after) spec.after = RowKey{query.after->repo, query.after->bucket, {0}, query.after->host};
  return plan_query(spec);
}

std::unique_ptr<RawCursor> raw_of(RawView& view, const FoldMark& mark) {
  if (view.generations.empty()) return nullptr;
  return std::make_unique<RawCursor>(std::move(view.generations), view.last_commit, mark);
}

}  // namespace

SeriesScan::SeriesScan(RawView view, const FoldMark& mark, const SeriesQuery& query,
                       const Options& options, ReadCounters& counters)
    : share_(counters.memory),
      view_(std::move(view.store)),
      query_(query),
      plan_(plan_of(query)),
      days_begin_(options.days_begin),
      archive_begin_(options.archive_begin),
      counters_(counters),
      deadline_(*options.clock, options.lifetime_ms, kStepsPerClockCheck, counters, view.began),
      raw_(raw_of(view, mark), [this] { return deadline_.check(); }),
      stored_(view_->moving_cursor(Family::kHostState)),
      pairs_(*view_, plan_, [this] { return deadline_.check(); }) {
  ++counters_.queries;
  ++counters_.open;
}

SeriesScan::~SeriesScan() { --counters_.open; }

Result<bool> SeriesScan::prepare() {
  for (int turn = 0; turn < kPairsPerTurn; ++turn) {
    if (ended_ || find_host()) return true;
    const auto found = next_pair();
    if (!found) return found.error();
    ended_ = !*found;
  }
  return false;
}

Result<bool> SeriesScan::next(SeriesRow& row) {
  for (;;) {
    const auto ready = prepare();
    if (!ready) return ready;
    if (*ready) break;
  }
  if (ended_) return false;
  const HostStates::Entry& e = hosts_.entries()[at_++];
  const auto pair = split_pair(prefix_);
  row = {pair->repo, pair->bucket, e.host, e.kept.first, minute_of(e.kept.last)};
  ++counters_.rows;
  return true;
}

Result<bool> SeriesScan::next_pair() {
  if (!opened_) {
    if (auto held = share_.hold(kScanBytes); !held) return held.error();
    if (auto opened = pairs_.open(); !opened) return opened.error();
    auto boundaries = read_roll_boundaries(*view_);
    if (!boundaries) return boundaries.error();
    open_minutes_ = std::make_unique<OpenRows>(*view_, std::move(*boundaries), Span::kHour);
    opened_ = true;
  }
  if (auto in_time = deadline_.check(); !in_time) return in_time.error();
  const auto found = pairs_.next(prefix_);
  if (!found.ok() || !*found) return found;
  hosts_.clear();
  at_ = 0;
  if (auto read = read_states(); !read) return read.error();
  auto open =
      note_open_hosts(*open_minutes_, prefix_, [this] { return deadline_.check(); }, hosts_);
  if (!open) return open.error();
  auto overlaid =
      raw_.for_each(prefix_, kAllMinutes, [this](Minute minute, const ChunkEvent& event) {
        hosts_.of(event.host).note(minute, Millis{start_of(minute).value + event.ms_in_minute},
                                   event.latency_us);
      });
  if (!overlaid) return overlaid.error();
  const std::size_t bytes =
      kScanBytes + pairs_.memory_bytes() + hosts_.entries().size() * kHostBytes;
  if (auto held = share_.hold(bytes); !held) return held.error();
  if (auto dropped = drop_past(*view_, prefix_, days_begin_, archive_begin_, hosts_); !dropped) {
    return dropped.error();
  }
  return true;
}

// The key is the pair's prefix, and nothing behind it.
Result<void> SeriesScan::read_states() {
  stored_->seek_below(prefix_, after_prefix(prefix_));
  if (!stored_->valid()) return stored_->status();
  if (merge_encoded(stored_->value(), hosts_)) return {};
  return Error{ErrorCode::kCorruption, "the state of hosts cannot be read: " + shorten(prefix_)};
}

bool SeriesScan::find_host() {
  const auto pair = split_pair(prefix_);
  if (!pair) return false;  // not at any
  const bool all = query_.search.empty() || pair->repo.starts_with(query_.search) ||
                   pair->bucket.starts_with(query_.search);
  const bool after_any = query_.after && prefix_ == plan_.after_prefix;
  for (; at_ < hosts_.entries().size(); ++at_) {
    const std::string& host = hosts_.entries()[at_].host;
    if (after_any && host <= query_.after->host) continue;
    if (all || host.starts_with(query_.search)) return true;
  }
  return false;
}

}  // namespace minuted
