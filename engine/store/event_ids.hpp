// Which events with an id of their own were committed: an id names one event of its (repo, bucket,
// host, minute), and a second one within the window is a duplicate. Keys lie by minute, so that those
// of now are near one another and the old ones are in tables of their own, which empty as they age.
//
//   minute u32, big-endian | 16 bytes of hash of (pair prefix, host, id)
//       → 0x01 | varint: committed at, Unix ms
//
// A batch's are asked for one by one on the commit thread; nothing of them stays in memory but those
// of the commit at hand. key_of() is safe from any thread; the rest is one thread's at a time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "minuted/result.hpp"
#include "minuted/time.hpp"
#include "store/store.hpp"

namespace minuted {

inline constexpr std::size_t kEventIdKeyBytes = 20;
using EventIdKey = std::array<char, kEventIdKeyBytes>;

// The one event an id may name, as what is hashed.
struct NamedEvent {
  std::string_view prefix;  // of its pair
  std::string_view host;
  Minute minute;
  std::string_view id;
};

class EventIds {
 public:
  // Borrows the store. Ids are remembered so many milliseconds from their commit.
  EventIds(const Store& store, std::int64_t window_ms) : store_(store), window_ms_(window_ms) {}

  // The hash is keyed by the store's secret: nobody can make two ids meet.
  EventIdKey key_of(const NamedEvent& event) const;

  // Whether the store has the event as committed within the window before `now`.
  Result<bool> knows(const EventIdKey& key, Millis now) const;
  // Notes an event that is not known; false if that was done since the last clear().
  bool add(const EventIdKey& key) { return fresh_.insert(key).second; }
  // Puts the records of all that were noted into `set`, in the order of their keys: the memtable then
  // finds most places beside the one before.
  void put(Millis now, WriteSet& set);
  // What was noted is written, or given up.
  void clear() { fresh_.clear(); }

 private:
  struct Hash {
    std::size_t operator()(const EventIdKey& key) const;
  };

  const Store& store_;
  const std::int64_t window_ms_;
  std::unordered_set<EventIdKey, Hash> fresh_;
  std::vector<EventIdKey> sorted_;
};

// When a record's event was committed; nullopt if it is not a record.
std::optional<Millis> event_id_time(std::string_view record);

}  // namespace minuted
