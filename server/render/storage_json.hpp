// Answers about storage as JSON: windows with their points and what these come to, breakdowns entity by
// entity. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "minuted/usage.hpp"
#include "render/storage_params.hpp"

namespace minuted::render {

// The whole answer of `GET /v2/stats/storage`. `meta.scopeId` is null of the org, `meta.resourceFilter`
// without bucketId, else {"bucketId":[…]} or {"unitId":[…]}, as it was asked. Byte sums outside signed 64
// bits are written as the nearest inside, and `"saturated":true` comes last in their object.
void append_storage(const StorageParams& params, std::span<const RepoRollup> points,
                    std::string& out);

// What stands before the entities of a breakdown; commas between them are the caller's.
struct BreakdownHead {
  std::string_view by;           // as in the path
  std::uint64_t entities = 0;    // of all pages
  UInt128 requests = 0;          // theirs
};
void append_breakdown_head(const StorageParams& params, const BreakdownHead& head,
                           std::string& out);
void append_entity(const StorageParams& params, const UsageEntity& entity, std::string& out);
inline constexpr std::string_view kBreakdownEnd = "]}";

}  // namespace minuted::render
