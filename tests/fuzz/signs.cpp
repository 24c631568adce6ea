// Signs of a day, host states and heartbeats: what is accepted is the same once it was encoded again, and
// what is refused changes nothing.
#include "nodes/signs.hpp"

#include <string>

#include "fuzz/fuzz.hpp"

namespace {

template <class Value>
void check(std::string_view bytes) {
  using namespace minuted;
  Value value;
  if (!merge_encoded(bytes, value)) {
    MINUTED_REQUIRE(value == Value{});
    return;
  }
  MINUTED_REQUIRE(!value.empty());
  std::string encoded;
  encode_value(value, encoded);
  Value again;
  MINUTED_REQUIRE(merge_encoded(encoded, again) && again == value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace minuted;
  fuzz::Input input(data, size);
  const std::string_view bytes = input.rest();
  check<DaySigns>(bytes);
  check<HostStates>(bytes);
  check<HeartbeatDay>(bytes);
  return 0;
}
