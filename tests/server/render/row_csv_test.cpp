// Promise: any reader of RFC 4180 gets the rows' ids and numbers back as they are, in every choice of
// columns; and the forms hold the same rows.
#include "render/row_csv.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "render/row_writer.hpp"
#include "support/random.hpp"

namespace minuted::render {
namespace {

constexpr Minute kMinute{28'333'333};  // 1699999980 s

std::string field(std::string_view text) {
  std::string out = "before,";
  append_csv_field(text, out);
  return out.substr(7);
}

std::string header(const RowColumns& columns) {
  std::string out;
  RowCsvWriter(columns).append_header(out);
  return out;
}

std::string line(const Row& row, const RowColumns& columns = {}) {
  std::string out;
  RowCsvWriter(columns).append(row, out);
  return out;
}

// A strict reader of one line: RFC 4180, section 2, its last rule of which is that quotes stand in quoted
// fields alone. Empty if it is none.
std::vector<std::string> read_line(std::string_view text) {
  std::vector<std::string> fields(1);
  for (std::size_t i = 0; i < text.size();) {
    std::string& out = fields.back();
    if (text[i] == '"') {
      for (++i;; ++i) {
        if (i == text.size()) return {};
        if (text[i] == '"' && (i + 1 == text.size() || text[i + 1] != '"')) break;
        if (text[i] == '"') ++i;
        out += text[i];
      }
      ++i;
    } else {
      for (; i < text.size() && text[i] != ',' && text[i] != '\n'; ++i) {
        if (text[i] == '"') return {};
        out += text[i];
      }
    }
    if (i < text.size() && text[i] == '\n') return i + 1 == text.size() ? fields : std::vector<std::string>{};
    if (i == text.size() || text[i] != ',') return {};
    fields.emplace_back();
    ++i;
  }
  return {};
}

TEST(RowCsvTest, FieldsAreQuotedOnlyWhereTheyMustBe) {
  for (const char* plain : {"r", "a b", "a'b", "a;b", "\\", "-1", "=1+1", "\xC3\xA9", "a\tb"}) {
    EXPECT_EQ(field(plain), plain);
  }
  EXPECT_EQ(field("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(field("\""), "\"\"\"\"");
  EXPECT_EQ(field("a,b"), "\"a,b\"");
  EXPECT_EQ(field("a\nb"), "\"a\nb\"");
  EXPECT_EQ(field("a\rb"), "\"a\rb\"");
  EXPECT_EQ(field(" a"), "\" a\"");
  EXPECT_EQ(field("a "), "\"a \"");
  EXPECT_EQ(field(""), "\"\"");
}

TEST(RowCsvTest, ARowIsItsColumnsInOrder) {
  EXPECT_EQ(header({}), "timestamp,repoId,bucketId,upl_bytes,dwl_bytes,size_change,latency_ms,host\n");
  Rollup rollup;
  rollup.upl_bytes = 1024;
  rollup.dwl_bytes = 2048;
  rollup.size_change = -512;
  rollup.latency_count = 2;
  rollup.latency_sum_us = 24'691;
  EXPECT_EQ(line({"repo-1", "a\"b", "node 1", kMinute, &rollup}),
            "1699999980,repo-1,\"a\"\"b\",1024,2048,-512,12.346,node 1\n");
}

TEST(RowCsvTest, ColumnsThatAreNotKeptAreAbsentFromRowsAndHeader) {
  Rollup rollup;
  for (unsigned i = 0; i < 8; ++i) {
    const RowColumns columns{.unit_id = true, .kept = {(i & 4) != 0, (i & 2) != 0, (i & 1) != 0}};
    const Grouping& kept = columns.kept;
    const std::string ids = std::string(kept.repo ? "repoId," : "") + (kept.bucket ? "unitId," : "");
    EXPECT_EQ(header(columns), "timestamp," + ids + "upl_bytes,dwl_bytes,size_change,latency_ms" +
                                   (kept.host ? ",host" : "") + "\n");
    const std::string own = std::string(kept.repo ? "r," : "") + (kept.bucket ? "b," : "");
    EXPECT_EQ(line({kept.repo ? "r" : "", kept.bucket ? "b" : "", kept.host ? "h" : "", kMinute,
                    &rollup},
                   columns),
              "1699999980," + own + "0,0,0,0" + (kept.host ? ",h" : "") + "\n");
  }
}

TEST(RowCsvTest, FieldsFollowAndALatencyThatThereIsNoneOfIsEmpty) {
  RowColumns columns;
  columns.fields.add(*field_named("latency_p99_ms"));
  columns.fields.add(*field_named("requests"));
  columns.fields.add(*field_named("latency_min_ms"));
  Rollup rollup;
  rollup.ops[0] = 3;
  EXPECT_EQ(header(columns), "timestamp,repoId,bucketId,upl_bytes,dwl_bytes,size_change,latency_ms,host,"
                             "requests,latency_min_ms,latency_p99_ms\n");
  EXPECT_EQ(line({"r", "b", "h", kMinute, &rollup}, columns), "1699999980,r,b,0,0,0,0,h,3,,\n");
  EventView event;
  event.latency_us = 1500;
  rollup.add(event);
  EXPECT_EQ(line({"r", "b", "h", kMinute, &rollup}, columns), "1699999980,r,b,0,0,0,1.5,h,4,1.5,1.5\n");
}

TEST(RowCsvTest, SumsBeyond64BitsAreTheNearestNumber) {
  Rollup rollup;
  rollup.upl_bytes = UInt128{1} << 63;
  rollup.size_change = -(Int128{1} << 70);
  EXPECT_EQ(line({"r", "b", "h", kMinute, &rollup}),
            "1699999980,r,b,9223372036854775807,0,-9223372036854775808,0,h\n");
}

TEST(RowCsvTest, RandomRowsComeBack) {
  test::Random random;
  RowColumns columns;
  columns.fields = FieldSet::all();
  RowCsvWriter writer(columns);
  std::string out;
  for (int i = 0; i < 3000; ++i) {
    const std::string repo = random.id();
    const std::string bucket = random.id();
    const std::string host = random.id();
    const Rollup rollup = random.rollup();
    out.clear();
    // Twice, for the second of a series is written another way.
    for (int again = 0; again < 2; ++again) {
      out.clear();
      writer.append({repo, bucket, host, kMinute, &rollup}, out);
      const auto fields = read_line(out);
      ASSERT_EQ(fields.size(), 8 + field_names().size()) << out;
      ASSERT_EQ(fields[1], repo);
      ASSERT_EQ(fields[2], bucket);
      ASSERT_EQ(fields[7], host);
      ASSERT_EQ(fields[8], std::to_string(rollup.requests()));
    }
  }
}

TEST(RowWriterTest, EachFormHoldsTheSameRows) {
  Rollup rollup;
  rollup.upl_bytes = 7;
  const std::vector<Row> rows = {{"r", "b", "h", kMinute, &rollup}, {"r", "b", "i", kMinute, &rollup}};
  const auto body = [&](RowFormat format, std::size_t count, std::string_view cursor = {}) {
    RowWriter writer(format, {});
    std::string out;
    writer.begin(out);
    for (std::size_t i = 0; i < count; ++i) writer.append(rows[i], out);
    writer.end(cursor, out);
    return out;
  };
  const std::string one = R"({"timestamp":1699999980,"repoId":"r","bucketId":"b","upl_bytes":7,)"
                          R"("dwl_bytes":0,"size_change":0,"latency_ms":0,"host":"h"})";
  std::string other = one;
  other.replace(other.find("\"h\""), 3, "\"i\"");
  EXPECT_EQ(body(RowFormat::kJson, 0), R"({"success":true,"data":[]})");
  EXPECT_EQ(body(RowFormat::kJson, 2), R"({"success":true,"data":[)" + one + "," + other + "]}");
  EXPECT_EQ(body(RowFormat::kJson, 1, "x"),
            R"({"success":true,"data":[)" + one + R"(],"nextCursor":"x"})");
  EXPECT_EQ(body(RowFormat::kNdjson, 0), "");
  EXPECT_EQ(body(RowFormat::kNdjson, 2), one + "\n" + other + "\n");
  const std::string names =
      "timestamp,repoId,bucketId,upl_bytes,dwl_bytes,size_change,latency_ms,host\n";
  EXPECT_EQ(body(RowFormat::kCsv, 0), names);
  EXPECT_EQ(body(RowFormat::kCsv, 2), names + "1699999980,r,b,7,0,0,0,h\n1699999980,r,b,7,0,0,0,i\n");
}

}  // namespace
}  // namespace minuted::render
