// Timestamps of a live workload, written into a prepared body just before it is sent, a copy of 13
// bytes an event: each millisecond is made into digits once, however many events say it. One
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "load/bodies.hpp"
#include "minuted/time.hpp"

namespace minuted::load {

class StampWriter {
 public:
  // `early_ms_max`: the most any StampPlace has.
  explicit StampWriter(std::int64_t early_ms_max);

  // Makes each event of `body` say `now` less its early_ms. `now` has 13 digits: 2001 … 2286.
  void write(Body& body, Millis now);

 private:
  using Digits = std::array<char, kTimestampDigits>;
  void make_digits_until(std::int64_t now_ms);

  std::int64_t early_ms_max_;
  std::vector<Digits> ring_;  // of the milliseconds up to newest_ms_, by their low bits
  std::uint64_t mask_;
  std::int64_t newest_ms_ = 0;
};

}  // namespace minuted::load
