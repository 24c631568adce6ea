#include "minuted/inspect.hpp"

#include <filesystem>
#include <utility>

#include "inspect/repos.hpp"
#include "inspect/tier_walk.hpp"
#include "schema/families.hpp"
#include "store/catalog.hpp"
#include "store/store.hpp"

namespace minuted {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlockCacheBytes = 16U << 20;

StoredKeys stored(const Store& store, Family family) {
  const FamilySize size = store.size_of(family);
  return {size.keys, 0, size.table_bytes, store.memtables_of(family).bytes};
}

// Files that are gone before they are looked at count nothing.
Result<void> measure_disk(const std::string& path, Inspection& found) {
  std::error_code error;
  for (fs::recursive_directory_iterator at(path, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code gone;
    if (!at->is_regular_file(gone)) continue;
    const std::uintmax_t bytes = at->file_size(gone);
    if (gone) continue;
    found.disk_bytes += bytes;
    if (at->path().extension() == ".log") found.log_bytes += bytes;
    if (at->path().extension() == ".sst") found.table_bytes += bytes;
  }
  if (!error) return {};
  return Error{ErrorCode::kIoError, "cannot list " + path + ": " + error.message()};
}

// Sizes, and the estimates of keys. Returns how many keys that makes.
std::uint64_t measure_tiers(const Store& store, Inspection& found) {
  std::uint64_t keys = 0;
  for (const FamilyInfo& info : kFamilyTable) {
    keys_of(found, info.family) = stored(store, info.family);
  }
  for (const TierInspection& t : found.tiers) {
    keys += t.single.keys + t.pages.keys + t.sketches.keys;
  }
  return keys;
}

}  // namespace

std::uint64_t TierInspection::bytes() const {
  std::uint64_t sum = 0;
  for (const StoredKeys* keys : {&single, &pages, &sketches}) {
    sum += keys->table_bytes + keys->memtable_bytes;
  }
  return sum;
}

Result<Inspection> inspect(const InspectOptions& options) {
  StoreOptions store_options;
  store_options.path = options.path;
  store_options.block_cache_bytes = kBlockCacheBytes;
  const auto store = Store::open_read_only(store_options);
  if (!store) return store.error();
  const auto view = (*store)->view();

  Inspection found;
  found.format = kFormatVersion;
  found.quick = options.quick;
  if (auto measured = measure_disk(options.path, found); !measured) return measured.error();
  const std::uint64_t keys = measure_tiers(**store, found);
  SeriesCatalog catalog(**store);
  if (auto opened = catalog.open(); !opened) return opened.error();
  found.series = catalog.total();
  auto looked = options.quick ? EstimatedRepos(**store, *view, options.repos_max).run(found)
                              : TierWalk(*view, options, keys, found).run();
  if (!looked) return looked.error();
  return found;
}

}  // namespace minuted
