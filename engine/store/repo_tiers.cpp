#include "store/repo_tiers.hpp"

#include <cstddef>

#include "store/meta.hpp"

namespace minuted {
namespace {

template <class From>
Result<RepoRowsBegin> read(const From& from) {
  const auto stored = read_meta<RepoRowsRecord>(from);
  if (!stored) return stored.error();
  return RepoRowsBegin{stored->value_or(RepoRowsRecord{})};
}

}  // namespace

void RepoRowsBegin::lower(Minute minute, WriteSet& set) {
  bool lowered = false;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const Minute slot = floor_to(minute, kRepoTiers[i].slot_minutes);
    if (slot >= first[i]) continue;
    first[i] = slot;
    lowered = true;
  }
  if (lowered) put(set);
}

void RepoRowsBegin::put(WriteSet& set) const { put_meta<RepoRowsRecord>(*this, set); }

Result<RepoRowsBegin> read_repo_rows_begin(const Store& store) { return read(store); }
Result<RepoRowsBegin> read_repo_rows_begin(const View& view) { return read(view); }

}  // namespace minuted
