// The seal as a job: the values of repos first, whose pages are few, then the rows of minutes and
// hours.
#pragma once

#include "maintenance/job.hpp"
#include "maintenance/seal/repo_sealer.hpp"
#include "maintenance/seal/sealer.hpp"

namespace minuted {

class SealJob final : public Job {
 public:
  // Borrows both. `by_itself`: whether it is ever due.
  SealJob(RepoSealer& repos, Sealer& rows, bool by_itself)
      : repos_(repos), rows_(rows), by_itself_(by_itself) {}

  bool due() const override { return by_itself_ && (repos_.due() || rows_.due()); }
  // Each of them begins from its start.
  Result<bool> begin(const Demand& demand) override {
    if (demand.all || repos_.due()) repos_.begin();
    if (demand.all || rows_.due()) rows_.begin();
    return true;
  }
  bool is_under_way() const override { return repos_.is_under_way() || rows_.is_under_way(); }
  Result<bool> step() override {
    auto more = repos_.step();
    if (!more.ok() || *more) return more;
    return rows_.step();
  }

 private:
  RepoSealer& repos_;
  Sealer& rows_;
  const bool by_itself_;
};

}  // namespace minuted
