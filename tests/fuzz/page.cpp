// A page that is accepted has rows in order, the same once they were encoded again, and any part of it has
// the rows of the whole.
#include "page/page_codec.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/fuzz.hpp"

namespace {

using namespace minuted;

using Rows = std::map<std::pair<std::uint32_t, std::string>, Rollup>;

// Without sketches if there are none to open. nullopt if anything is refused.
std::optional<Rows> rows_of(std::string_view page, std::optional<std::string_view> sketches,
                            const PagePart& part = {}) {
  PageReader reader;
  if (!reader.open(page, part)) return std::nullopt;
  if (sketches && !reader.open_sketches(*sketches)) return std::nullopt;
  Rows rows;
  std::uint32_t slot = 0;
  std::string_view host;
  Rollup rollup;
  while (true) {
    const auto announced = reader.next_slot();
    if (!reader.next(slot, host, rollup)) break;
    MINUTED_REQUIRE(announced == slot && slot >= part.begin && slot < part.end);
    MINUTED_REQUIRE(rows.empty() || rows.rbegin()->first < std::pair(slot, std::string(host)));
    rows.emplace_hint(rows.end(), std::pair(slot, std::string(host)), rollup);
  }
  if (!reader.ok()) return std::nullopt;
  MINUTED_REQUIRE(rows.size() == reader.rows());
  return rows;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  PagePart part;
  part.begin = input.word() % (kPageSlotsMax + 1);
  part.end = input.word() % (kPageSlotsMax + 1);
  const std::string_view page = input.bytes(input.word());
  const std::string_view sketches = input.rest();

  const auto plain = rows_of(page, std::nullopt);
  const auto within = rows_of(page, std::nullopt, part);
  if (!plain) return 0;
  if (within) {
    Rows expected = *plain;
    std::erase_if(expected, [&](const auto& row) {
      return row.first.first < part.begin || row.first.first >= part.end;
    });
    MINUTED_REQUIRE(*within == expected);
  }
  const auto rows = rows_of(page, sketches);
  if (!rows) return 0;
  MINUTED_REQUIRE(!rows->empty() && rows->size() == plain->size());
  std::vector<PageRow> list;
  for (const auto& [place, rollup] : *rows) list.push_back({place.first, place.second, &rollup});
  std::string encoded;
  std::string encoded_sketches;
  encode_page(list, encoded, encoded_sketches);
  MINUTED_REQUIRE(rows_of(encoded, encoded_sketches) == rows);
  return 0;
}
