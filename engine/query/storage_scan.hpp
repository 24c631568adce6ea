// The cursor over usage: adds up, in one pass over the window, what each entity has; puts the entities
// in order; and for those to be handed out adds up their points, so many at a time as memory allows. Without
// buckets, nodes and providers the passes go over repo values (repo_walk.hpp), else over the rows of
// buckets (row_iterator.hpp), those of the widest spans that make up the window. All passes are of one view.
//
// A window that begins before its tier's horizon holds all of the rows at or after it, also within the
// point, and within the slot of repo values, that the horizon falls into: what is kept of that slot is read
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
#include "minuted/storage.hpp"
#include "query/group_table.hpp"
#include "query/read_context.hpp"
#include "query/repo_walk.hpp"
#include "query/row_iterator.hpp"
#include "store/repo_facts.hpp"

namespace minuted {

class StorageScan final : public StorageCursor {
 public:
  // Of at most the context's groups_max() entities.
  StorageScan(std::shared_ptr<ReadContext> context, StorageQuery query);

  Result<bool> prepare() override;
  std::uint64_t entities() const override { return order_.size(); }
  UInt128 requests() const override { return requests_; }
  Result<bool> next(StorageEntity& entity) override;

 private:
  enum class State : std::uint8_t { kNew, kAddingUp, kOrdered, kAddingPoints, kReady, kEnded };
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // Rows of buckets to add, or to take out again.
  struct RowPart {
    MinuteRange minutes;
    Span span;
    bool take_out;
  };

  Result<void> open();
  Result<void> narrow_to_scope();
  Result<bool> step();
  Result<void> begin_pass();
  Result<bool> step_repos();
  Result<bool> step_repo_walk();
  void begin_repo_walk(const RepoTier& tier, const MinuteRange& minutes);
  Result<bool> step_rows();
  std::vector<RowPart> row_parts() const;
  QuerySpec rows_of(const RowPart& part) const;
  WantedRepos wanted_repos() const;

  Result<std::uint32_t> entity_of_repo(std::string_view repo);
  Result<std::uint32_t> entity_of_row(const Row& row);
  Result<std::uint32_t> entity(std::string_view id);
  Result<std::uint32_t> number_in(IdNumbers& ids, std::vector<std::uint32_t>& entities,
                                  std::string_view id) const;

  void add(std::uint32_t entity, const RepoPart& part);
  void add(std::uint32_t entity, Minute minute, const RepoRollup& sums, bool take_out);
  std::span<RepoRollup> points_of(std::uint32_t entity);
  Result<void> order();
  Result<void> choose_batch();
  void end();
  Result<void> account(std::size_t bytes_more = 0);

  const StorageQuery query_;
  const std::shared_ptr<ReadContext> context_;
  ReadMemory memory_;      // of entities and points
  ReadMemory row_memory_;  // of the rows of buckets, kept from one part to the next
  const bool from_repos_;  // and not from rows of buckets
  const RepoTier& tier_;
  MinuteRange minutes_;    // of the window, as far as retention has not cut it
  MinuteRange head_;       // of that, before the first whole slot of repo values; empty as a rule
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
  IdNumbers ids_;
  std::vector<RepoRollup> sums_;  // by entity
  // What was looked up, by the ids' numbers: the entity, or kNone.
  IdNumbers repo_ids_;
  std::vector<std::uint32_t> entity_of_repo_;
  IdNumbers node_ids_;
  std::vector<std::uint32_t> entity_of_node_;

  std::vector<std::uint32_t> order_;  // entities that have requests; sorted up to the page's end
  UInt128 requests_ = 0;
  std::size_t next_ = 0;      // in order_
  std::size_t page_end_ = 0;
  std::size_t batch_begin_ = 0;  // entities whose points are here
  std::size_t batch_end_ = 0;
  std::vector<std::uint32_t> place_;  // by entity: in the batch, or kNone
  std::vector<RepoRollup> points_;    // of one entity after another
};

}  // namespace minuted
