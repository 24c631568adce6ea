// The cursor over usage: adds up, in one pass over the window, what each entity has; puts the entities in order;
// and for those that are returned adds up their points, so many at a time as memory allows (usage_table.hpp).
// Without buckets, nodes and providers the passes go over repos' values (repo_walk.hpp), else over the rows of
// buckets (row_iterator.hpp), as storage_plan.hpp says. All passes are of one view.
//
// A window that begins before its tier's horizon holds all of the rows at or after it, also within the
// point, and within the slot of repos' values, that the horizon falls into: what is kept of that slot is read
// from the repo's values of a narrower span of the same retention, or from rows where there is none.
//
// One thread at a time. Test: tests/engine/query/storage_scan_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "minuted/query.hpp"
#include "minuted/usage.hpp"
#include "query/group_table.hpp"
#include "query/read_context.hpp"
#include "query/repo_walk.hpp"
#include "query/row_iterator.hpp"
#include "query/storage_plan.hpp"
#include "query/usage_table.hpp"
#include "store/repo_facts.hpp"

namespace minuted {

class StorageScan final : public UsageCursor {
 public:
  // Of at most the context's groups_max() entities.
  StorageScan(std::shared_ptr<ReadContext> context, UsageQuery query);

  Result<bool> prepare() override;
  std::uint64_t entities() const override { return usage_.listed(); }
  UInt128 requests() const override { return usage_.requests(); }
  Result<bool> next(UsageEntity& entity) override;

 private:
  enum class State : std::uint8_t { kNew, kAddingUp, kOrdered, kAddingPoints, kReady, kEnded };
  static constexpr std::uint32_t kNone = UINT32_MAX;

  Result<void> open();
  Result<void> narrow_to_scope();
  Result<bool> step();
  Result<void> begin_pass();
  Result<bool> step_repos();
  Result<bool> step_repo_walk();
  void begin_repo_walk(const RepoTier& tier, const MinuteRange& minutes);
  Result<bool> step_rows();
  QuerySpec rows_of(const RowPart& part) const;
  WantedRepos wanted_repos() const;

  Result<std::uint32_t> entity_of_repo(std::string_view repo);
  Result<std::uint32_t> entity_of_row(const Row& row);
  Result<std::uint32_t> entity(std::string_view id);
  Result<std::uint32_t> number_in(IdNumbers& ids, std::vector<std::uint32_t>& entities,
                                  std::string_view id) const;

  Result<void> order();
  Result<void> choose_batch();
  void end();
  Result<void> account(std::size_t bytes_more = 0);

  const UsageQuery query_;
  const std::shared_ptr<ReadContext> context_;
  ReadMemory memory_;      // of entities and points
  ReadMemory row_memory_;  // of the rows of buckets, kept from one part to the next
  const StoragePlan plan_;
  std::optional<std::vector<std::string>> repos_;  // of the scope; nullopt: all
  State state_ = State::kNew;

  // The pass under way.
  std::unique_ptr<RepoWalk> repo_walk_;
  const RepoTier* walk_tier_ = nullptr;  // that it walks
  bool head_read_ = false;
  std::vector<RowPart> parts_;
  std::size_t part_ = 0;
  std::unique_ptr<RowIterator> rows_;

  std::unique_ptr<RepoFactsReader> facts_;
  UsageTable usage_;
  // What was looked up, by the ids' numbers: the entity, or kNone.
  IdNumbers repo_ids_;
  std::vector<std::uint32_t> entity_of_repo_;
  IdNumbers node_ids_;
  std::vector<std::uint32_t> entity_of_node_;

  // Places in the order of entities.
  std::size_t next_ = 0;
  std::size_t page_end_ = 0;
  std::size_t batch_begin_ = 0;  // entities whose points are here
  std::size_t batch_end_ = 0;
};

}  // namespace minuted
