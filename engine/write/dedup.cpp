#include "write/dedup.hpp"

#include <string_view>
#include <utility>

#include "minuted/event.hpp"

namespace minuted {

std::vector<NamedRow> Dedup::name_ids(const EventBatch& batch) const {
  std::vector<NamedRow> named;
  if (!batch.has_ids()) return named;
  std::uint32_t place = 0;
  std::string_view prefix;
  EventIdPair pair{};
  for (const EventBatch::Group& group : batch.groups()) {
    if (group.prefix != prefix) pair = event_ids_.pair_of(prefix = group.prefix);
    for (const EventBatch::Row& row : group.rows) {
      if (row.id_bytes != 0) {
        named.push_back(
            {place, event_ids_.key_of(pair, {batch.host(row.host), group.minute, batch.id(row)})});
      }
      ++place;
    }
  }
  return named;
}

void Dedup::begin() {
  fresh_keys_.clear();
  event_ids_.clear();
}

Dedup::Answer Dedup::replay(const IdempotencyKey& key, const Fingerprint& body, Receipt receipt,
                            bool needs_write) {
  if (body != key.body) {
    return {Error{ErrorCode::kKeyReused,
                  "the idempotency key " + shorten(key.key) +
                      " was used before for another request; send that one again as it was, or this "
                      "one with a new key"},
            needs_write};
  }
  receipt.replayed = true;
  ++counters_.replayed;
  return {std::move(receipt), needs_write};
}

std::optional<Dedup::Answer> Dedup::find_key(const IdempotencyKey& key,
                                             const BelievedClock::Reading& time) {
  const std::string record_name = record_key(store_.secret(), key);
  // A repeat of a key that this very commit brings waits for it, and shares its fate.
  if (const auto at = fresh_keys_.find(record_name); at != fresh_keys_.end()) {
    return replay(key, at->second.body, at->second.receipt, true);
  }
  const auto stored = store_.get(Family::kIdempotency, record_name);
  if (!stored) return Answer{stored.error(), false};
  if (!stored->has_value()) return std::nullopt;
  auto record = decode_record(**stored);
  if (!record) {
    return Answer{Error{ErrorCode::kCorruption, "the record of an idempotency key is damaged"},
                  false};
  }
  if (record->committed_at.value + window_ms_ >= time.expiry.value) {
    return replay(key, record->body, std::move(record->receipt), false);
  }
  return std::nullopt;
}

void Dedup::put_key(const IdempotencyKey& key, const Receipt& receipt,
                    const BelievedClock::Reading& time, WriteSet& set) {
  const std::string record_name = record_key(store_.secret(), key);
  set.put(Family::kIdempotency, record_name, encode_record({time.machine, key.body, receipt}));
  fresh_keys_.emplace(record_name, Fresh{key.body, receipt});
}

// The ids of new events are noted only when all have been looked up: an id without its event would
// make a duplicate of what is sent again.
Result<std::vector<std::uint32_t>> Dedup::find_duplicates(const std::vector<NamedRow>& ids,
                                                          Millis now) {
  std::vector<std::uint32_t> duplicates;
  std::vector<const NamedRow*> unknown;
  for (const NamedRow& named : ids) {
    const auto known = event_ids_.knows(named.key, now);
    if (!known) {
      on_failure_(known.error());
      return known.error();
    }
    if (*known) {
      duplicates.push_back(named.place);
    } else {
      unknown.push_back(&named);
    }
  }
  for (const NamedRow* named : unknown) {
    if (!event_ids_.add(named->key)) duplicates.push_back(named->place);
  }
  return duplicates;
}

}  // namespace minuted
