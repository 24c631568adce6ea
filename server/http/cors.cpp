#include "http/cors.hpp"

#include <algorithm>

namespace minuted::http {
namespace {

// Beyond those that any page may read: what a client needs to try again, and to tell why not.
constexpr std::string_view kExposed =
    "\r\nAccess-Control-Expose-Headers: Allow, Date, Retry-After, WWW-Authenticate";
constexpr std::string_view kRequestHeaders =
    "Authorization, Content-Encoding, Content-Type, Idempotency-Key";
// Two hours, the longest that Chromium remembers.
constexpr std::string_view kMaxAgeSeconds = "7200";

std::string allow(std::string_view origin) {
  return "\r\nAccess-Control-Allow-Origin: " + std::string(origin) + std::string(kExposed);
}

}  // namespace

Cors::Cors(const std::vector<std::string>& origins) {
  // Caches must know that others may get other lines, or none.
  static constexpr std::string_view kVary = "\r\nVary: Origin";
  for (const std::string& origin : origins) {
    any_ = any_ || origin == "*";
    origins_.push_back({origin, allow(origin) + std::string(kVary)});
  }
  std::sort(origins_.begin(), origins_.end(),
            [](const Origin& a, const Origin& b) { return a.name < b.name; });
  if (any_) {
    other_lines_ = allow("*");
  } else if (!origins_.empty()) {
    other_lines_ = kVary;
  }
}

const Cors::Origin* Cors::find(std::string_view origin) const {
  const auto at = std::lower_bound(origins_.begin(), origins_.end(), origin,
                                   [](const Origin& a, std::string_view b) { return a.name < b; });
  return at != origins_.end() && at->name == origin ? &*at : nullptr;
}

bool Cors::allows(std::optional<std::string_view> origin) const {
  return origin && (any_ || find(*origin) != nullptr);
}

std::string_view Cors::lines_for(std::optional<std::string_view> origin) const {
  if (any_ || !origin) return other_lines_;
  const Origin* const found = find(*origin);
  return found != nullptr ? std::string_view(found->lines) : other_lines_;
}

void Cors::permit(std::string_view methods, Response& answer) {
  answer.headers.emplace_back("Access-Control-Allow-Methods", methods);
  answer.headers.emplace_back("Access-Control-Allow-Headers", kRequestHeaders);
  answer.headers.emplace_back("Access-Control-Max-Age", kMaxAgeSeconds);
}

}  // namespace minuted::http
