// What leaves with series that are forgotten: when their hosts were seen in their pairs, and, of a host
// whose last series goes, its heartbeats as a node. For one set of writes; on the commit thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_set>

#include "store/node_book.hpp"
#include "store/store.hpp"

namespace minuted {

class LeavingHosts {
 public:
  // Adds to `set` what goes with the series `gone`, records of the pair `prefix`, all of which leave the
  // index in the same set. `view` is from before it.
  Result<void> add(const View& view, std::string_view prefix, std::span<const std::string> gone,
                   NodeBook& nodes, WriteSet& set);

 private:
  Result<bool> has_others(const View& view, std::string_view host) const;

  std::unordered_set<std::string> left_;  // keys of the host index that go
};

}  // namespace minuted
