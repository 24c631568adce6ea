// A slice of the known series of which those without rows are handed to the commit queue to be
// dropped. On the maintenance thread: it looks at the rows, and the commit thread, which owns the
// series, checks again what has happened since.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

#include "minuted/result.hpp"
#include "store/raw_table.hpp"
#include "store/store.hpp"
#include "write/committer.hpp"

namespace minuted {

struct SeriesSlice {
  const Store& store;
  const RawTable& table;
  Committer& writes;

  using Hosts = std::unordered_set<std::string>;
  // Removes from `hosts`, which have series in the pair, those that have rows in the snapshot.
  using RemoveKept = std::function<Result<void>(std::string_view prefix, Hosts& hosts)>;

  // What the rows are at one moment.
  struct Snapshot {
    std::uint64_t folded_generations;  // when the view was taken, or earlier
    std::unique_ptr<View> view;
  };
  Snapshot snapshot() const {
    const std::uint64_t folded = table.folded_generations();
    return {folded, store.view()};
  }

  // Drops series of the repo, of all repos if it is empty, from the record `from` on: those of some
  // pairs, so that neither this thread nor the commit thread is busy for long. Moves `from` behind
  // them; empty at the end. Durable with the next sync.
  Result<void> drop(const Snapshot& at, std::string_view repo, std::string& from,
                    const RemoveKept& remove_kept) const;
};

}  // namespace minuted
