// A time that is read is written and read again as the same; what is written is read.
#include "fuzz/fuzz.hpp"
#include "minuted/time.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace minuted;
  fuzz::Input input(data, size);
  const auto time = parse_iso8601(input.rest());
  if (!time) return 0;
  // An offset can lead out of the years that can be written; whoever takes a time has bounds of its own.
  constexpr Millis kFirst{-62'167'219'200'000};  // 0000-01-01T00:00Z
  if (time->start < kFirst || time->start > kMillisMax) return 0;
  const auto again = parse_iso8601(format_iso8601(time->start));
  MINUTED_REQUIRE(again && again->start == time->start && !again->date_only);
  if (time->date_only) MINUTED_REQUIRE(time->start.value % kMillisPerDay == 0);
  return 0;
}
