#include "render/row_json.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <limits>

#include "render/json_text.hpp"

namespace minuted::render {
namespace {

constexpr std::int64_t kInt64Max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kInt64Min = std::numeric_limits<std::int64_t>::min();

// Digits of any 64-bit integer with its sign, and of a latency with its point.
constexpr std::size_t kNumberBytesMax = 28;
// All of a row but its ids: five numbers, past the last of which eight bytes may be written, and the
// constant pieces, which are below 128 bytes.
constexpr std::size_t kFixedBytesMax = 5 * kNumberBytesMax + 128;

template <std::size_t N>
char* write(const char (&piece)[N], char* out) {
  std::memcpy(out, piece, N - 1);
  return out + N - 1;
}

constexpr auto kPairsOfDigits = [] {
  std::array<std::array<char, 2>, 100> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    pairs[i] = {static_cast<char>('0' + i / 10), static_cast<char>('0' + i % 10)};
  }
  return pairs;
}();
constexpr std::uint64_t kTenTo8 = 100'000'000;
constexpr std::size_t kEight = 8;

// Eight digits, zeros in front. Each pair is found by itself: std::to_chars finds one after the other,
// which takes twice as long for the fifteen digits of a busy minute's bytes.
char* write_eight(std::uint32_t value, char* out) {
  const std::uint32_t high = value / 10'000;
  const std::uint32_t low = value % 10'000;
  std::memcpy(out, kPairsOfDigits[high / 100].data(), 2);
  std::memcpy(out + 2, kPairsOfDigits[high % 100].data(), 2);
  std::memcpy(out + 4, kPairsOfDigits[low / 100].data(), 2);
  std::memcpy(out + 6, kPairsOfDigits[low % 100].data(), 2);
  return out + kEight;
}

// Up to eight digits, none in front. Writes eight bytes all the same.
char* write_short(std::uint32_t value, char* out) {
  if (value < 10) {
    *out = static_cast<char>('0' + value);
    return out + 1;
  }
  char digits[2 * kEight];
  write_eight(value, digits);
  const std::size_t zeros = value >= 10'000 ? (value >= 1'000'000 ? (value >= 10'000'000 ? 0 : 1)
                                                                  : (value >= 100'000 ? 2 : 3))
                                            : (value >= 100 ? (value >= 1'000 ? 4 : 5) : 6);
  std::memcpy(out, digits + zeros, kEight);
  return out + (kEight - zeros);
}

char* write_number(std::uint64_t value, char* out) {
  if (value < kTenTo8) return write_short(static_cast<std::uint32_t>(value), out);
  const std::uint64_t high = value / kTenTo8;
  if (high < kTenTo8) {
    out = write_short(static_cast<std::uint32_t>(high), out);
  } else {
    out = write_short(static_cast<std::uint32_t>(high / kTenTo8), out);
    out = write_eight(static_cast<std::uint32_t>(high % kTenTo8), out);
  }
  return write_eight(static_cast<std::uint32_t>(value % kTenTo8), out);
}

char* write_number(std::int64_t value, char* out) {
  if (value >= 0) return write_number(static_cast<std::uint64_t>(value), out);
  *out++ = '-';
  return write_number(~static_cast<std::uint64_t>(value) + 1, out);
}

char* write_latency_ms(std::uint64_t latency_us, char* out) {
  out = write_number(latency_us / 1000, out);
  const auto thousandths = static_cast<unsigned>(latency_us % 1000);
  if (thousandths == 0) return out;
  *out++ = '.';
  *out++ = static_cast<char>('0' + thousandths / 100);
  if (thousandths % 100 == 0) return out;
  *out++ = static_cast<char>('0' + thousandths / 10 % 10);
  if (thousandths % 10 == 0) return out;
  *out++ = static_cast<char>('0' + thousandths % 10);
  return out;
}

// A sum as signed 64 bits; `saturated` is set when it does not fit, and never cleared.
std::int64_t clamped(UInt128 sum, bool& saturated) {
  if (sum <= static_cast<UInt128>(kInt64Max)) return static_cast<std::int64_t>(sum);
  saturated = true;
  return kInt64Max;
}

std::int64_t clamped(Int128 sum, bool& saturated) {
  if (sum >= kInt64Min && sum <= kInt64Max) return static_cast<std::int64_t>(sum);
  saturated = true;
  return sum < 0 ? kInt64Min : kInt64Max;
}

}  // namespace

RowJsonWriter::RowJsonWriter(bool unit_id, const Grouping& kept)
    : bucket_key_(unit_id ? R"(,"unitId":)" : R"(,"bucketId":)"), kept_(kept) {}

void RowJsonWriter::set_series(std::string_view repo, std::string_view bucket) {
  repo_ = repo;
  bucket_ = bucket;
  series_.clear();
  if (kept_.repo) {
    series_ += R"(,"repoId":)";
    append_json_string(repo, series_);
  }
  if (kept_.bucket) {
    series_ += bucket_key_;
    append_json_string(bucket, series_);
  }
  series_ += R"(,"upl_bytes":)";
}

void RowJsonWriter::append(const Row& row, std::string& out) {
  // Empty: the first row. It cannot be so afterwards.
  if (series_.empty() || row.bucket != bucket_ || row.repo != repo_) {
    set_series(row.repo, row.bucket);
  }
  const std::size_t room = kFixedBytesMax + series_.size() + kEscapedBytesPerByte * row.host.size();
  if (scratch_.size() < room) scratch_.resize(room);

  const Rollup& sums = *row.rollup;
  bool saturated = false;
  char* p = scratch_.data();
  p = write(R"({"timestamp":)", p);
  p = write_number(unix_seconds(row.minute), p);
  std::memcpy(p, series_.data(), series_.size());
  p += series_.size();
  p = write_number(clamped(sums.upl_bytes, saturated), p);
  p = write(R"(,"dwl_bytes":)", p);
  p = write_number(clamped(sums.dwl_bytes, saturated), p);
  p = write(R"(,"size_change":)", p);
  p = write_number(clamped(sums.size_change, saturated), p);
  p = write(R"(,"latency_ms":)", p);
  p = write_latency_ms(sums.latency_mean_us(), p);
  if (kept_.host) {
    p = write(R"(,"host":")", p);
    p = write_json_escaped(row.host, p);
    *p++ = '"';
  }
  if (saturated) p = write(R"(,"saturated":true)", p);
  *p++ = '}';
  out.append(scratch_.data(), static_cast<std::size_t>(p - scratch_.data()));
}

void append_latency_ms(std::uint64_t latency_us, std::string& out) {
  char text[kNumberBytesMax];
  out.append(text, write_latency_ms(latency_us, text));
}

}  // namespace minuted::render
