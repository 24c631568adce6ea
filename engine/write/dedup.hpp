// Exactly once: which batches are known by their idempotency key, and which events by their id.
// What is new goes into the write set of its commit, so that an event and what makes it known are
// durable together. Used by the commit thread, but for name_ids().
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "minuted/append.hpp"
#include "stats/counters.hpp"
#include "store/believed_clock.hpp"
#include "store/event_ids.hpp"
#include "store/idempotency.hpp"
#include "store/store.hpp"
#include "write/request.hpp"

namespace minuted {

class Dedup {
 public:
  // Borrows the store and the counters. `on_failure` is called when the store cannot tell whether
  // an event is known: nothing can be committed then.
  Dedup(const Store& store, CommitCounters& counters, std::int64_t window_ms,
        std::function<void(const Error&)> on_failure)
      : store_(store),
        counters_(counters),
        window_ms_(window_ms),
        on_failure_(std::move(on_failure)),
        event_ids_(store, window_ms) {}

  // The batch's events that have ids, in the order of its rows. Any thread.
  std::vector<NamedRow> name_ids(const EventBatch& batch) const;

  // A commit begins.
  void begin();

  // What is answered to a request with a key.
  struct Answer {
    Result<Receipt> result;
    bool needs_write;  // it depends on the write of this commit
  };
  // Looks the key up; nullopt: it is new, and may be committed.
  std::optional<Answer> find_key(const IdempotencyKey& key, const BelievedClock::Reading& time);
  // Adds the record of a new key.
  void put_key(const IdempotencyKey& key, const Receipt& receipt,
               const BelievedClock::Reading& time, WriteSet& set);

  // The places of the events that are counted already; notes the others, unless there is an error.
  Result<std::vector<std::uint32_t>> find_duplicates(const std::vector<NamedRow>& ids, Millis now);
  // Adds the records of all events that were noted, as of commit number `commit`.
  void put_ids(Millis now, std::uint64_t commit, WriteSet& set) {
    event_ids_.put(now, commit, set);
  }

 private:
  // A key first seen in this commit, for the repeats that follow it in the queue.
  struct Fresh {
    Fingerprint body;
    Receipt receipt;
  };

  Answer replay(const IdempotencyKey& key, const Fingerprint& body, Receipt receipt,
                bool needs_write);

  const Store& store_;
  CommitCounters& counters_;
  const std::int64_t window_ms_;
  const std::function<void(const Error&)> on_failure_;
  EventIds event_ids_;
  std::unordered_map<std::string, Fresh> fresh_keys_;
};

}  // namespace minuted
