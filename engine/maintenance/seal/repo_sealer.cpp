#include "maintenance/seal/repo_sealer.hpp"

#include <algorithm>

#include "minuted/event.hpp"
#include "rollup/rollup_codec.hpp"

namespace minuted {

RepoSealer::RepoSealer(Store& store, RepoRowsBegin& rows_begin, SealCounters& counters,
                       Options options)
    : store_(store),
      rows_begin_(rows_begin),
      counters_(counters),
      options_(std::move(options)),
      next_pass_ms_(options_.clock->steady_ms() + options_.interval_ms),
      set_(store) {}

bool RepoSealer::due() const { return !passing_ && options_.clock->steady_ms() >= next_pass_ms_; }

void RepoSealer::begin() {
  passing_ = true;
  tier_ = 0;
  in_tier_ = false;
  next_pass_ms_ = options_.clock->steady_ms() + options_.interval_ms;
}

Result<bool> RepoSealer::step() {
  if (!passing_) return false;
  damage_.reset();
  auto more = step_in(tier_);
  if (more.ok() && !*more) {
    in_tier_ = false;
    if (++tier_ == kRepoTiers.size()) passing_ = false;
    more = passing_;
  }
  if (more.ok() && damage_) more = *damage_;
  if (more.ok()) return more;
  counters_.last_error.set(more.error().message);
  ++counters_.failures;
  // What cannot be written now is tried again with the next pass.
  if (more.error().code != ErrorCode::kCorruption) passing_ = false;
  return more;
}

// True if the tier has more.
Result<bool> RepoSealer::step_in(std::size_t number) {
  const RepoTier& tier = kRepoTiers[number];
  const std::int64_t now_ms = std::clamp<std::int64_t>(options_.clock->now().value, 0, kMillisMax.value);
  const Minute closed = floor_to(minute_of(Millis{now_ms}), tier.slot_minutes);
  if (!in_tier_) {
    page_ = floor_to(rows_begin_.first[number], tier.page_minutes);
    from_.clear();
    in_tier_ = true;
  }
  set_.clear();
  const auto view = store_.view();
  const Minute begin = std::max(page_, rows_begin_.first[number]);
  if (begin >= closed) {
    if (auto ended = end_tier(number, closed, *view); !ended) return ended.error();
    return false;
  }
  const auto rows = view->cursor(Family::kRepo, repo_key(from_, tier.span, begin),
                                 repo_key({}, tier.span, closed));
  const auto at = rows->valid() ? split_repo_key(rows->key()) : std::nullopt;
  if (!at) {
    if (auto status = rows->status(); !status) return status.error();
    if (auto ended = end_tier(number, closed, *view); !ended) return ended.error();
    return false;
  }
  if (const Minute page = floor_to(at->first, tier.page_minutes); page != page_) {
    page_ = page;
    from_.clear();
    rows->seek(repo_key({}, tier.span, at->first));
  }
  Lot lot;
  const auto next = take_rows(tier, *rows, lot);
  if (auto status = rows->status(); !status) return status.error();
  for (auto& [repo, slots] : lot) put_page(tier, *view, repo, slots);
  if (auto written = write(); !written) return written.error();
  if (next) {
    from_ = *next;
  } else {
    page_ = {page_.value + tier.page_minutes};
    from_.clear();
  }
  return true;
}

// What is left of rows is open, late since its lot was done, or cannot be read.
Result<void> RepoSealer::end_tier(std::size_t number, Minute closed, const View& view) {
  const RepoTier& tier = kRepoTiers[number];
  if (rows_begin_.first[number] >= closed) return {};
  const auto rows =
      view.cursor(Family::kRepo, repo_key({}, tier.span, rows_begin_.first[number]),
                  repo_key({}, tier.span, closed));
  RepoRowsBegin begin = rows_begin_;
  begin.first[number] = closed;
  if (rows->valid()) {
    if (const auto at = split_repo_key(rows->key())) begin.first[number] = at->first;
  }
  if (auto status = rows->status(); !status) return status;
  begin.put(set_);
  if (auto written = write(); !written) return written;
  rows_begin_ = begin;
  return {};
}

// Reads the rows of the page's span of a lot of repos from from_ on: slot by slot, as they lie. Returns
// where the next lot begins, if there is one.
std::optional<std::string> RepoSealer::take_rows(const RepoTier& tier, StoreCursor& rows, Lot& lot) {
  const Minute end{page_.value + tier.page_minutes};
  std::optional<std::string> next;
  while (rows.valid()) {
    const auto at = split_repo_key(rows.key());
    if (!at || at->first >= end) break;
    if (at->repo < from_) {
      rows.seek(repo_key(from_, tier.span, at->first));
      continue;
    }
    if (next && at->repo >= *next) {
      rows.seek(repo_key(from_, tier.span, {at->first.value + tier.slot_minutes}));
      continue;
    }
    RepoRollup sums;
    if (!merge_encoded_repo(rows.value(), sums) || sums.requests == 0 ||
        at->first.value % tier.slot_minutes != 0) {
      note_damage("a value of a repo cannot be read, and stays as it is: " + shorten(rows.key()));
    } else {
      const auto place = lot.try_emplace(std::string(at->repo)).first;
      place->second.push_back({(at->first.value - page_.value) / tier.slot_minutes, sums});
    }
    if (lot.size() > kReposPerStep) {
      next = std::prev(lot.end())->first;
      lot.erase(std::prev(lot.end()));
    }
    rows.next();
  }
  return next;
}

// Both the page's slots and the new ones ascend.
void RepoSealer::put_page(const RepoTier& tier, const View& view, const std::string& repo,
                          std::vector<RepoSlot>& slots) {
  const std::string key = repo_key(repo, tier.span, page_);
  const auto stored = view.get(Family::kRepoPage, key);
  if (!stored) return note_damage(stored.error().message);
  RepoPageReader page;
  if (stored->has_value() && !page.open(**stored)) {
    return note_damage("a page of a repo cannot be read, and stays as it is: " + shorten(key));
  }
  std::vector<RepoSlot> merged;
  std::size_t number = 0;
  for (const RepoSlot& s : slots) {
    for (; number < page.size() && page.slot(number) < s.slot; ++number) {
      merged.push_back(page.at(number));
    }
    merged.push_back(s);
    if (number < page.size() && page.slot(number) == s.slot) {
      merged.back().sums.merge(page.at(number++).sums);
    }
    set_.remove(Family::kRepo,
                repo_key(repo, tier.span, {page_.value + s.slot * tier.slot_minutes}));
  }
  for (; number < page.size(); ++number) merged.push_back(page.at(number));
  std::string bytes;
  encode_repo_page(merged, bytes);
  set_.put(Family::kRepoPage, key, bytes);
}

Result<void> RepoSealer::write() {
  if (set_.empty()) return {};
  // Buffered: if it is lost in a crash, the rows it removed are back as well.
  auto written = store_.write(set_, Durability::kBuffered);
  set_.clear();
  if (!written) options_.on_write_failure(written.error());
  return written;
}

void RepoSealer::note_damage(std::string what) {
  if (!damage_) damage_ = Error{ErrorCode::kCorruption, std::move(what)};
}

}  // namespace minuted
