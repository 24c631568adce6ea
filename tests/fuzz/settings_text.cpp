// Numbers, addresses and origins of settings: what is accepted is written as a text that is accepted as the
// same.
#include "fuzz/fuzz.hpp"
#include "settings/address.hpp"
#include "settings/number.hpp"
#include "settings/origin.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace minuted;
  using namespace minuted::settings;
  fuzz::Input input(data, size);
  const std::string_view text = input.rest();
  for (const NumberForm form : {NumberForm::kDuration, NumberForm::kSize, NumberForm::kCount}) {
    const Range range{0, UINT64_MAX};
    const auto value = parse_number(form, text, range);
    if (!value.ok()) continue;
    const auto again = parse_number(form, to_text(form, *value), range);
    MINUTED_REQUIRE(again.ok() && *again == *value);
  }
  if (const auto listen = parse_listen_address(text); listen.ok()) {
    const auto again = parse_listen_address(to_text(*listen));
    MINUTED_REQUIRE(again.ok() && *again == *listen);
    (void)is_loopback(*listen);
  }
  if (const auto range = parse_address_range(text); range.ok()) {
    const auto again = parse_address_range(to_text(*range));
    MINUTED_REQUIRE(again.ok() && *again == *range);
    MINUTED_REQUIRE(contains(*range, range->base));
  }
  if (const auto origin = parse_origin(text); origin.ok()) {
    const auto again = parse_origin(*origin);
    MINUTED_REQUIRE(again.ok() && *again == *origin);
  }
  return 0;
}
