#include "store/rollup_merge.hpp"

#include <algorithm>
#include <vector>

#include "rollup/rollup_codec.hpp"

namespace minuted {
namespace {

constexpr char kHosts = static_cast<char>(ValueKind::kHosts);
constexpr char kMinuteHosts = static_cast<char>(ValueKind::kMinuteHosts);
constexpr char kRepo = static_cast<char>(ValueKind::kRepo);
constexpr char kDamaged = static_cast<char>(ValueKind::kDamaged);

// The sum so far of one kind of value, and what could not be added to it.
class Sum {
 public:
  void add(std::string_view operand) {
    if (!operand.empty() && operand.front() == kDamaged && add_damaged(operand)) return;
    if (!add_good(operand)) bad_.emplace_back(operand);
  }

  std::string encode() {
    std::string good;
    if (!hosts_.empty()) encode_hosts(hosts_, good);
    if (has_repo_) encode_repo(repo_, good);
    if (bad_.empty()) return good;
    std::sort(bad_.begin(), bad_.end());  // so that the order of merging leaves no trace
    std::string out(1, kDamaged);
    put_string(out, good);
    for (const std::string& operand : bad_) put_string(out, operand);
    return out;
  }

 private:
  bool add_good(std::string_view operand) {
    if (operand.empty()) return false;
    if ((operand.front() == kHosts || operand.front() == kMinuteHosts) && !has_repo_) {
      // Into a value of its own first: a bad operand must not leave half of itself in the sum.
      HostRollups read;
      if (!merge_encoded_hosts(operand, read)) return false;
      if (hosts_.empty()) {
        hosts_ = std::move(read);
      } else {
        hosts_.merge_row(read);
      }
      return true;
    }
    if (operand.front() == kRepo && hosts_.empty()) {
      if (!merge_encoded_repo(operand, repo_)) return false;
      has_repo_ = true;
      return true;
    }
    return false;
  }

  bool add_damaged(std::string_view operand) {
    ByteReader in(operand.substr(1));
    const std::string_view good = in.string();
    std::vector<std::string> bad;
    while (in.ok() && !in.done()) bad.emplace_back(in.string());
    if (!in.ok() || (!good.empty() && !add_good(good))) return false;
    bad_.insert(bad_.end(), bad.begin(), bad.end());
    return true;
  }

  HostRollups hosts_;
  RepoRollup repo_;
  bool has_repo_ = false;
  std::vector<std::string> bad_;
};

}  // namespace

std::string merge_rollups(std::span<const std::string_view> operands) {
  if (operands.size() == 1) return std::string(operands.front());
  Sum sum;
  for (const std::string_view operand : operands) sum.add(operand);
  return sum.encode();
}

}  // namespace minuted
