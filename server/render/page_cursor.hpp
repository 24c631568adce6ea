// Where a page of rows ended, as a client carries it to the next request: the last row's key, the
// range the first page resolved its dates to, and a hash of the query, by which a cursor of another
// query is known. Nothing of it lives in the daemon, so it survives restarts.
//
//   base64url of: 0x01 | u32 first minute | u32 end minute | u64 query hash, all big-endian
//                 | repo 00 bucket 00 | u32 minute | host, empty those that groupBy leaves out
//
// A cursor is not secret and not signed: who makes one up gets rows it could have asked for anyway.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "minuted/query.hpp"

namespace minuted::render {

struct PageCursor {
  MinuteRange range;
  std::uint64_t query_hash = 0;
  RowKey last;
  friend bool operator==(const PageCursor&, const PageCursor&) = default;
};

std::string encode_cursor(const PageCursor& cursor);
// nullopt for what encode_cursor() cannot have made.
std::optional<PageCursor> decode_cursor(std::string_view text);

}  // namespace minuted::render
