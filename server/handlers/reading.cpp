#include "handlers/reading.hpp"

#include <algorithm>
#include <iterator>

namespace minuted::http {

std::optional<Response> refuse_scan(Services& services) {
  if (services.scans.take()) return std::nullopt;
  return retry_response(503, "too_many_scans",
                        std::to_string(services.scans.max()) +
                            " reads are under way, as many as may be; try again soon",
                        1);
}

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
