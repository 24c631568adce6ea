#include "render/page_cursor.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdlib>

#include "minuted/event.hpp"
#include "render/base64url.hpp"

namespace minuted::render {
namespace {

constexpr char kVersion = 0x02;
constexpr std::size_t kTagBytes = 16;

std::string tag_of(std::string_view bytes, const SecretKey& key) {
  std::string tag(EVP_MAX_MD_SIZE, '\0');
  // It fails only for want of memory.
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
           reinterpret_cast<unsigned char*>(tag.data()), nullptr) == nullptr) {
    std::abort();
  }
  tag.resize(kTagBytes);
  return tag;
}

void put_number(std::string& out, std::uint64_t value, unsigned bytes) {
  while (bytes-- != 0) out.push_back(static_cast<char>(value >> (8 * bytes)));
}

// Takes from the front of `rest`; whoever takes too much gets nothing, and so knows.
std::optional<std::uint64_t> take_number(std::string_view& rest, std::size_t bytes) {
  if (rest.size() < bytes) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : rest.substr(0, bytes)) value = value << 8 | static_cast<unsigned char>(c);
  rest.remove_prefix(bytes);
  return value;
}

bool is_id_or_none(std::string_view id) { return id.empty() || !check_id(id); }

std::optional<std::string> take_id(std::string_view& rest) {
  const std::size_t end = rest.find('\0');
  if (end == rest.npos) return std::nullopt;
  std::string id(rest.substr(0, end));
  rest.remove_prefix(end + 1);
  if (!is_id_or_none(id)) return std::nullopt;
  return id;
}

}  // namespace

std::string encode_cursor(const PageCursor& cursor, const SecretKey& key) {
  std::string bytes(1, kVersion);
  put_number(bytes, cursor.range.begin.value, 4);
  put_number(bytes, cursor.range.end.value, 4);
  put_number(bytes, cursor.query_hash, 8);
  bytes.append(cursor.last.repo).push_back('\0');
  bytes.append(cursor.last.bucket).push_back('\0');
  put_number(bytes, cursor.last.minute.value, 4);
  bytes += cursor.last.host;
  bytes += tag_of(bytes, key);
  return to_base64url(bytes);
}

std::optional<PageCursor> decode_cursor(std::string_view text, const SecretKey& key) {
  const auto bytes = from_base64url(text);
  if (!bytes || bytes->size() <= kTagBytes || bytes->front() != kVersion) return std::nullopt;
  std::string_view rest = *bytes;
  const std::string_view tag = rest.substr(rest.size() - kTagBytes);
  rest.remove_suffix(kTagBytes);
  if (CRYPTO_memcmp(tag_of(rest, key).data(), tag.data(), kTagBytes) != 0) return std::nullopt;
  rest.remove_prefix(1);
  const auto begin = take_number(rest, 4);
  const auto end = take_number(rest, 4);
  const auto hash = take_number(rest, 8);
  auto repo = take_id(rest);
  if (!hash || !repo) return std::nullopt;
  auto bucket = take_id(rest);
  const auto minute = take_number(rest, 4);
  if (!bucket || !minute || !is_id_or_none(rest)) return std::nullopt;
  const auto as_minute = [](std::uint64_t m) { return Minute{static_cast<std::uint32_t>(m)}; };
  const std::uint64_t end_max = std::uint64_t{kMinuteMax.value} + 1;
  if (*begin > end_max || *end > end_max || *minute >= end_max) return std::nullopt;
  return PageCursor{{as_minute(*begin), as_minute(*end)},
                    *hash,
                    {std::move(*repo), std::move(*bucket), as_minute(*minute), std::string(rest)}};
}

}  // namespace minuted::render
