// What is remembered of a request that carried an idempotency key: its body's fingerprint and the
// receipt it got, under a hash of (scope, key).
//
//   0x01 | 8 bytes: committed at, Unix ms, little-endian | 8 bytes fingerprint high | 8 bytes low
//        | varint accepted | varint rejected | varint duplicates
//        | varint errors, then each: varint index, string field, string message
//
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "minuted/append.hpp"
#include "minuted/fingerprint.hpp"

namespace minuted {

struct IdempotencyRecord {
  Millis committed_at;
  Fingerprint body;
  Receipt receipt;  // as it was answered, replayed = false
  friend bool operator==(const IdempotencyRecord&, const IdempotencyRecord&) = default;
};

std::string encode_record(const IdempotencyRecord& record);
std::optional<IdempotencyRecord> decode_record(std::string_view bytes);
// Only when it was committed, without decoding the rest.
std::optional<Millis> record_time(std::string_view bytes);

// 16 bytes: XXH3-128 of scope and key under the store's secret, which clients cannot know, so that
// they cannot make keys of one scope meet those of another.
std::string record_key(std::string_view secret, const IdempotencyKey& key);

// Of a body and whether it was sent as strict.
Fingerprint fingerprint_of(std::string_view secret, std::string_view body, bool strict);

// See Engine::derive_key.
SecretKey key_of(std::string_view secret, std::string_view purpose);

}  // namespace minuted
