#include "render/row_json.hpp"

#include <cstddef>
#include <cstring>

#include "render/digits.hpp"
#include "render/json_text.hpp"

namespace minuted::render {
namespace {

// All of a row but its ids: five numbers, past the last of which eight bytes may be written, and the
// constant pieces, which are below 128 bytes.
constexpr std::size_t kFixedBytesMax = 5 * kNumberBytesMax + 128;

template <std::size_t N>
char* write(const char (&piece)[N], char* out) {
  std::memcpy(out, piece, N - 1);
  return out + N - 1;
}

}  // namespace

RowJsonWriter::RowJsonWriter(const RowColumns& columns) : columns_(columns) {
  // Names and what stands around them, made once.
  const auto names = field_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!columns_.fields.has(Field(i))) continue;
    fields_.push_back({Field(i), ",\"" + std::string(names[i]) + "\":"});
    fields_bytes_max_ += fields_.back().key.size() + kFieldBytesMax;
  }
}

void RowJsonWriter::set_series(std::string_view repo, std::string_view bucket) {
  repo_ = repo;
  bucket_ = bucket;
  series_.clear();
  if (columns_.kept.repo) {
    series_ += R"(,"repoId":)";
    append_json_string(repo, series_);
  }
  if (columns_.kept.bucket) {
    series_ += columns_.unit_id ? R"(,"unitId":)" : R"(,"bucketId":)";
    append_json_string(bucket, series_);
  }
  series_ += columns_.quoted_bytes ? R"(,"upl_bytes":")" : R"(,"upl_bytes":)";
}

void RowJsonWriter::append(const Row& row, std::string& out) {
  columns_.quoted_bytes ? append_as<true>(row, out) : append_as<false>(row, out);
}

char* RowJsonWriter::write_fields(const Rollup& sums, char* p, bool& saturated) const {
  for (const NamedField& field : fields_) {
    std::memcpy(p, field.key.data(), field.key.size());
    p += field.key.size();
    char* const end = write_field(field.field, sums, p, saturated);
    p = end == p ? write("null", p) : end;
  }
  return p;
}

template <bool kQuoted>
void RowJsonWriter::append_as(const Row& row, std::string& out) {
  // Empty: the first row. It cannot be so afterwards.
  if (series_.empty() || row.bucket != bucket_ || row.repo != repo_) {
    set_series(row.repo, row.bucket);
  }
  const std::size_t room = kFixedBytesMax + fields_bytes_max_ + series_.size() +
                           kEscapedBytesPerByte * row.host.size();
  if (scratch_.size() < room) scratch_.resize(room);

  const Rollup& sums = *row.rollup;
  bool saturated = false;
  char* p = scratch_.data();
  p = write(R"({"timestamp":)", p);
  p = write_number(unix_seconds(row.minute), p);
  std::memcpy(p, series_.data(), series_.size());
  p += series_.size();
  p = write_number(clamped(sums.upl_bytes, saturated), p);
  p = kQuoted ? write(R"(","dwl_bytes":")", p) : write(R"(,"dwl_bytes":)", p);
  p = write_number(clamped(sums.dwl_bytes, saturated), p);
  p = kQuoted ? write(R"(","size_change":")", p) : write(R"(,"size_change":)", p);
  p = write_number(clamped(sums.size_change, saturated), p);
  p = kQuoted ? write(R"(","latency_ms":)", p) : write(R"(,"latency_ms":)", p);
  p = write_latency_ms(sums.latency_mean_us(), p);
  if (columns_.kept.host) {
    p = write(R"(,"host":")", p);
    p = write_json_escaped(row.host, p);
    *p++ = '"';
  }
  if (fields_bytes_max_ != 0) p = write_fields(sums, p, saturated);
  if (saturated) p = write(R"(,"saturated":true)", p);
  *p++ = '}';
  out.append(scratch_.data(), static_cast<std::size_t>(p - scratch_.data()));
}

void append_latency_ms(std::uint64_t latency_us, std::string& out) {
  char text[kNumberBytesMax];
  out.append(text, write_latency_ms(latency_us, text));
}

}  // namespace minuted::render
