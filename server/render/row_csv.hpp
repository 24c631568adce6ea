// Rows of minutes as CSV (RFC 4180, but for its line ends, which are LF). One writer per answer; not
// safe for concurrent use.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "render/row_columns.hpp"

namespace minuted::render {

class RowCsvWriter {
 public:
  explicit RowCsvWriter(const RowColumns& columns) : columns_(columns) {}

  // Appends the names of the columns and a line end.
  void append_header(std::string& out) const;

  // Appends `row` as one line: numbers plain, ids quoted only where they must be, a latency that there is
  // none of empty. A sum outside signed 64 bits is the nearest number inside: a column that says so could
  // not be left out of the others' rows, and no sum comes to exactly that number by itself.
  void append(const Row& row, std::string& out);

 private:
  void set_series(std::string_view repo, std::string_view bucket);

  const RowColumns columns_;
  std::string repo_;           // of the last row
  std::string bucket_;         // same
  std::string series_;         // `,repo,bucket,` of that row, as far as kept
  std::vector<char> scratch_;  // one row under construction
};

// Appends `text` as one field: in quotes, and its own doubled, if it has a quote, a comma or a line end,
// or begins or ends with a blank, which some readers would drop.
void append_csv_field(std::string_view text, std::string& out);

}  // namespace minuted::render
