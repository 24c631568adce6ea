// The rows of a daemon's answer to `GET /stats/…`. Throws if the body is not such an answer; who uses
// it links simdjson.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace minuted::test {

struct AnswerRow {
  std::string repo;
  std::string bucket;
  std::string host;
  std::int64_t minute;  // of the row's timestamp
  std::uint64_t upl_bytes;
  std::uint64_t dwl_bytes;
  std::int64_t size_change;
  double latency_ms;
};

inline std::vector<AnswerRow> read_answer_rows(const std::string& body) {
  simdjson::dom::parser parser;
  std::vector<AnswerRow> rows;
  for (const auto row : parser.parse(body)["data"].get_array()) {
    const auto text = [&](const char* name) {
      return std::string(row[name].get_string().value());
    };
    const std::int64_t seconds = row["timestamp"].get_int64().value();
    if (row.get_object().value().size() != 8 || seconds % 60 != 0) {
      throw std::runtime_error("a row of other columns, or between minutes");
    }
    rows.push_back({text("repoId"), text("bucketId"), text("host"),
                    seconds / 60,
                    row["upl_bytes"].get_uint64().value(), row["dwl_bytes"].get_uint64().value(),
                    row["size_change"].get_int64().value(), row["latency_ms"].get_double().value()});
  }
  return rows;
}

}  // namespace minuted::test
