#include "query/storage_scan.hpp"

#include <algorithm>
#include <utility>

#include "minuted/event.hpp"
#include "query/planner.hpp"
#include "store/node_book.hpp"

namespace minuted {
namespace {

// Of one prepare(): a few milliseconds.
constexpr std::uint32_t kStepRepoParts = 2'048;
constexpr std::uint32_t kStepRows = 16'384;
// What a scan takes beside its entities and points: iterators, and the blocks that they pin.
constexpr std::size_t kScanBytes = 128U << 10;
// Parts or rows between two looks at what the entities take.
constexpr std::uint32_t kStepsPerAccount = 256;

}  // namespace

StorageScan::StorageScan(std::shared_ptr<ReadContext> context, UsageQuery query)
    : query_(std::move(query)),
      context_(std::move(context)),
      memory_(*context_),
      row_memory_(*context_),
      plan_(plan_storage(query_, context_->horizons())),
      facts_(std::make_unique<RepoFactsReader>(context_->view())),
      usage_(query_.window) {}

Result<bool> StorageScan::prepare() {
  if (state_ == State::kReady || state_ == State::kEnded) return true;
  const auto done = step();
  if (!done.ok()) end();
  return done;
}

// Gives everything back now rather than when the caller is done with the answer.
void StorageScan::end() {
  state_ = State::kEnded;
  repo_walk_.reset();
  rows_.reset();
  facts_.reset();
  usage_.clear();
  memory_.release();
  row_memory_.release();
  context_->release();
}

Result<void> StorageScan::account(std::size_t bytes_more) {
  return memory_.hold(
      kScanBytes + bytes_more + usage_.memory_bytes() + repo_ids_.memory_bytes() +
      node_ids_.memory_bytes() +
      (entity_of_repo_.capacity() + entity_of_node_.capacity()) * sizeof(std::uint32_t));
}

Result<bool> StorageScan::step() {
  switch (state_) {
    case State::kNew:
      if (auto opened = open(); !opened) return opened.error();
      return false;
    case State::kAddingUp:
    case State::kAddingPoints: {
      const auto more = plan_.from_repos ? step_repos() : step_rows();
      if (!more.ok()) return more;
      if (*more) return false;
      if (state_ == State::kAddingUp) {
        if (auto ordered = order(); !ordered) return ordered.error();
        return state_ == State::kReady;
      }
      state_ = State::kReady;
      return true;
    }
    case State::kOrdered:
      if (auto chosen = choose_batch(); !chosen) return chosen.error();
      state_ = State::kAddingPoints;
      if (auto begun = begin_pass(); !begun) return begun.error();
      return false;
    case State::kReady:
    case State::kEnded:
      break;
  }
  return true;
}

Result<void> StorageScan::open() {
  if (auto held = account(); !held) return held;
  if (auto narrowed = narrow_to_scope(); !narrowed) return narrowed;
  if (!query_.by) {
    // All in one: its points are its sums as well.
    usage_.list_the_one();
    page_end_ = 1;
    if (auto chosen = choose_batch(); !chosen) return chosen;
  }
  state_ = State::kAddingUp;
  return begin_pass();
}

Result<void> StorageScan::narrow_to_scope() {
  if (query_.scope == UsageScope::kOrg) {
    repos_ = query_.visible_repos;
    return {};
  }
  const auto& visible = query_.visible_repos;
  if (query_.scope == UsageScope::kRepo) {
    repos_.emplace();
    if (!visible || std::binary_search(visible->begin(), visible->end(), query_.id)) {
      repos_->push_back(query_.id);
    }
    return {};
  }
  if (!visible) {
    auto found = repos_of_workspace(context_->view(), query_.id, context_->groups_max());
    if (!found) return found.error();
    repos_ = std::move(*found);
    return {};
  }
  // Of the visible ones, not of the workspace's: how many others it has must not show, in time either.
  repos_.emplace();
  for (const std::string& repo : *visible) {
    if (auto in_time = context_->check(); !in_time) return in_time;
    const auto facts = facts_->of(repo);
    if (!facts) return facts.error();
    if (facts->workspace == query_.id) repos_->push_back(repo);
  }
  return {};
}

Result<void> StorageScan::begin_pass() {
  part_ = 0;
  parts_.clear();
  rows_.reset();
  if (!plan_.from_repos) {
    if (!repos_ || !repos_->empty()) {
      parts_ = row_parts(plan_, state_ == State::kAddingPoints || !query_.by);
    }
    return {};
  }
  head_read_ = plan_.head.empty();
  begin_repo_walk(*plan_.tier, {std::max(plan_.minutes.begin, plan_.head.end), plan_.minutes.end});
  return {};
}

void StorageScan::begin_repo_walk(const RepoTier& tier, const MinuteRange& minutes) {
  repo_walk_ = std::make_unique<RepoWalk>(*context_, tier, minutes, wanted_repos());
  walk_tier_ = &tier;
}

// Of a batch, the repos of its entities.
WantedRepos StorageScan::wanted_repos() const {
  WantedRepos wanted;
  if (state_ == State::kAddingPoints) {
    wanted.kind = WantedRepos::Kind::kListed;
    for (std::uint32_t n = 0; n < entity_of_repo_.size(); ++n) {
      if (usage_.is_chosen(entity_of_repo_[n])) wanted.listed.emplace_back(repo_ids_.id(n));
    }
    std::sort(wanted.listed.begin(), wanted.listed.end());
  } else if (repos_) {
    wanted.kind = WantedRepos::Kind::kListed;
    wanted.listed = *repos_;
  } else if (!query_.by) {
    wanted.kind = WantedRepos::Kind::kSum;
  }
  return wanted;
}

// The whole slots, and then what is kept of the slot before them.
Result<bool> StorageScan::step_repos() {
  if (repo_walk_) {
    const auto more = step_repo_walk();
    if (!more.ok() || *more) return more;
    repo_walk_.reset();
    if (head_read_) return false;
    head_read_ = true;
    if (const RepoTier* const below = tier_below(*plan_.tier)) {
      begin_repo_walk(*below, plan_.head);
    } else if (!repos_ || !repos_->empty()) {
      parts_ = {{plan_.head, plan_.tier->kept_as, false}};
    }
    return true;
  }
  return step_rows();
}

Result<bool> StorageScan::step_repo_walk() {
  RepoPart part;
  for (std::uint32_t i = 0; i < kStepRepoParts; ++i) {
    if (i % kStepsPerAccount == 0) {
      if (auto held = account(); !held) return held.error();
    }
    const auto more = repo_walk_->next(part);
    if (!more.ok() || !*more) return more;
    const auto entity = query_.by ? entity_of_repo(part.repo) : Result<std::uint32_t>(0U);
    if (!entity) return entity.error();
    if (part.page == nullptr) {
      usage_.add(*entity, part.first, part.sums);
    } else {
      usage_.add(*entity, *part.page, part.slots, part.first, walk_tier_->slot_minutes);
    }
    context_->count_row();
  }
  return true;
}

QuerySpec StorageScan::rows_of(const RowPart& part) const {
  QuerySpec spec;
  spec.range = part.minutes;
  spec.span = part.span;
  spec.columns = Columns::kSums;
  spec.buckets = query_.buckets;
  if (repos_) spec.repos = *repos_;
  if (state_ != State::kAddingPoints) return spec;
  const auto batch = [&](auto& ids) {
    ids.clear();
    for (std::size_t i = batch_begin_; i < batch_end_; ++i) {
      ids.emplace_back(usage_.id(usage_.at(i)));
    }
  };
  if (*query_.by == UsageBy::kBucket) batch(spec.buckets);
  if (*query_.by == UsageBy::kNode) batch(spec.hosts);
  if (*query_.by == UsageBy::kRepo) batch(spec.repos);
  return spec;
}

Result<bool> StorageScan::step_rows() {
  Row row;
  for (std::uint32_t i = 0; i < kStepRows; ++i) {
    if (!rows_) {
      if (part_ == parts_.size()) return false;
      rows_ = std::make_unique<RowIterator>(*context_, row_memory_, rows_of(parts_[part_]));
    }
    if (i % kStepsPerAccount == 0) {
      if (auto held = account(); !held) return held.error();
    }
    const auto more = rows_->next(row);
    if (!more.ok()) return more;
    if (!*more) {
      rows_.reset();
      ++part_;
      continue;
    }
    const auto entity = entity_of_row(row);
    if (!entity) return entity.error();
    RepoRollup sums;
    sums.add(*row.rollup);
    if (parts_[part_].take_out) {
      usage_.take_out(*entity, sums);
    } else {
      usage_.add(*entity, row.minute, sums);
    }
    context_->count_row();
  }
  return true;
}

Result<std::uint32_t> StorageScan::entity_of_row(const Row& row) {
  if (!query_.by) return 0U;
  switch (*query_.by) {
    case UsageBy::kBucket: return entity(row.bucket);
    case UsageBy::kNode: return entity(row.host);
    case UsageBy::kRepo:
    case UsageBy::kWorkspace: return entity_of_repo(row.repo);
    case UsageBy::kProvider: break;
  }
  const auto number = number_in(node_ids_, entity_of_node_, row.host);
  if (!number) return number;
  std::uint32_t& known = entity_of_node_[*number];
  if (known == kNone) {
    // Its own entity, or one past all: to be asked of the repo.
    const auto node = read_node(context_->view(), row.host);
    if (!node) return node.error();
    known = kNone - 1;
    if (node->has_value() && !(*node)->facts.provider.empty()) {
      const auto made = entity((*node)->facts.provider);
      if (!made) return made;
      known = *made;
    }
  }
  return known == kNone - 1 ? entity_of_repo(row.repo) : Result<std::uint32_t>(known);
}

Result<std::uint32_t> StorageScan::entity_of_repo(std::string_view repo) {
  const auto number = number_in(repo_ids_, entity_of_repo_, repo);
  if (!number) return number;
  std::uint32_t& known = entity_of_repo_[*number];
  if (known != kNone) return known;
  Result<std::uint32_t> made = kNone;
  if (*query_.by == UsageBy::kRepo) {
    made = entity(repo);
  } else {
    const auto facts = facts_->of(repo);
    if (!facts) return facts.error();
    made = entity(*query_.by == UsageBy::kWorkspace ? facts->workspace : facts->provider);
  }
  if (made.ok()) known = *made;
  return made;
}

// The id's number, with a place for what is looked up by it.
Result<std::uint32_t> StorageScan::number_in(IdNumbers& ids, std::vector<std::uint32_t>& entities,
                                             std::string_view id) const {
  const std::uint32_t number = ids.number_of(id);
  if (number < entities.size()) return number;
  if (number >= context_->groups_max()) {
    return Error{ErrorCode::kTooManyGroups,
                 "the window has more than " + std::to_string(context_->groups_max()) +
                     " repos, buckets or nodes to tell apart, as many as are allowed; ask for "
                     "one workspace, repo or bucket at a time",
                 DecidingOption::kGroupsMax};
  }
  entities.push_back(kNone);
  return number;
}

Result<std::uint32_t> StorageScan::entity(std::string_view id) {
  const std::uint32_t number = usage_.number_of(id);
  if (number < context_->groups_max()) return number;
  return Error{ErrorCode::kTooManyGroups,
               "the answer has more than " + std::to_string(context_->groups_max()) +
                   " entities, as many as are allowed; ask for one workspace, repo or "
                   "bucket at a time",
               DecidingOption::kGroupsMax};
}

Result<void> StorageScan::order() {
  if (!query_.by) {
    usage_.sum_up_the_one();
    state_ = State::kReady;
    return {};
  }
  usage_.list();
  if (auto held = account(); !held) return held;
  next_ = std::min<std::uint64_t>(query_.offset, usage_.listed());
  page_end_ = next_ + std::min<std::uint64_t>(query_.limit, usage_.listed() - next_);
  usage_.order(page_end_);
  batch_end_ = next_;
  state_ = query_.series && next_ != page_end_ ? State::kOrdered : State::kReady;
  return {};
}

// A quarter of what one read may hold is enough for the points: what is left of them takes another pass.
Result<void> StorageScan::choose_batch() {
  const std::size_t bytes_max = std::min(kSeriesBytes, context_->memory_bytes_max() / 4);
  const std::size_t most = std::max<std::size_t>(1, bytes_max / usage_.bytes_of_points());
  batch_begin_ = batch_end_;
  batch_end_ = std::min(page_end_, batch_begin_ + most);
  if (auto held = account(usage_.bytes_to_choose(batch_end_ - batch_begin_)); !held) return held;
  usage_.choose_points(batch_begin_, batch_end_);
  return {};
}

Result<bool> StorageScan::next(UsageEntity& entity) {
  for (;;) {
    const auto ready = prepare();
    if (!ready.ok()) return ready;
    if (*ready) break;
  }
  if (state_ == State::kEnded || next_ == page_end_) {
    end();
    return false;
  }
  const std::uint32_t number = usage_.at(next_++);
  const bool has_points = !query_.by || query_.series;
  entity = {usage_.id(number), usage_.sums(number),
            has_points ? usage_.points(number) : std::span<RepoRollup>()};
  if (query_.by && query_.series && next_ == batch_end_ && next_ != page_end_) {
    state_ = State::kOrdered;  // once the caller is done with these points
  }
  return true;
}

}  // namespace minuted
