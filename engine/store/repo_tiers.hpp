// Where the rows of repo values begin, whose spans schema/tiers.hpp has.
#pragma once

#include "minuted/result.hpp"
#include "minuted/time.hpp"
#include "schema/meta_records.hpp"
#include "schema/tiers.hpp"
#include "store/store.hpp"

namespace minuted {

// Where the rows of each tier begin: no row of it begins before, so that nobody steps over what is left
// in a memtable of rows that have become pages. Kept in a RepoRowsRecord.
//
// Whoever writes rows owns it and keeps it true in the batch that writes them. One thread at a time.
struct RepoRowsBegin : RepoRowsRecord {
  // Rows of `minute`, and of none before, are about to be written by `set`.
  void lower(Minute minute, WriteSet& set);
  void put(WriteSet& set) const;
};

// kCorruption, kIoError.
Result<RepoRowsBegin> read_repo_rows_begin(const Store& store);
Result<RepoRowsBegin> read_repo_rows_begin(const View& view);

}  // namespace minuted
