// The requests of the commit queue: everything that is written from outside is one of them. A request
// owns what it needs; `done` is called or set once, on the commit thread, unless the queue rejects it.
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
#include "minuted/storage.hpp"
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

// Asks which of the series of a slice have rows; see Committer::forget_series.
struct ForgetSeries {
  using HasRows = std::function<Result<bool>(std::string_view prefix, std::string_view host)>;
  std::string repo;
  std::string from;
  const HasRows* has_rows;
  std::promise<Result<std::string>> done;
};

struct WriteRequest {
  std::variant<Append, UpdateNode, UpdateRepo, ForgetSeries> what;
  std::size_t bytes;  // that it counts for in the queue
};

}  // namespace minuted
