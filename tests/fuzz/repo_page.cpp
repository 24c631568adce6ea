// A repo page that is accepted is the same once it was encoded again, and its slots add up to its sums.
#include "page/repo_page_codec.hpp"

#include <string>
#include <vector>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace minuted;
  fuzz::Input input(data, size);
  SlotRange range;
  range.begin = input.word() % (kRepoPageSlotsMax + 1);
  range.end = input.word() % (kRepoPageSlotsMax + 1);
  const std::string_view bytes = input.rest();
  RepoPageReader reader;
  if (!reader.open(bytes)) return 0;

  std::vector<RepoSlot> slots;
  RepoRollup expected;
  for (std::size_t i = 0; i < reader.size(); ++i) {
    slots.push_back(reader.at(i));
    const RepoSlot& slot = slots.back();
    MINUTED_REQUIRE(slot.slot < kRepoPageSlotsMax && slot.slot == reader.slot(i));
    MINUTED_REQUIRE(i == 0 || slots[i - 1].slot < slot.slot);
    if (slot.slot >= range.begin && slot.slot < range.end) expected.merge(slot.sums);
  }
  MINUTED_REQUIRE(!slots.empty());
  if (range.begin <= range.end) {
    RepoRollup sum;
    reader.add_to(range, sum);
    MINUTED_REQUIRE(sum == expected);
  }
  std::string encoded;
  encode_repo_page(slots, encoded);
  RepoPageReader again;
  MINUTED_REQUIRE(again.open(encoded) && again.size() == slots.size());
  for (std::size_t i = 0; i < slots.size(); ++i) MINUTED_REQUIRE(again.at(i) == slots[i]);
  return 0;
}
