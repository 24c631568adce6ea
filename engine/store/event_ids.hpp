// Which events with an id of their own were committed: an id names one event of its (repo, bucket,
// host, minute), and a second one within the window is a duplicate. Keys lie by minute, so that those
// of now are near one another and the old ones are in tables of their own, which empty as they age. Behind
// the minute come hashes of the repo and of the pair, so that a removal finds the ids of either with one
// seek for each minute that has any ids.
//
//   key, see schema/keys.hpp → 0x02 | varint: committed at, Unix ms | varint: number of the commit
//
// A batch's are asked for one by one on the commit thread; nothing of them stays in memory but those
// of the commit at hand. pair_of(), key_of() and remove_event_ids() are safe from any thread; the rest is
// one thread's at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "minuted/result.hpp"
#include "minuted/time.hpp"
#include "schema/keys.hpp"
#include "store/store.hpp"

namespace minuted {

// The one event an id may name, within its pair.
struct NamedEvent {
  std::string_view host;
  Minute minute;
  std::string_view id;
};

class EventIds {
 public:
  // Borrows the store. Ids are remembered so many milliseconds from their commit.
  EventIds(const Store& store, std::int64_t window_ms) : store_(store), window_ms_(window_ms) {}

  // The hashes are keyed by the store's secret: nobody can make two ids meet.
  EventIdPair pair_of(std::string_view prefix) const;
  EventIdKey key_of(const EventIdPair& pair, const NamedEvent& event) const;

  // Whether the store has the event as committed within the window before `now`.
  Result<bool> knows(const EventIdKey& key, Millis now) const;
  // Notes an event that is not known; false if that was done since the last clear().
  bool add(const EventIdKey& key) { return fresh_.insert(key).second; }
  // Puts the records of all that were noted, as of commit number `commit`, into `set`, in the order of
  // their keys: the memtable then finds most places beside the one before.
  void put(Millis now, std::uint64_t commit, WriteSet& set);
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

// Which ids to forget: those of a repo, or of one of its pairs, in some minutes.
struct EventIdRemoval {
  std::string_view scope;       // an EventIdPair's bytes, or its first kEventIdRepoBytes
  MinuteRange minutes;
  std::uint64_t commits_end;    // those of later commits stay: the number of the first that does
};

// Adds the deletion of the next lot of these ids to `set`, from the key `from` on, and puts there where
// the next lot begins; empty at the end. A lot takes some milliseconds and 64 KiB of `set`. No commit may
// write from before the call until `set` is written. kCorruption, kIoError.
Result<void> remove_event_ids(const Store& store, const EventIdRemoval& removal, std::string& from,
                              WriteSet& set);

}  // namespace minuted
