// The merge operators: whatever the operands are, it makes no difference whether some of them were
// merged before, and nothing that cannot be read is lost or counted twice.
#include <string>
#include <vector>

#include "fuzz/fuzz.hpp"
#include "store/rollup_merge.hpp"
#include "store/signs_merge.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace minuted;
  constexpr std::size_t kOperandsMax = 8;
  fuzz::Input input(data, size);
  const auto merge = [&] {
    switch (input.byte() % 4) {
      case 0: return merge_rollups;
      case 1: return merge_day_signs;
      case 2: return merge_host_states;
      default: return merge_heartbeats;
    }
  }();
  const std::size_t merged_before = input.byte();
  std::vector<std::string_view> operands;
  while (!input.empty() && operands.size() < kOperandsMax) {
    const std::size_t length = input.word();
    operands.push_back(input.bytes(length));
  }
  if (operands.size() < 2) return 0;
  const std::string all = merge(operands);
  const std::size_t first = 1 + merged_before % (operands.size() - 1);
  const std::string some = merge(std::span(operands).first(first));
  std::vector<std::string_view> rest{some};
  rest.insert(rest.end(), operands.begin() + static_cast<std::ptrdiff_t>(first), operands.end());
  MINUTED_REQUIRE(merge(rest) == all);
  return 0;
}
