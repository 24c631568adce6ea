#include "store/event_ids.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "codec/bytes.hpp"
#include "minuted/event.hpp"
#include "store/key_codec.hpp"

namespace minuted {
namespace {

constexpr char kRecordVersion = 0x01;

}  // namespace

// The prefix and the host end in bytes that no id holds, so that no two events look the same.
EventIdKey EventIds::key_of(const NamedEvent& event) const {
  char bytes[2 * (kIdBytesMax + 1) + kIdBytesMax + 1 + kEventIdBytesMax];
  char* end = bytes;
  const auto put = [&](std::string_view text) { end += text.copy(end, text.size()); };
  put(event.prefix);
  put(event.host);
  *end++ = '\0';
  put(event.id);
  const XXH128_hash_t hash =
      XXH3_128bits_withSecret(bytes, static_cast<std::size_t>(end - bytes),
                              store_.secret().data(), store_.secret().size());
  EventIdKey key;
  const std::uint32_t minute = event.minute.value;
  for (std::size_t i = 0; i < kMinuteKeyBytes; ++i) {
    key[i] = static_cast<char>(minute >> (8 * (kMinuteKeyBytes - 1 - i)));
  }
  std::memcpy(key.data() + kMinuteKeyBytes, &hash.low64, sizeof hash.low64);
  std::memcpy(key.data() + kMinuteKeyBytes + sizeof hash.low64, &hash.high64, sizeof hash.high64);
  return key;
}

std::size_t EventIds::Hash::operator()(const EventIdKey& key) const {
  std::size_t low = 0;
  std::memcpy(&low, key.data() + kMinuteKeyBytes, sizeof low);
  return low;
}

Result<bool> EventIds::knows(const EventIdKey& key, Millis now) const {
  const auto stored = store_.get(Family::kEventId, {key.data(), key.size()});
  if (!stored) return stored.error();
  if (!stored->has_value()) return false;
  const auto committed = event_id_time(**stored);
  if (!committed) return Error{ErrorCode::kCorruption, "the record of an event's id is damaged"};
  return committed->value + window_ms_ >= now.value;
}

void EventIds::put(Millis now, WriteSet& set) {
  std::string record(1, kRecordVersion);
  put_varint(record, static_cast<std::uint64_t>(now.value));
  sorted_.assign(fresh_.begin(), fresh_.end());
  std::sort(sorted_.begin(), sorted_.end(), [](const EventIdKey& a, const EventIdKey& b) {
    return std::memcmp(a.data(), b.data(), kEventIdKeyBytes) < 0;
  });
  for (const EventIdKey& key : sorted_) {
    set.put(Family::kEventId, {key.data(), key.size()}, record);
  }
}

std::optional<Millis> event_id_time(std::string_view record) {
  ByteReader in(record);
  if (in.byte() != static_cast<std::uint8_t>(kRecordVersion)) return std::nullopt;
  const Millis time{static_cast<std::int64_t>(in.varint())};
  if (!in.done()) return std::nullopt;
  return time;
}

}  // namespace minuted
