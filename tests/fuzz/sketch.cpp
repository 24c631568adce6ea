// A sketch that is accepted is the same once it was encoded again.
#include <string>

#include "fuzz/fuzz.hpp"
#include "page/sketch_codec.hpp"
#include "rollup/rollup_codec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace minuted;
  fuzz::Input input(data, size);
  Rollup rollup;
  rollup.latency_count = input.word();
  rollup.latency_min_us = input.number() % (kLatencyUsMax + 1);
  rollup.latency_max_us = input.number() % (kLatencyUsMax + 1);
  const std::string_view bytes = input.rest();

  LatencySketch sketch;
  if (decode_sketch(bytes, rollup.latency_count, sketch)) {
    MINUTED_REQUIRE(sketch.count() == rollup.latency_count);
    std::string encoded;
    encode_sketch(sketch, encoded);
    LatencySketch again;
    MINUTED_REQUIRE(decode_sketch(encoded, rollup.latency_count, again) && again == sketch);
  }

  // Of a rollup as a page gives it: its extremes are known, and it has three latencies or more.
  if (rollup.latency_count < 3 || rollup.latency_max_us < rollup.latency_min_us) return 0;
  if (!unpack_sketch(bytes, rollup)) return 0;
  MINUTED_REQUIRE(rollup.sketch.count() == rollup.latency_count);
  std::string packed;
  pack_sketch(rollup, packed);
  Rollup again = rollup;
  again.sketch.clear();
  MINUTED_REQUIRE(unpack_sketch(packed, again) && again == rollup);
  return 0;
}
