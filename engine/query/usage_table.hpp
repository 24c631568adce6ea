// What the entities of an answer about usage add up to: first the sums of each over the window, then, once these
// are in order, the points of as many entities at a time as memory allows.
//
// Values; one thread at a time. Test: tests/engine/query/usage_table_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "minuted/repo_rollup.hpp"
#include "minuted/result.hpp"
#include "minuted/usage.hpp"
#include "page/repo_page_codec.hpp"
#include "query/group_table.hpp"

namespace minuted {

class UsageTable {
 public:
  explicit UsageTable(const UsageWindow& window) : window_(window) {}

  // The entity's number, a new one if it had none.
  std::uint32_t number_of(std::string_view id) {
    const std::uint32_t number = ids_.number_of(id);
    if (number == sums_.size()) sums_.emplace_back();
    return number;
  }
  std::string_view id(std::uint32_t entity) const { return ids_.id(entity); }
  const RepoRollup& sums(std::uint32_t entity) const { return sums_[entity]; }
  std::size_t size() const { return sums_.size(); }

  // Adds to the points of the entities whose points are being added up, and to nothing of others; before
  // choose_points() to the sums. `minute` and the slots are of the window.
  void add(std::uint32_t entity, Minute minute, const RepoRollup& sums) {
    if (place_.empty()) return sums_[entity].merge(sums);
    if (!is_chosen(entity)) return;
    points(entity)[(minute.value - window_.begin.value) / window_.point_minutes].merge(sums);
  }
  // The same of slots of `slot_minutes` of a page whose span begins at `first`.
  void add(std::uint32_t entity, const RepoPageReader& page, const SlotRange& slots, Minute first,
           std::uint32_t slot_minutes);
  // Undoes add() of the sums.
  void take_out(std::uint32_t entity, const RepoRollup& sums) { sums_[entity].take_out(sums); }

  // Puts the entities that have requests in order, those of most requests first and of equal ones by id, as
  // far as `end`, a place in that order. list() is called first, and its memory may be accounted for in between.
  void list();
  void order(std::size_t end);
  // All of them, and their requests.
  std::size_t listed() const { return order_.size(); }
  UInt128 requests() const { return requests_; }
  std::uint32_t at(std::size_t place) const { return order_[place]; }

  // Of a table of one entity, whose sums are those of its points.
  void list_the_one();
  void sum_up_the_one();

  // Begins to add up the points of the entities in the places [begin, end).
  void choose_points(std::size_t begin, std::size_t end);
  // The bytes that choose_points() would allocate for so many entities.
  std::size_t bytes_to_choose(std::size_t entities) const;
  std::size_t bytes_of_points() const { return window_.points * sizeof(RepoRollup); }
  // Of an entity that was chosen.
  std::span<RepoRollup> points(std::uint32_t entity) {
    return std::span(points_).subspan(place_[entity] * std::size_t{window_.points}, window_.points);
  }
  // Whether the points of an entity are being added up.
  bool is_chosen(std::uint32_t entity) const { return place_[entity] != kNone; }

  std::size_t memory_bytes() const;
  // Gives the sums and points back.
  void clear();

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  const UsageWindow window_;
  IdNumbers ids_;
  std::vector<RepoRollup> sums_;      // by entity
  std::vector<std::uint32_t> order_;  // entities that have requests; sorted as far as was asked for
  UInt128 requests_ = 0;
  std::vector<std::uint32_t> place_;  // by entity: among the chosen, or kNone; empty: none are chosen yet
  std::vector<RepoRollup> points_;    // of one chosen entity after another
};

}  // namespace minuted
