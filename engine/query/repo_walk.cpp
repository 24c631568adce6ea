#include "query/repo_walk.hpp"

#include <algorithm>
#include <utility>

#include "rollup/rollup_codec.hpp"
#include "schema/columns.hpp"

namespace minuted {
namespace {

// Keys of others passed over one by one before the next wanted is sought.
constexpr int kStepsBeforeSeek = 4;

std::vector<std::string> listed_keys(WantedRepos& wanted) {
  if (wanted.kind == WantedRepos::Kind::kSum) return {std::string(kAllRepos)};
  return std::move(wanted.listed);
}

}  // namespace

RepoRollup sum_of(const std::vector<ChunkEvent>& events) {
  RepoRollup sums;
  sums.requests = events.size();
  for (const ChunkEvent& event : events) {
    sums.upl_bytes += event.upl_bytes;
    sums.dwl_bytes += event.dwl_bytes;
    add_to(sums.size_change, Int128{event.size_change});
    if (event.latency_us < 0) continue;
    ++sums.latency_count;
    sums.latency_sum_us += static_cast<std::uint64_t>(event.latency_us);
  }
  return sums;
}

RepoWalk::RepoWalk(ReadContext& context, const RepoTier& tier, const MinuteRange& minutes,
                   WantedRepos wanted)
    : context_(context),
      raw_(context.unfolded()),
      tier_(tier),
      minutes_(minutes),
      each_(wanted.kind == WantedRepos::Kind::kEach),
      all_raw_(wanted.kind != WantedRepos::Kind::kListed),
      listed_(listed_keys(wanted)) {
  if (minutes_.empty() || (!each_ && listed_.empty())) stage_ = Stage::kEnd;
}

Result<bool> RepoWalk::next(RepoPart& part) {
  for (;;) {
    if (auto in_time = context_.check(); !in_time) return in_time.error();
    Result<bool> found = false;
    switch (stage_) {
      case Stage::kPages: found = next_page(part); break;
      case Stage::kRows: found = next_row(part); break;
      case Stage::kRaw: found = next_raw(part); break;
      case Stage::kEnd: return false;
    }
    if (!found.ok() || *found) return found;
    stage_ = static_cast<Stage>(static_cast<int>(stage_) + 1);
    begun_ = false;
    segment_.reset();
    next_listed_ = 0;
  }
}

Result<bool> RepoWalk::next_page(RepoPart& part) {
  if (!begun_) {
    begun_ = true;
    key_minutes_ = tier_.page_minutes;
    const std::string_view from = each_ ? std::string_view() : std::string_view(listed_.front());
    keys_ = context_.view().cursor(
        Family::kRepoPage, repo_key(from, tier_.span, floor_to(minutes_.begin, key_minutes_)),
        repo_key({}, tier_.span, minutes_.end));
  } else {
    keys_->next();
  }
  const auto found = next_key();
  if (!found.ok() || !*found) return found;
  const auto key = split_repo_key(keys_->key());
  if (!page_.open(keys_->value())) return cannot_be_read("a page of a repo", keys_->key());
  const auto slot_of = [&](Minute minute) {
    const std::uint32_t last = key->first.value + tier_.page_minutes;
    return (std::clamp(minute.value, key->first.value, last) - key->first.value) /
           tier_.slot_minutes;
  };
  part = {key->repo, &page_, {slot_of(minutes_.begin), slot_of(minutes_.end)}, key->first, {}};
  return true;
}

Result<bool> RepoWalk::next_row(RepoPart& part) {
  if (!begun_) {
    begun_ = true;
    key_minutes_ = tier_.slot_minutes;
    const auto rows = read_repo_rows_begin(context_.view());
    if (!rows) return rows.error();
    const Minute begin = std::max(
        minutes_.begin, rows->first[static_cast<std::size_t>(&tier_ - kRepoTiers.data())]);
    if (begin >= minutes_.end) return false;
    const std::string_view from = each_ ? std::string_view() : std::string_view(listed_.front());
    keys_ = context_.view().cursor(Family::kRepo, repo_key(from, tier_.span, begin),
                                   repo_key({}, tier_.span, minutes_.end));
  } else {
    keys_->next();
  }
  const auto found = next_key();
  if (!found.ok() || !*found) return found;
  const auto key = split_repo_key(keys_->key());
  RepoRollup sums;
  if (!merge_encoded_repo(keys_->value(), sums)) return cannot_be_read("a value of a repo", keys_->key());
  part = {key->repo, nullptr, {}, key->first, sums};
  return true;
}

// To the next key that is wanted, the one at hand included.
Result<bool> RepoWalk::next_key() {
  for (int steps = 0; keys_->valid();) {
    if (auto in_time = context_.check(); !in_time) return in_time.error();
    const auto key = split_repo_key(keys_->key());
    if (!key) return cannot_be_read("a key of a repo", keys_->key());
    if (segment_ != key->first) {
      segment_ = key->first;
      next_listed_ = 0;
    }
    if (each_) {
      if (!key->repo.empty()) return true;
      keys_->next();
      continue;
    }
    const auto wanted =
        std::lower_bound(listed_.begin() + static_cast<std::ptrdiff_t>(next_listed_),
                         listed_.end(), key->repo);
    next_listed_ = static_cast<std::size_t>(wanted - listed_.begin());
    if (wanted != listed_.end() && *wanted == key->repo) return true;
    if (wanted == listed_.end()) {
      keys_->seek(repo_key(listed_.front(), tier_.span, {key->first.value + key_minutes_}));
      steps = 0;
    } else if (++steps > kStepsBeforeSeek) {
      keys_->seek(repo_key(*wanted, tier_.span, key->first));
      steps = 0;
    } else {
      keys_->next();
    }
  }
  if (auto status = keys_->status(); !status) return status.error();
  return false;
}

Result<bool> RepoWalk::next_raw(RepoPart& part) {
  if (!raw_) return false;
  if (!begun_) {
    begun_ = true;
    raw_->seek(all_raw_ ? std::string() : repo_prefix(listed_.front()));
  } else {
    raw_->next();
  }
  const auto found = at_wanted_raw();
  if (!found.ok() || !*found) return found;
  const auto pair = split_pair(raw_->key());
  const Minute minute = read_minute(raw_->key().substr(pair->prefix.size()));
  events_.clear();
  for (const std::string_view value : raw_->values()) {
    if (!decode_chunks(value, events_)) return cannot_be_read("a raw chunk", raw_->key());
  }
  part = {pair->repo, nullptr, {}, floor_to(minute, tier_.slot_minutes), sum_of(events_)};
  return true;
}

Result<bool> RepoWalk::at_wanted_raw() {
  while (raw_->valid()) {
    if (auto in_time = context_.check(); !in_time) return in_time.error();
    const auto pair = split_pair(raw_->key());
    if (!pair) return cannot_be_read("a key of raw events", raw_->key());
    if (!all_raw_ && pair->repo != listed_[next_listed_]) {
      const auto wanted = std::lower_bound(listed_.begin(), listed_.end(), pair->repo);
      if (wanted == listed_.end()) return false;
      next_listed_ = static_cast<std::size_t>(wanted - listed_.begin());
      if (*wanted != pair->repo) {
        raw_->seek(repo_prefix(*wanted));
        continue;
      }
    }
    if (minutes_.contains(read_minute(raw_->key().substr(pair->prefix.size())))) return true;
    raw_->next();
  }
  return false;
}

}  // namespace minuted
