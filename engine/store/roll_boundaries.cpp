#include "store/roll_boundaries.hpp"

#include "schema/keys.hpp"

namespace minuted {
namespace {

constexpr std::string_view kKey = "rolled";
constexpr std::size_t kMinutesBytes = 4 * kMinuteKeyBytes;

bool is_aligned(const RollBoundaries::Boundary& boundary, std::uint32_t minutes) {
  return boundary.current <= boundary.next && boundary.current.value % minutes == 0 &&
         boundary.next.value % minutes == 0;
}

Result<RollBoundaries> decode(const Result<std::optional<std::string>>& stored) {
  if (!stored) return stored.error();
  if (!stored->has_value()) return RollBoundaries{};
  auto boundaries = decode_roll_boundaries(**stored);
  if (!boundaries) {
    return Error{ErrorCode::kCorruption,
                 "the record of which minutes are in the hours and days is damaged"};
  }
  return std::move(*boundaries);
}

}  // namespace

std::string encode_roll_boundaries(const RollBoundaries& boundaries) {
  std::string bytes;
  append_minute(bytes, boundaries.hour.current);
  append_minute(bytes, boundaries.hour.next);
  append_minute(bytes, boundaries.day.current);
  append_minute(bytes, boundaries.day.next);
  bytes += boundaries.last_rolled;
  return bytes;
}

std::optional<RollBoundaries> decode_roll_boundaries(std::string_view bytes) {
  if (bytes.size() < kMinutesBytes) return std::nullopt;
  const auto minute = [&](std::size_t number) {
    return read_minute(bytes.substr(number * kMinuteKeyBytes));
  };
  RollBoundaries boundaries{
      {minute(0), minute(1)}, {minute(2), minute(3)}, std::string(bytes.substr(kMinutesBytes))};
  const bool ordered = boundaries.day.current <= boundaries.hour.current &&
                       boundaries.day.next <= boundaries.hour.next &&
                       boundaries.hour.next <= kMinuteMax;
  if (!ordered || !is_aligned(boundaries.hour, kMinutesPerHour) ||
      !is_aligned(boundaries.day, kMinutesPerDay)) {
    return std::nullopt;
  }
  if (boundaries.last_rolled.empty()) return boundaries;
  const auto pair = split_pair(boundaries.last_rolled);
  if (!pair || pair->prefix.size() != boundaries.last_rolled.size() || !boundaries.in_pass()) {
    return std::nullopt;
  }
  return boundaries;
}

void put_roll_boundaries(const RollBoundaries& boundaries, WriteSet& set) {
  set.put(Family::kMeta, kKey, encode_roll_boundaries(boundaries));
}

Result<RollBoundaries> read_roll_boundaries(const Store& store) {
  return decode(store.get(Family::kMeta, kKey));
}
Result<RollBoundaries> read_roll_boundaries(const View& view) {
  return decode(view.get(Family::kMeta, kKey));
}

}  // namespace minuted
