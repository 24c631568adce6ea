#include "store/event_ids.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "codec/bytes.hpp"
#include "minuted/event.hpp"

namespace minuted {
namespace {

constexpr char kRecordVersion = 0x02;
// Keys looked at in one lot of a removal, at most.
constexpr std::size_t kKeysPerLot = 2'000;
constexpr std::size_t kLotBytes = 64U << 10;

XXH128_hash_t hash_of(const Store& store, std::string_view bytes) {
  return XXH3_128bits_withSecret(bytes.data(), bytes.size(), store.secret().data(),
                                 store.secret().size());
}

struct Record {
  Millis time;
  std::uint64_t commit;
};

std::optional<Record> decode(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.byte() != static_cast<std::uint8_t>(kRecordVersion)) return std::nullopt;
  Record record{};
  const std::uint64_t time = in.varint();
  record.commit = in.varint();
  if (!in.done() || time > static_cast<std::uint64_t>(kMillisMax.value)) return std::nullopt;
  record.time = Millis{static_cast<std::int64_t>(time)};
  return record;
}

}  // namespace

EventIdPair EventIds::pair_of(std::string_view prefix) const {
  return event_id_pair(hash_of(store_, prefix.substr(0, prefix.find('\0') + 1)).low64,
                       hash_of(store_, prefix).low64);
}

// The host ends in a byte that no id of a host holds, so that no two events look the same.
EventIdKey EventIds::key_of(const EventIdPair& pair, const NamedEvent& event) const {
  char bytes[kIdBytesMax + 1 + kEventIdBytesMax];
  char* end = bytes;
  end += event.host.copy(end, event.host.size());
  *end++ = '\0';
  end += event.id.copy(end, event.id.size());
  const XXH128_hash_t hash =
      hash_of(store_, std::string_view(bytes, static_cast<std::size_t>(end - bytes)));
  return event_id_key(event.minute, pair, hash.low64, hash.high64);
}

std::size_t EventIds::Hash::operator()(const EventIdKey& key) const {
  std::size_t own = 0;
  std::memcpy(&own, key.data() + kMinuteKeyBytes + kEventIdPairBytes, sizeof own);
  return own;
}

Result<bool> EventIds::knows(const EventIdKey& key, Millis now) const {
  const auto stored = store_.get(Family::kEventId, {key.data(), key.size()});
  if (!stored) return stored.error();
  if (!stored->has_value()) return false;
  const auto committed = event_id_time(**stored);
  if (!committed) return Error{ErrorCode::kCorruption, "the record of an event's id is damaged"};
  return committed->value + window_ms_ >= now.value;
}

void EventIds::put(Millis now, std::uint64_t commit, WriteSet& set) {
  if (fresh_.empty()) return;
  std::string record(1, kRecordVersion);
  put_varint(record, static_cast<std::uint64_t>(now.value));
  put_varint(record, commit);
  sorted_.assign(fresh_.begin(), fresh_.end());
  std::sort(sorted_.begin(), sorted_.end(), [](const EventIdKey& a, const EventIdKey& b) {
    return std::memcmp(a.data(), b.data(), kEventIdKeyBytes) < 0;
  });
  for (const EventIdKey& key : sorted_) {
    set.put(Family::kEventId, {key.data(), key.size()}, record);
  }
}

std::optional<Millis> event_id_time(std::string_view bytes) {
  const auto record = decode(bytes);
  if (!record) return std::nullopt;
  return record->time;
}

Result<void> remove_event_ids(const Store& store, const EventIdRemoval& removal, std::string& from,
                              WriteSet& set) {
  const std::size_t before = set.bytes();
  const std::string lower =
      from.empty() ? event_id_begin(removal.minutes.begin, removal.scope) : std::exchange(from, {});
  const auto view = store.view();
  const auto keys = view->cursor(Family::kEventId, lower, event_id_begin(removal.minutes.end, {}));
  for (std::size_t looked_at = 0; keys->valid(); ++looked_at) {
    const std::string_view key = keys->key();
    if (key.size() != kEventIdKeyBytes) {
      return Error{ErrorCode::kCorruption, "a key is none of an event's id: " + shorten(key)};
    }
    if (looked_at == kKeysPerLot || set.bytes() - before >= kLotBytes) {
      from = key;
      return {};
    }
    const Minute minute = read_minute(key);
    const int order = key.compare(kMinuteKeyBytes, removal.scope.size(), removal.scope);
    if (order != 0) {
      // To its own of this minute, or of the next that has any ids.
      const Minute next{minute.value + (order < 0 ? 0 : 1)};
      keys->seek(event_id_begin(next, removal.scope));
      continue;
    }
    const auto record = decode(keys->value());
    if (!record) return Error{ErrorCode::kCorruption, "the record of an event's id is damaged"};
    if (record->commit < removal.commits_end) set.remove(Family::kEventId, key);
    keys->next();
  }
  return keys->status();
}

}  // namespace minuted
