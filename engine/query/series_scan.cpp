#include "query/series_scan.hpp"

#include <utility>

#include "schema/keys.hpp"

namespace minuted {
namespace {

// Pairs looked at in one prepare(): a few milliseconds.
constexpr int kPairsPerTurn = 500;
// The state of a host of the pair at hand, and its id.
constexpr std::size_t kHostBytes = 160;

QueryPlan plan_of(const SeriesQuery& query) {
  QuerySpec spec;
  spec.range = kEveryMinute;
  spec.repos = query.repos;
  spec.buckets = query.buckets;
  if (query.after) spec.after = RowKey{query.after->repo, query.after->bucket, {0}, query.after->host};
  return plan_query(spec);
}

}  // namespace

SeriesScan::SeriesScan(std::shared_ptr<ReadContext> context, const SeriesQuery& query)
    : context_(std::move(context)), memory_(*context_), query_(query), plan_(plan_of(query)) {}

// Gives the view back now rather than when the caller is done with the answer.
void SeriesScan::end() {
  ended_ = true;
  stored_.reset();
  signs_.reset();
  pairs_.reset();
  memory_.release();
  context_->release();
}

Result<bool> SeriesScan::prepare() {
  for (int turn = 0; turn < kPairsPerTurn; ++turn) {
    if (ended_ || find_host()) return true;
    const auto found = next_pair();
    if (!found.ok() || !*found) end();
    if (!found.ok()) return found;
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
  context_->count_row();
  return true;
}

Result<void> SeriesScan::open() {
  if (auto held = memory_.hold(kCursorBytes); !held) return held;
  pairs_.emplace(*context_, plan_);
  if (auto opened = pairs_->open(); !opened) return opened;
  signs_.emplace(*context_);
  stored_ = context_->view().moving_cursor(Family::kHostState);
  return {};
}

Result<bool> SeriesScan::next_pair() {
  if (!stored_) {
    if (auto opened = open(); !opened) return opened.error();
  }
  if (auto in_time = context_->check(); !in_time) return in_time.error();
  const auto found = pairs_->next(prefix_);
  if (!found.ok() || !*found) return found;
  hosts_.clear();
  at_ = 0;
  if (auto read = read_states(); !read) return read.error();
  if (auto added = signs_->add_to(prefix_, hosts_); !added) return added.error();
  const std::size_t bytes =
      kCursorBytes + pairs_->memory_bytes() + hosts_.entries().size() * kHostBytes;
  if (auto held = memory_.hold(bytes); !held) return held.error();
  if (auto dropped = drop_past(*context_, prefix_, hosts_); !dropped) return dropped.error();
  return true;
}

// The key is the pair's prefix, and nothing behind it.
Result<void> SeriesScan::read_states() {
  stored_->seek_below(prefix_, after_prefix(prefix_));
  if (!stored_->valid()) return stored_->status();
  if (merge_encoded(stored_->value(), hosts_)) return {};
  return cannot_be_read("the state of hosts", prefix_);
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
