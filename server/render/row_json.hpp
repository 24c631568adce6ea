// Rows of minutes as JSON objects: the hot end of a read, between RowCursor::next and the socket's
// buffer. A row is numbers between constant pieces; ids are escaped once per run of rows that share
// them. One writer per answer; not safe for concurrent use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "minuted/query.hpp"
#include "render/row_columns.hpp"

namespace minuted::render {

// What stands around the rows of a JSON answer; commas between them are the caller's.
inline constexpr std::string_view kRowsBegin = R"({"success":true,"data":[)";
inline constexpr std::string_view kRowsEnd = "]}";

class RowJsonWriter {
 public:
  explicit RowJsonWriter(const RowColumns& columns = {});

  // Appends `row` as one object without spaces or a line end: timestamp (Unix seconds), repoId,
  // bucketId, upl_bytes, dwl_bytes, size_change, latency_ms, host, in this order, without the ids
  // that are not kept, then the fields asked for in the order of their enum. A latency that there is none
  // of is null. A byte sum outside signed 64 bits is written as the nearest number inside, and
  // `"saturated":true` comes last. Keeps nothing of `row`. Cheapest when rows of one (repo, bucket) come together.
  void append(const Row& row, std::string& out);

 private:
  void set_series(std::string_view repo, std::string_view bucket);

  template <bool kQuoted>
  void append_as(const Row& row, std::string& out);
  char* write_fields(const Rollup& sums, char* p, bool& saturated) const;

  struct NamedField {
    Field field;
    std::string key;  // `,"requests":`
  };

  const RowColumns columns_;
  std::vector<NamedField> fields_;
  std::size_t fields_bytes_max_ = 0;
  std::string repo_;           // of the last row, unescaped
  std::string bucket_;         // same
  std::string series_;         // `,"repoId":"…","bucketId":"…","upl_bytes":` of that row, as far as kept
  std::vector<char> scratch_;  // one row under construction, so that `out` grows by one append
};

// Appends a latency of whole microseconds as milliseconds: up to three decimals, no trailing zeros.
void append_latency_ms(std::uint64_t latency_us, std::string& out);

}  // namespace minuted::render
