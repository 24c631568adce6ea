#include "render/row_json.hpp"

#include <bit>
#include <cstddef>
#include <cstring>
#include <limits>

#include "render/json_text.hpp"

namespace minuted::render {
namespace {

static_assert(std::endian::native == std::endian::little, "digits are laid out low byte first");

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

constexpr std::uint64_t kTenTo8 = 100'000'000;
constexpr std::size_t kEight = 8;

// The digits of a number below 10^8, first one in the lowest byte, zeros in front: halves, then quarters,
// then digits, all of a step at once. std::to_chars finds one pair after the other, which takes three
// times as long for the fifteen digits of a busy minute's bytes.
std::uint64_t eight_digits(std::uint32_t value) {
  const std::uint64_t halves = value / 10'000 | std::uint64_t{value % 10'000} << 32;
  const std::uint64_t hundreds = (halves * 10'486 >> 20) & 0x0000'007F'0000'007F;  // of each half
  const std::uint64_t pairs = hundreds | (halves - hundreds * 100) << 16;
  const std::uint64_t tens = (pairs * 103 >> 10) & 0x000F'000F'000F'000F;  // of each pair
  return tens | (pairs - tens * 10) << 8;
}

constexpr std::uint64_t kZeros = 0x3030'3030'3030'3030;  // eight of the character

char* write_eight(std::uint32_t value, char* out) {
  const std::uint64_t text = eight_digits(value) | kZeros;
  std::memcpy(out, &text, kEight);
  return out + kEight;
}

// Without zeros in front. Writes eight bytes all the same.
char* write_short(std::uint32_t value, char* out) {
  const std::uint64_t digits = eight_digits(value);
  const int zeros = digits == 0 ? 7 : std::countr_zero(digits) / 8;
  const std::uint64_t text = (digits | kZeros) >> (8 * zeros);
  std::memcpy(out, &text, kEight);
  return out + (kEight - static_cast<std::size_t>(zeros));
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
