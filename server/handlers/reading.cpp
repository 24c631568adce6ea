#include "handlers/reading.hpp"

#include <algorithm>
#include <iterator>

namespace minuted::http {

bool narrow(std::vector<std::string>& repos, const auth::Caller& caller) {
  const auto limited = caller.limited_to();
  if (!limited) return true;
  if (repos.empty()) {
    repos.assign(limited->begin(), limited->end());
  } else {
    std::vector<std::string> seen;
    std::set_intersection(repos.begin(), repos.end(), limited->begin(), limited->end(),
                          std::back_inserter(seen));
    repos = std::move(seen);
  }
  return !repos.empty();
}

}  // namespace minuted::http
