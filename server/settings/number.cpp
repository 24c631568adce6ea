#include "settings/number.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <span>

namespace minuted::settings {
namespace {

struct Unit {
  std::string_view suffix;
  std::uint64_t factor;
  bool shown = true;  // written by to_text
};

// Smallest first.
constexpr std::array<Unit, 6> kDurationUnits{{
    {"ms", 1},
    {"s", 1000},
    {"m", 60 * 1000},
    {"h", 60 * 60 * 1000},
    {"d", 24 * 60 * 60 * 1000},
    {"y", 365ULL * 24 * 60 * 60 * 1000, false},
}};
constexpr std::array<Unit, 11> kSizeUnits{{
    {"", 1},
    {"KB", 1'000, false},
    {"KiB", 1ULL << 10},
    {"MB", 1'000'000, false},
    {"MiB", 1ULL << 20},
    {"GB", 1'000'000'000, false},
    {"GiB", 1ULL << 30},
    {"TB", 1'000'000'000'000, false},
    {"TiB", 1ULL << 40},
    {"PB", 1'000'000'000'000'000, false},
    {"PiB", 1ULL << 50},
}};
constexpr std::array<Unit, 1> kCountUnits{{{"", 1}}};

std::span<const Unit> units_of(NumberForm form) {
  switch (form) {
    case NumberForm::kDuration:
      return kDurationUnits;
    case NumberForm::kSize:
      return kSizeUnits;
    case NumberForm::kCount:
      break;
  }
  return kCountUnits;
}

const char* not_one(NumberForm form) {
  switch (form) {
    case NumberForm::kDuration:
      return "is not a duration";
    case NumberForm::kSize:
      return "is not a size";
    case NumberForm::kCount:
      break;
  }
  return "is not a whole number";
}

}  // namespace

Result<std::uint64_t> parse_number(NumberForm form, std::string_view text, Range range) {
  const auto fault = [](const char* message) {
    return Error{ErrorCode::kInvalidArgument, message};
  };
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0) return fault(not_one(form));
  const std::string_view suffix = text.substr(digits);

  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + digits, number);
  const bool overflowed = parsed.ec != std::errc();
  if (form == NumberForm::kDuration && suffix.empty()) {
    if (overflowed || number != 0) return fault("has no unit");
  }

  const auto units = units_of(form);
  const auto unit = std::find_if(units.begin(), units.end(),
                                 [&](const Unit& one) { return one.suffix == suffix; });
  const bool plain_zero = number == 0 && suffix.empty();
  if (unit == units.end() && !plain_zero) return fault(not_one(form));
  const std::uint64_t factor = plain_zero ? 1 : unit->factor;
  // By division, for the product might overflow.
  if (overflowed || number > range.last / factor || number * factor < range.first) {
    return fault("is out of range");
  }
  return number * factor;
}

std::string to_text(NumberForm form, std::uint64_t value) {
  if (value == 0) return "0";
  const auto units = units_of(form);
  const auto unit = std::find_if(units.rbegin(), units.rend(), [&](const Unit& one) {
    return one.shown && value % one.factor == 0;
  });
  return std::to_string(value / unit->factor) + std::string(unit->suffix);
}

}  // namespace minuted::settings
