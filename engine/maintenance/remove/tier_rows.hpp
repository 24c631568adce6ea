// The rows of one pair within some minutes, pages and single rows together, for those who change what
// is kept: read, and put back less of them. Nothing else may write rows meanwhile. One thread at a
// time.
#pragma once

#include <map>
#include <string_view>

#include "minuted/result.hpp"
#include "minuted/time.hpp"
#include "rollup/rollup_codec.hpp"
#include "schema/tiers.hpp"
#include "store/store.hpp"

namespace minuted {

// By the first minute of each row.
using RowsByMinute = std::map<Minute, HostRollups>;

// The rows of the pair that begin in `minutes`. kCorruption if any of them, or of a page that overlaps,
// cannot be read.
Result<RowsByMinute> read_rows(const View& view, const SealedTier& tier, std::string_view prefix,
                               const MinuteRange& minutes);

// Makes `rows` all that the pair has in `minutes`: pages that overlap are written again, or deleted
// when nothing is left of them, single rows go. `rows` must begin in `minutes`; those of the page's
// span stay in its page, others become single rows.
Result<void> replace_rows(const View& view, const SealedTier& tier, std::string_view prefix,
                          const MinuteRange& minutes, const RowsByMinute& rows, WriteSet& set);

}  // namespace minuted
