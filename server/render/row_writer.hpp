// The body of an answer of rows, in the form that was asked for: what stands before the rows, between
// and behind them. One writer per answer; not safe for concurrent use.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "minuted/query.hpp"
#include "render/row_columns.hpp"
#include "render/row_csv.hpp"
#include "render/row_json.hpp"

namespace minuted::render {

enum class RowFormat : std::uint8_t { kJson, kNdjson, kCsv };

// `json`, `ndjson`, `csv`: as `format=` names them.
std::string_view to_string(RowFormat format);
// Its Content-Type.
std::string_view media_type_of(RowFormat format);

class RowWriter {
 public:
  RowWriter(RowFormat format, const RowColumns& columns)
      : format_(format), json_(columns), csv_(columns) {}

  // Once each, before the first row and after the last; append() once a row in between. `next_cursor`:
  // where the next page begins, empty if there is none; JSON only.
  void begin(std::string& out) const;
  void append(const Row& row, std::string& out);
  void end(std::string_view next_cursor, std::string& out) const;

 private:
  const RowFormat format_;
  RowJsonWriter json_;
  RowCsvWriter csv_;
  bool first_ = true;
};

}  // namespace minuted::render
