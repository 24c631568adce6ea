#include "store/roll_boundaries.hpp"

#include "store/meta.hpp"

namespace minuted {
namespace {

template <class From>
Result<RollBoundaries> read(const From& from) {
  auto stored = read_meta<RollBoundaries>(from);
  if (!stored) return stored.error();
  return stored->value_or(RollBoundaries{});
}

}  // namespace

void put_roll_boundaries(const RollBoundaries& boundaries, WriteSet& set) {
  put_meta(boundaries, set);
}

Result<RollBoundaries> read_roll_boundaries(const Store& store) { return read(store); }
Result<RollBoundaries> read_roll_boundaries(const View& view) { return read(view); }

}  // namespace minuted
