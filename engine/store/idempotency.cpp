#include "store/idempotency.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "codec/bytes.hpp"
#include "schema/keys.hpp"

namespace minuted {
namespace {

constexpr std::uint8_t kRecordVersion = 0x01;

Fingerprint hash_of(std::string_view secret, std::string_view bytes) {
  const XXH128_hash_t hash =
      XXH3_128bits_withSecret(bytes.data(), bytes.size(), secret.data(), secret.size());
  return {hash.high64, hash.low64};
}

}  // namespace

std::string encode_record(const IdempotencyRecord& record) {
  std::string out;
  out.push_back(static_cast<char>(kRecordVersion));
  put_fixed64(out, static_cast<std::uint64_t>(record.committed_at.value));
  put_fixed64(out, record.body.high);
  put_fixed64(out, record.body.low);
  put_varint(out, record.receipt.accepted);
  put_varint(out, record.receipt.rejected);
  put_varint(out, record.receipt.duplicates);
  put_varint(out, std::uint64_t{record.receipt.errors.size()});
  for (const EventError& e : record.receipt.errors) {
    put_varint(out, e.index);
    put_string(out, e.field);
    put_string(out, e.message);
  }
  return out;
}

std::optional<IdempotencyRecord> decode_record(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.byte() != kRecordVersion) return std::nullopt;
  IdempotencyRecord record;
  record.committed_at = Millis{static_cast<std::int64_t>(in.fixed64())};
  record.body.high = in.fixed64();
  record.body.low = in.fixed64();
  record.receipt.accepted = in.varint();
  record.receipt.rejected = in.varint();
  record.receipt.duplicates = in.varint();
  const std::uint64_t errors = in.varint();
  for (std::uint64_t i = 0; i < errors && in.ok(); ++i) {
    EventError& e = record.receipt.errors.emplace_back();
    e.index = in.varint();
    e.field = in.string();
    e.message = in.string();
  }
  if (!in.done()) return std::nullopt;
  return record;
}

std::optional<Millis> record_time(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.byte() != kRecordVersion) return std::nullopt;
  const Millis time{static_cast<std::int64_t>(in.fixed64())};
  if (!in.ok()) return std::nullopt;
  return time;
}

std::string record_key(std::string_view secret, const IdempotencyKey& key) {
  std::string named;
  put_string(named, key.scope);
  named += key.key;
  const Fingerprint hash = hash_of(secret, named);
  return idempotency_key(hash.high, hash.low);
}

Fingerprint fingerprint_of(std::string_view secret, std::string_view body, bool strict) {
  Fingerprint print = hash_of(secret, body);
  // Two requests that differ in strictness alone must differ.
  if (strict) print.high = ~print.high;
  return print;
}

// Two hashes under the secret, each of its number and the purpose.
SecretKey key_of(std::string_view secret, std::string_view purpose) {
  SecretKey key{};
  std::size_t at = 0;
  for (const char half : {'\1', '\2'}) {
    const Fingerprint hash = hash_of(secret, std::string{'\0', half}.append(purpose));
    for (const std::uint64_t word : {hash.high, hash.low}) {
      for (unsigned shift = 0; shift < 64; shift += 8) {
        key[at++] = static_cast<unsigned char>(word >> shift);
      }
    }
  }
  return key;
}

}  // namespace minuted
