#include "store/signs_merge.hpp"

#include <algorithm>
#include <vector>

#include "codec/bytes.hpp"
#include "nodes/signs.hpp"
#include "rollup/rollup_codec.hpp"

namespace minuted {
namespace {

constexpr char kDamaged = static_cast<char>(ValueKind::kDamaged);

// Takes a damaged value apart. False if it is none.
template <class Value>
bool add_damaged(std::string_view operand, Value& good, std::vector<std::string>& bad) {
  if (operand.empty() || operand.front() != kDamaged) return false;
  ByteReader in(operand.substr(1));
  const std::string_view merged = in.string();
  std::vector<std::string> more;
  while (in.ok() && !in.done()) more.emplace_back(in.string());
  if (!in.ok() || (!merged.empty() && !merge_encoded(merged, good))) return false;
  bad.insert(bad.end(), more.begin(), more.end());
  return true;
}

template <class Value>
std::string merge(std::span<const std::string_view> operands) {
  if (operands.size() == 1) return std::string(operands.front());
  Value good;
  std::vector<std::string> bad;
  for (const std::string_view operand : operands) {
    if (merge_encoded(operand, good) || add_damaged(operand, good, bad)) continue;
    bad.emplace_back(operand);
  }
  std::string merged;
  if (!good.empty()) encode_value(good, merged);
  if (bad.empty()) return merged;
  std::sort(bad.begin(), bad.end());  // so that the order of merging leaves no trace
  std::string out(1, kDamaged);
  put_string(out, merged);
  for (const std::string& operand : bad) put_string(out, operand);
  return out;
}

}  // namespace

std::string merge_day_signs(std::span<const std::string_view> operands) {
  return merge<DaySigns>(operands);
}

std::string merge_host_states(std::span<const std::string_view> operands) {
  return merge<HostStates>(operands);
}

std::string merge_heartbeats(std::span<const std::string_view> operands) {
  return merge<HeartbeatDay>(operands);
}

}  // namespace minuted
