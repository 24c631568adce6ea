#include "render/row_writer.hpp"

#include "render/json_text.hpp"

namespace minuted::render {

std::string_view to_string(RowFormat format) {
  switch (format) {
    case RowFormat::kNdjson: return "ndjson";
    case RowFormat::kCsv: return "csv";
    case RowFormat::kJson: break;
  }
  return "json";
}

std::string_view media_type_of(RowFormat format) {
  switch (format) {
    case RowFormat::kNdjson: return "application/x-ndjson";
    case RowFormat::kCsv: return "text/csv; charset=utf-8";
    case RowFormat::kJson: break;
  }
  return "application/json";
}

void RowWriter::begin(std::string& out) const {
  if (format_ == RowFormat::kJson) out += kRowsBegin;
  if (format_ == RowFormat::kCsv) csv_.append_header(out);
}

void RowWriter::append(const Row& row, std::string& out) {
  if (format_ == RowFormat::kCsv) return csv_.append(row, out);
  if (format_ == RowFormat::kJson && !first_) out += ',';
  first_ = false;
  json_.append(row, out);
  if (format_ == RowFormat::kNdjson) out += '\n';
}

void RowWriter::end(std::string_view next_cursor, std::string& out) const {
  if (format_ != RowFormat::kJson) return;
  if (next_cursor.empty()) {
    out += kRowsEnd;
    return;
  }
  out += R"(],"nextCursor":)";
  append_json_string(next_cursor, out);
  out += '}';
}

}  // namespace minuted::render
