// Counts the rows that a read returns, and adds them to the counter of all reads in strides. While two
// reads run, adding each row by itself would cost as much as decoding it.
//
// One thread at a time. Test: tests/engine/query/read_context_test.cpp.
#pragma once

#include <cstdint>

#include "stats/counters.hpp"

namespace minuted {

class RowCount {
 public:
  // Borrows the counter, which is behind by a stride at most until tell().
  explicit RowCount(Counter& all) : all_(all) {}
  ~RowCount() { tell(); }
  RowCount(const RowCount&) = delete;
  RowCount& operator=(const RowCount&) = delete;

  RowCount& operator++() {
    if (++untold_ == kStride) tell();
    return *this;
  }

  // Brings the counter up to date.
  void tell() {
    all_ += untold_;
    untold_ = 0;
  }

 private:
  static constexpr std::uint64_t kStride = 1024;

  Counter& all_;
  std::uint64_t untold_ = 0;
};

}  // namespace minuted
