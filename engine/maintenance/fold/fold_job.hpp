// The fold as a job: one step folds everything that is unfolded when it begins. The scheduler knows
// when.
#pragma once

#include <atomic>

#include "maintenance/fold/folder.hpp"
#include "maintenance/job.hpp"
#include "maintenance/kept_memory.hpp"

namespace minuted {

class FoldJob final : public Job {
 public:
  // Borrows both.
  FoldJob(Folder& folder, KeptMemory& kept_memory) : folder_(folder), kept_memory_(kept_memory) {}

  bool due() const override { return false; }
  Result<bool> begin(const Demand&) override {
    is_pending_ = true;
    return true;
  }
  bool is_under_way() const override { return is_pending_; }
  // kCorruption if chunks cannot be read, in this fold or an earlier one; the rest is folded all
  // the same.
  Result<bool> step() override {
    if (!is_pending_) return false;
    is_pending_ = false;
    auto folded = folder_.fold();
    kept_memory_.check();
    if (!folded) return folded.error();
    // It may have been cut short, and nobody must be told otherwise.
    if (stopping_) return Error{ErrorCode::kUnavailable, "the engine is closing"};
    return false;
  }
  void stop() override {
    stopping_ = true;
    folder_.stop();
  }

 private:
  Folder& folder_;
  KeptMemory& kept_memory_;
  bool is_pending_ = false;
  std::atomic<bool> stopping_ = false;
};

}  // namespace minuted
