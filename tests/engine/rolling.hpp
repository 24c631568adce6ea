// Rolls the store below an engine by hand: as of any time, and no further than some batches of a pass.
// Only beside engines that fold when they are asked to.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>

#include "engine_over.hpp"
#include "minuted/engine.hpp"
#include "maintenance/roll/roller.hpp"
#include "store/roll_boundaries.hpp"
#include "support/manual_clock.hpp"

namespace minuted::test {

// Continues a pass that was cut short, or begins one over the hours that are closed at `now`; does
// `batches` of it, each of one pair that has something to roll.
inline void roll(Engine& engine, Millis now, std::size_t batches = SIZE_MAX) {
  ManualClock clock;
  clock.set_now(now);
  RollCounters counters;
  Roller roller(store_below(engine), counters,
                {&clock, 0, 0, 1, [](const Error& error) { FAIL() << error.message; }});
  const auto begun = roller.begin({true, std::nullopt});
  ASSERT_TRUE(begun.ok()) << begun.error().message;
  for (std::size_t i = 0; *begun && i < batches; ++i) {
    const auto more = roller.step();
    ASSERT_TRUE(more.ok()) << more.error().message;
    if (!*more) return;
  }
}

inline RollBoundaries boundaries_of(Engine& engine) {
  const auto boundaries = read_roll_boundaries(store_below(engine));
  EXPECT_TRUE(boundaries.ok());
  return boundaries.ok() ? *boundaries : RollBoundaries{};
}

}  // namespace minuted::test
