// How far folds have come, as the meta family records it. Folds delete no raw events; three records say
// which of them are counted in rollups, and each is written in the same atomic write as those rollups.
//
//   RawFloorRecord, see WriteSet::raise_raw_floor   the first commit that may not be folded
//   FoldMarkRecord, the mark      how far the newest generation that a fold has begun is folded
//   UnreadableKey, a key each     raw values that a fold could not read
//
// Their bytes are in schema/meta_records.hpp.
//
// Generations (raw_table.hpp) are folded one after another, each in the order of its pairs and minutes. So
// the events of a commit are folded if the commit is below the floor or before the mark's generation, or
// if it is one of that generation's and their pair and minute are not after the mark's. What a fold cannot
// read is moved to a key of its own, so that it holds up neither mark nor floor.
//
// Within a process readers need only the mark: see RawCursor. A new process numbers its generations anew,
// so it takes an earlier one's mark by its commits: see FoldProgress.
//
// Functions are safe from any thread; a FoldProgress is a value.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "minuted/result.hpp"
#include "minuted/time.hpp"
#include "schema/meta_records.hpp"
#include "store/store.hpp"

namespace minuted {

// Puts the mark there, in the fold's own write.
void put_mark(const Store& store, const FoldMark& mark, WriteSet& set);
// Generation 0 if an earlier process wrote it. kCorruption if it is not as it should be.
Result<FoldMark> read_mark(const Store& store, const View& view);

// Which raw events of a view are folded, whichever process folded them.
class FoldProgress {
 public:
  // kCorruption, kIoError.
  static Result<FoldProgress> read(const View& view);

  // All commits before it are folded.
  std::uint64_t floor() const { return floor_; }
  // The newest generation that was begun: its commits, or 0 and 0.
  std::uint64_t first_commit() const { return mark_.first_commit; }
  std::uint64_t last_commit() const { return mark_.last_commit; }
  bool is_folded(std::uint64_t commit, std::string_view prefix, Minute minute) const;

 private:
  std::uint64_t floor_ = 0;
  FoldMark mark_;
};

// Puts a raw value that cannot be read where it stays. `key`: pair prefix | minute.
void put_unreadable(std::string_view key, std::uint64_t first_commit, std::string_view raw_value,
                    WriteSet& set);
// Calls `take` with the key (pair prefix | minute) and raw value of each. kCorruption, kIoError.
Result<void> for_each_unreadable(
    const View& view,
    const std::function<void(std::string_view key, std::string_view raw_value)>& take);

}  // namespace minuted
