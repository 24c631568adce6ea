// Where a page of rows ended, as a client carries it to the next request: the last row's key, the
// range the first page resolved its dates to, and a hash of the query, by which a cursor of another
// query is known. Nothing of it lives in the daemon, so it survives restarts.
//
//   base64url of: 0x02 | u32 first minute | u32 end minute | u64 query hash, all big-endian
//                 | repo 00 bucket 00 | u32 minute | host, empty those that groupBy leaves out
//                 | the first 16 bytes of HMAC-SHA-256 of all that
//
// A cursor is not secret, but it is authenticated with a key of the store: one that was changed, made up or
// made by another store or an older version (0x01 had no HMAC) is refused, and does not shift the range
// silently. The key outlives restarts, and so do cursors. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "minuted/engine.hpp"
#include "minuted/query.hpp"

namespace minuted::render {

struct PageCursor {
  MinuteRange range;
  std::uint64_t query_hash = 0;
  RowKey last;
  friend bool operator==(const PageCursor&, const PageCursor&) = default;
};

// Engine::derive_key() of this purpose.
inline constexpr std::string_view kCursorKeyPurpose = "page cursors";

std::string encode_cursor(const PageCursor& cursor, const SecretKey& key);
// nullopt for what encode_cursor() has not made with this key.
std::optional<PageCursor> decode_cursor(std::string_view text, const SecretKey& key);

}  // namespace minuted::render
