#include "handlers/accept.hpp"

#include <tuple>

#include "handlers/media_type.hpp"
#include "http/ascii.hpp"
#include "http/preference.hpp"

namespace minuted::http {
namespace {

// How precisely a range names a type: not at all (-1), as anything, as any of its kind, by name.
int precision(std::string_view range, std::string_view type) {
  if (equals_ignoring_case(range, type)) return 2;
  if (range == "*/*") return 0;
  if (!range.ends_with("/*")) return -1;
  const std::string_view kind = range.substr(0, range.size() - 1);
  return equals_ignoring_case(kind, type.substr(0, kind.size())) ? 1 : -1;
}

// What the most precise range says of a type.
struct Verdict {
  int precision = -1;
  std::uint32_t weight = 0;
  std::size_t place = 0;  // of the range in the list

  bool better_than(const Verdict& other) const {
    return std::make_tuple(weight, precision, other.place) >
           std::make_tuple(other.weight, other.precision, place);
  }
};

}  // namespace

std::optional<std::size_t> choose_media_type(std::string_view accept,
                                             std::span<const std::string_view> offered) {
  std::optional<std::size_t> best;
  Verdict best_verdict;
  bool any_range = false;
  for (std::size_t i = 0; i < offered.size(); ++i) {
    Verdict verdict;
    std::string_view list = accept;
    std::size_t place = 0;
    for (auto member = take_member(list); member; member = take_member(list), ++place) {
      const auto range = parse_media_type(*member);
      if (!range) continue;
      const auto weight = range->weight ? parse_weight(*range->weight) : 1000;
      if (!weight) continue;
      any_range = true;
      const int precise = precision(range->type, offered[i]);
      if (precise > verdict.precision) verdict = {precise, *weight, place};
    }
    if (verdict.weight != 0 && verdict.better_than(best_verdict)) {
      best = i;
      best_verdict = verdict;
    }
  }
  if (!any_range) return 0;
  return best;
}

}  // namespace minuted::http
