#include "maintenance/remove/repo_values.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "minuted/event.hpp"
#include "page/repo_page_codec.hpp"
#include "rollup/rollup_codec.hpp"

namespace minuted {
namespace {

Error damaged(std::string_view what, std::string_view key) {
  return {ErrorCode::kCorruption, std::string(what) + " of a repo cannot be read: " + shorten(key)};
}

// Part of what is taken out may be gone already, where a row was pruned before its page: what is left is
// past as well then.
void take(RepoRollup& from, const RepoRollup& part) {
  if (part.requests > from.requests) {
    from = {};
  } else {
    from.take_out(part);
  }
}

// One page of a repo, changed slot by slot.
class PageEdit {
 public:
  PageEdit(const View& view, std::string_view repo, WriteSet& set)
      : view_(view), repo_(repo), set_(set) {}

  // The slot that begins at `first`, which may come to nothing; nullptr if it is in no page.
  Result<RepoRollup*> find(const RepoTier& tier, Minute first) {
    const Minute page = floor_to(first, tier.page_minutes);
    std::string key = repo_key(repo_, tier.span, page);
    if (key != key_) {
      put();
      key_ = std::move(key);
      if (auto loaded = load(); !loaded) return loaded.error();
    }
    const std::uint32_t slot = (first.value - page.value) / tier.slot_minutes;
    const auto at = std::lower_bound(slots_.begin(), slots_.end(), slot,
                                     [](const RepoSlot& s, std::uint32_t n) { return s.slot < n; });
    if (at == slots_.end() || at->slot != slot) return static_cast<RepoRollup*>(nullptr);
    changed_ = true;
    return &at->sums;
  }

  void put() {
    if (!changed_) return;
    changed_ = false;
    std::erase_if(slots_, [](const RepoSlot& s) { return s.sums.requests == 0; });
    if (slots_.empty()) {
      set_.remove(Family::kRepoPage, key_);
      return;
    }
    std::string bytes;
    encode_repo_page(slots_, bytes);
    set_.put(Family::kRepoPage, key_, bytes);
  }

 private:
  Result<void> load() {
    slots_.clear();
    const auto stored = view_.get(Family::kRepoPage, key_);
    if (!stored) return stored.error();
    if (!stored->has_value()) return {};
    RepoPageReader page;
    if (!page.open(**stored)) return damaged("a page", key_);
    for (std::size_t i = 0; i < page.size(); ++i) slots_.push_back(page.at(i));
    return {};
  }

  const View& view_;
  const std::string_view repo_;
  WriteSet& set_;
  std::string key_;
  std::vector<RepoSlot> slots_;
  bool changed_ = false;
};

Result<std::optional<RepoRollup>> read_row(const View& view, const std::string& key) {
  const auto stored = view.get(Family::kRepo, key);
  if (!stored) return stored.error();
  if (!stored->has_value()) return std::optional<RepoRollup>();
  RepoRollup row;
  if (!merge_encoded_repo(**stored, row)) return damaged("a value", key);
  return std::optional(row);
}

// The minute of the repo's first key of the family at or after `at`.
Result<std::optional<Minute>> next_key(const View& view, Family family, std::string_view repo,
                                       const RepoTier& tier, Minute at, std::uint32_t step) {
  const auto keys =
      view.cursor(family, repo_key(repo, tier.span, at), repo_span_end(tier.span));
  while (keys->valid()) {
    const auto key = split_repo_key(keys->key());
    if (!key) return damaged("a key", keys->key());
    if (key->repo == repo) return std::optional(key->first);
    const Minute next = key->repo < repo ? key->first : Minute{key->first.value + step};
    keys->seek(repo_key(repo, tier.span, next));
  }
  if (auto status = keys->status(); !status) return status.error();
  return std::optional<Minute>();
}

}  // namespace

Result<void> take_out_of_repo(const View& view, std::string_view repo, const RepoValues& gone,
                              WriteSet& set) {
  const auto rows_begin = read_repo_rows_begin(view);
  if (!rows_begin) return rows_begin.error();
  PageEdit pages(view, repo, set);
  std::string value;
  for (const auto& [place, sum] : gone) {
    const auto& [span, first] = place;
    if (sum == RepoRollup{}) continue;
    const RepoTier* const tier = repo_tier(span);
    RepoRollup* paged = nullptr;
    if (tier != nullptr) {
      const auto found = pages.find(*tier, first);
      if (!found) return found.error();
      paged = *found;
    }
    const std::string key = repo_key(repo, span, first);
    std::optional<RepoRollup> row;
    const bool may_have_row =
        tier == nullptr ||
        first >= rows_begin->first[static_cast<std::size_t>(tier - kRepoTiers.data())];
    if (may_have_row) {
      auto read = read_row(view, key);
      if (!read) return read.error();
      row = *read;
    }
    if (paged != nullptr) {
      if (row) paged->merge(*row);
      take(*paged, sum);
      if (row) set.remove(Family::kRepo, key);
    } else if (row) {
      take(*row, sum);
      set.remove(Family::kRepo, key);
      if (row->requests == 0) continue;
      value.clear();
      encode_repo(*row, value);
      set.put(Family::kRepo, key, value);
    }
  }
  pages.put();
  return {};
}

Result<std::optional<RepoPiece>> next_piece(const View& view, std::string_view repo,
                                            const RepoTier& tier, Minute at) {
  const auto page = next_key(view, Family::kRepoPage, repo, tier, at, tier.page_minutes);
  if (!page) return page.error();
  const auto row = next_key(view, Family::kRepo, repo, tier, at, tier.slot_minutes);
  if (!row) return row.error();
  if (!*page && !*row) return std::optional<RepoPiece>();
  const Minute first = floor_to(std::min(page->value_or(kMinuteMax), row->value_or(kMinuteMax)),
                                tier.page_minutes);
  return std::optional(RepoPiece{&tier, {first, {first.value + tier.page_minutes}}});
}

Result<void> remove_piece(const View& view, std::string_view repo, const RepoPiece& piece,
                          RepoValues& gone, WriteSet& set) {
  const RepoTier& tier = *piece.tier;
  const std::string page_key = repo_key(repo, tier.span, piece.minutes.begin);
  const auto stored = view.get(Family::kRepoPage, page_key);
  if (!stored) return stored.error();
  if (stored->has_value()) {
    RepoPageReader page;
    if (!page.open(**stored)) return damaged("a page", page_key);
    for (std::size_t i = 0; i < page.size(); ++i) {
      const RepoSlot slot = page.at(i);
      const Minute first{piece.minutes.begin.value + slot.slot * tier.slot_minutes};
      gone[{tier.span, first}].merge(slot.sums);
    }
    set.remove(Family::kRepoPage, page_key);
  }
  Minute at = piece.minutes.begin;
  for (;;) {
    const auto row = next_key(view, Family::kRepo, repo, tier, at, tier.slot_minutes);
    if (!row) return row.error();
    if (!*row || **row >= piece.minutes.end) return {};
    const std::string key = repo_key(repo, tier.span, **row);
    const auto sums = read_row(view, key);
    if (!sums) return sums.error();
    gone[{tier.span, **row}].merge(**sums);
    set.remove(Family::kRepo, key);
    at = {(*row)->value + tier.slot_minutes};
  }
}

}  // namespace minuted
