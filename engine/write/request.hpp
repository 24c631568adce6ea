// The requests of the commit queue: everything that is written from outside is one of them. A
// request owns what it needs; `done` is called or set once, on the commit thread, unless the queue
// rejects it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "minuted/append.hpp"
#include "minuted/nodes.hpp"
#include "minuted/usage.hpp"
#include "schema/meta_records.hpp"
#include "store/catalog.hpp"
#include "store/event_ids.hpp"

namespace minuted {

// The memory of a queued request beside its batch: its strings, its callback, its place. Bytes.
inline constexpr std::size_t kRequestBytes = 512;

// An event that has an id: its place among its batch's rows.
struct NamedRow {
  std::uint32_t place;
  EventIdKey key;
};

struct Append {
  AppendRequest request;                    // its batch is grouped
  std::vector<SeriesCatalog::Name> series;  // as in its batch's series()
  std::vector<NamedRow> ids;
  AppendDone done;
  std::size_t memory;      // of its batch, bytes
  std::int64_t latest_ms;  // by the steady clock: it waits for room until then
};

struct UpdateNode {
  NodeUpdate update;
  NodeDone done;
};

struct UpdateRepo {
  std::string repo;
  RepoFactsChange change;
  std::promise<Result<RepoFacts>> done;
};

// Series that had no rows in a view of the store. A pair is left out of account if it may have got
// rows since.
struct SeriesToDrop {
  struct Pair {
    std::string prefix;
    std::vector<std::string> hosts;  // ascending
  };
  std::vector<Pair> pairs;                // ascending
  std::uint64_t folded_generations = 0;  // RawTable's, before the view was taken
};
struct SeriesDropped {
  std::size_t pairs = 0;   // dealt with, from the first on; the others are to be handed in again
  std::size_t series = 0;  // dropped
};

struct DropSeries {
  const SeriesToDrop* series;  // the one who asks waits, and keeps it
  std::promise<Result<SeriesDropped>> done;
};

// A deletion goes on record: from then on it is ended, by a later start if need be.
struct BeginRemoval {
  RemovalRecord record;  // but for its commits_end
  std::promise<Result<RemovalRecord>> done;
};

struct WriteRequest {
  std::variant<Append, UpdateNode, UpdateRepo, DropSeries, BeginRemoval> what;
  std::size_t bytes;  // that it counts for in the queue
};

}  // namespace minuted
