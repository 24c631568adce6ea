#include "render/row_csv.hpp"

#include <cstring>

#include "render/digits.hpp"

namespace minuted::render {
namespace {

// Five numbers, their commas and the line end; eight bytes past the last may be written.
constexpr std::size_t kFixedBytesMax = 5 * (kNumberBytesMax + 1) + 16;

bool needs_quotes(std::string_view text) {
  const auto special = [](char c) { return c == '"' || c == ',' || c == '\n' || c == '\r'; };
  for (const char c : text) {
    if (special(c)) return true;
  }
  return text.empty() || text.front() == ' ' || text.back() == ' ';
}

// `out` has room for twice the text and its quotes.
char* write_csv_field(std::string_view text, char* out) {
  if (!needs_quotes(text)) {
    std::memcpy(out, text.data(), text.size());
    return out + text.size();
  }
  *out++ = '"';
  for (const char c : text) {
    if (c == '"') *out++ = '"';
    *out++ = c;
  }
  *out++ = '"';
  return out;
}

}  // namespace

void append_csv_field(std::string_view text, std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + 2 * text.size() + 2);
  const char* const end = write_csv_field(text, out.data() + before);
  out.resize(static_cast<std::size_t>(end - out.data()));
}

void RowCsvWriter::append_header(std::string& out) const {
  out += "timestamp";
  if (columns_.kept.repo) out += ",repoId";
  if (columns_.kept.bucket) out += columns_.unit_id ? ",unitId" : ",bucketId";
  out += ",upl_bytes,dwl_bytes,size_change,latency_ms";
  if (columns_.kept.host) out += ",host";
  const auto names = field_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (columns_.fields.has(Field(i))) out.append(",").append(names[i]);
  }
  out += '\n';
}

void RowCsvWriter::set_series(std::string_view repo, std::string_view bucket) {
  repo_ = repo;
  bucket_ = bucket;
  series_ = ",";
  const auto add = [&](std::string_view id) {
    append_csv_field(id, series_);
    series_ += ',';
  };
  if (columns_.kept.repo) add(repo);
  if (columns_.kept.bucket) add(bucket);
}

void RowCsvWriter::append(const Row& row, std::string& out) {
  // Empty: the first row. It cannot be so afterwards.
  if (series_.empty() || row.bucket != bucket_ || row.repo != repo_) {
    set_series(row.repo, row.bucket);
  }
  const std::size_t room = kFixedBytesMax + series_.size() + 2 * row.host.size() + 3 +
                           (columns_.fields.empty() ? 0 : field_names().size() * (kFieldBytesMax + 1));
  if (scratch_.size() < room) scratch_.resize(room);

  const Rollup& sums = *row.rollup;
  bool saturated = false;
  char* p = write_number(unix_seconds(row.minute), scratch_.data());
  std::memcpy(p, series_.data(), series_.size());
  p += series_.size();
  p = write_number(clamped(sums.upl_bytes, saturated), p);
  *p++ = ',';
  p = write_number(clamped(sums.dwl_bytes, saturated), p);
  *p++ = ',';
  p = write_number(clamped(sums.size_change, saturated), p);
  *p++ = ',';
  p = write_latency_ms(sums.latency_mean_us(), p);
  if (columns_.kept.host) {
    *p++ = ',';
    p = write_csv_field(row.host, p);
  }
  if (!columns_.fields.empty()) {
    for (std::size_t i = 0; i < field_names().size(); ++i) {
      if (!columns_.fields.has(Field(i))) continue;
      *p++ = ',';
      p = write_field(Field(i), sums, p, saturated);
    }
  }
  *p++ = '\n';
  out.append(scratch_.data(), static_cast<std::size_t>(p - scratch_.data()));
}

}  // namespace minuted::render
