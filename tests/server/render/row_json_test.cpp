// Promise: a row is exactly its eight columns in their order, every number exact, whatever the ids.
#include "render/row_json.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>

#include "support/random.hpp"

namespace minuted::render {
namespace {

constexpr std::uint64_t kTwo63 = std::uint64_t{1} << 63;
constexpr Minute kMinute{28'333'333};  // 1699999980 s

struct Ids {
  std::string_view repo = "r";
  std::string_view bucket = "b";
  std::string_view host = "h";
};

Row row_of(const Rollup& rollup, const Ids& ids = {}, Minute minute = kMinute) {
  return Row{ids.repo, ids.bucket, ids.host, minute, &rollup};
}

std::string json(const Row& row, bool unit_id = false) {
  RowJsonWriter writer({.unit_id = unit_id});
  std::string out;
  writer.append(row, out);
  return out;
}

std::string json(const Rollup& rollup) { return json(row_of(rollup)); }

std::string latency(std::uint64_t us) {
  std::string out;
  append_latency_ms(us, out);
  return out;
}

Rollup with_latencies(std::uint64_t count, UInt128 sum_us) {
  Rollup rollup;
  rollup.latency_count = count;
  rollup.latency_sum_us = sum_us;
  return rollup;
}

TEST(RowJsonTest, ARowIsItsEightColumnsInOrder) {
  Rollup rollup = with_latencies(2, 24'691);
  rollup.upl_bytes = 1024;
  rollup.dwl_bytes = 2048;
  rollup.size_change = -512;
  EXPECT_EQ(json(row_of(rollup, {"repo-1", "bucket-1", "node-1"})),
            R"({"timestamp":1699999980,"repoId":"repo-1","bucketId":"bucket-1","upl_bytes":1024,)"
            R"("dwl_bytes":2048,"size_change":-512,"latency_ms":12.346,"host":"node-1"})");
}

TEST(RowJsonTest, AskedByUnitIdARowSaysUnitId) {
  EXPECT_EQ(json(row_of(Rollup{}), true),
            R"({"timestamp":1699999980,"repoId":"r","unitId":"b","upl_bytes":0,"dwl_bytes":0,)"
            R"("size_change":0,"latency_ms":0,"host":"h"})");
}

TEST(RowJsonTest, IdsThatAreNotKeptAreAbsent) {
  struct Case {
    Grouping kept;
    const char* ids;
    const char* host;
  };
  const Case cases[] = {
      {{true, true, true}, R"("repoId":"r","unitId":"b",)", R"(,"host":"h")"},
      {{true, true, false}, R"("repoId":"r","unitId":"b",)", ""},
      {{true, false, true}, R"("repoId":"r",)", R"(,"host":"h")"},
      {{true, false, false}, R"("repoId":"r",)", ""},
      {{false, true, true}, R"("unitId":"b",)", R"(,"host":"h")"},
      {{false, true, false}, R"("unitId":"b",)", ""},
      {{false, false, true}, "", R"(,"host":"h")"},
      {{false, false, false}, "", ""},
  };
  Rollup rollup;
  rollup.upl_bytes = kTwo63;
  for (const Case& one : cases) {
    RowJsonWriter writer({.unit_id = true, .kept = one.kept});
    std::string out;
    const Ids ids{one.kept.repo ? "r" : "", one.kept.bucket ? "b" : "", one.kept.host ? "h" : ""};
    writer.append(row_of(rollup, ids), out);
    EXPECT_EQ(out, std::string(R"({"timestamp":1699999980,)") + one.ids +
                       R"("upl_bytes":9223372036854775807,"dwl_bytes":0,"size_change":0,)"
                       R"("latency_ms":0)" + one.host + R"(,"saturated":true})");
  }
}

TEST(RowJsonTest, TimestampsAreSecondsFromTheFirstMinuteToTheLast) {
  const auto begins = [](Minute minute, const char* with) {
    return json(row_of(Rollup{}, {}, minute)).starts_with(with);
  };
  EXPECT_TRUE(begins(Minute{0}, R"({"timestamp":0,"repoId")"));
  EXPECT_TRUE(begins(Minute{1}, R"({"timestamp":60,"repoId")"));
  EXPECT_TRUE(begins(kMinuteMax, R"({"timestamp":253402300740,"repoId")"));
}

TEST(RowJsonTest, IdsAreEscapedAndFollowTheRows) {
  RowJsonWriter writer;
  const Rollup rollup;
  std::string out;
  std::vector<std::string> lines;
  // One id changes at a time, and back: nothing of an earlier row may stay.
  for (const Ids& ids :
       {Ids{"", "", ""}, Ids{"r", "b", "h"}, Ids{"r", "b\"", "h"}, Ids{"r", "b", "\\h"},
        Ids{"r\n", "b", "h"}, Ids{"rb", "", "h"}, Ids{"r", "b", "h"}}) {
    out.clear();
    writer.append(row_of(rollup, ids, Minute{0}), out);
    lines.push_back(out);
  }
  const auto line = [](const char* repo, const char* bucket, const char* host) {
    return std::string(R"({"timestamp":0,"repoId":)") + repo + R"(,"bucketId":)" + bucket +
           R"(,"upl_bytes":0,"dwl_bytes":0,"size_change":0,"latency_ms":0,"host":)" + host + "}";
  };
  EXPECT_EQ(lines, (std::vector<std::string>{
                       line(R"("")", R"("")", R"("")"), line(R"("r")", R"("b")", R"("h")"),
                       line(R"("r")", R"("b\"")", R"("h")"), line(R"("r")", R"("b")", R"("\\h")"),
                       line(R"("r\n")", R"("b")", R"("h")"), line(R"("rb")", R"("")", R"("h")"),
                       line(R"("r")", R"("b")", R"("h")")}));
}

TEST(RowJsonTest, RowsAreAppendedToWhatIsThere) {
  RowJsonWriter writer;
  const Rollup rollup;
  const std::string one = json(rollup);
  std::string out(kRowsBegin);
  writer.append(row_of(rollup), out);
  out += ',';
  writer.append(row_of(rollup), out);
  out += kRowsEnd;
  EXPECT_EQ(out, R"({"success":true,"data":[)" + one + "," + one + "]}");
}

// Every byte of three ids of the greatest length becomes six.
TEST(RowJsonTest, TheLongestIdsFit) {
  const std::string id(255, '\x01');
  std::string escaped;
  for (int i = 0; i < 255; ++i) escaped += "\\u0001";
  Rollup rollup = with_latencies(1, 9'999'999'999'999'999);
  rollup.upl_bytes = ~UInt128{0};
  rollup.dwl_bytes = ~UInt128{0};
  rollup.size_change = static_cast<Int128>(UInt128{1} << 127);
  EXPECT_EQ(json(row_of(rollup, {id, id, id}, kMinuteMax)),
            R"({"timestamp":253402300740,"repoId":")" + escaped + R"(","bucketId":")" + escaped +
                R"(","upl_bytes":9223372036854775807,"dwl_bytes":9223372036854775807,)"
                R"("size_change":-9223372036854775808,"latency_ms":9999999999999.999,"host":")" +
                escaped + R"(","saturated":true})");
}

struct Sums {
  UInt128 upl;
  UInt128 dwl;
  Int128 size;
};

std::string sums(const Sums& given) {
  Rollup rollup;
  rollup.upl_bytes = given.upl;
  rollup.dwl_bytes = given.dwl;
  rollup.size_change = given.size;
  const std::string text = json(rollup);
  const std::size_t begin = text.find("\"upl_bytes\"");
  return text.substr(begin, text.find(",\"latency_ms\"") - begin) +
         text.substr(text.find("\"h\"") + 3);
}

TEST(RowJsonTest, SumsThatFitAreExact) {
  EXPECT_EQ(sums({kTwo63 - 1, kTwo63 - 1, kTwo63 - 1}),
            R"("upl_bytes":9223372036854775807,"dwl_bytes":9223372036854775807,)"
            R"("size_change":9223372036854775807})");
  EXPECT_EQ(sums({1, 0, -static_cast<Int128>(kTwo63)}),
            R"("upl_bytes":1,"dwl_bytes":0,"size_change":-9223372036854775808})");
}

TEST(RowJsonTest, EachSumThatDoesNotFitIsClampedAndSaysSo) {
  const char* const most = "9223372036854775807";
  const auto row = [](std::string upl, std::string dwl, std::string size) {
    return "\"upl_bytes\":" + upl + ",\"dwl_bytes\":" + dwl + ",\"size_change\":" + size +
           ",\"saturated\":true}";
  };
  EXPECT_EQ(sums({kTwo63, 7, 7}), row(most, "7", "7"));
  EXPECT_EQ(sums({7, kTwo63, 7}), row("7", most, "7"));
  EXPECT_EQ(sums({7, 7, static_cast<Int128>(kTwo63)}), row("7", "7", most));
  EXPECT_EQ(sums({7, 7, -static_cast<Int128>(kTwo63) - 1}), row("7", "7", "-9223372036854775808"));
  // Low halves that would look harmless alone.
  EXPECT_EQ(sums({UInt128{1} << 64, 7, 7}), row(most, "7", "7"));
  EXPECT_EQ(sums({7, (UInt128{1} << 127) + 5, 7}), row("7", most, "7"));
  EXPECT_EQ(sums({7, 7, Int128{1} << 64}), row("7", "7", most));
  EXPECT_EQ(sums({7, 7, -(Int128{1} << 64)}), row("7", "7", "-9223372036854775808"));
}

TEST(RowJsonTest, SaturationDoesNotOutliveItsRow) {
  RowJsonWriter writer;
  Rollup great;
  great.upl_bytes = kTwo63;
  std::string out;
  writer.append(row_of(great), out);
  EXPECT_NE(out.find("saturated"), out.npos);
  out.clear();
  writer.append(row_of(Rollup{}), out);
  EXPECT_EQ(out.find("saturated"), out.npos);
}

TEST(RowJsonTest, LatencyDropsTrailingZeros) {
  EXPECT_EQ(latency(0), "0");
  EXPECT_EQ(latency(1), "0.001");
  EXPECT_EQ(latency(10), "0.01");
  EXPECT_EQ(latency(100), "0.1");
  EXPECT_EQ(latency(101), "0.101");
  EXPECT_EQ(latency(1000), "1");
  EXPECT_EQ(latency(1010), "1.01");
  EXPECT_EQ(latency(10'000), "10");
  EXPECT_EQ(latency(kLatencyUsMax), "10000000000");
  EXPECT_EQ(latency(kLatencyUsMax - 1), "9999999999.999");
  EXPECT_EQ(latency(UINT64_MAX), "18446744073709551.615");
}

// Against digits moved about as text.
TEST(RowJsonTest, LatencyAgreesWithTheSlowModel) {
  test::Random random;
  const auto model = [](std::uint64_t us) {
    std::string digits = std::to_string(us);
    while (digits.size() < 4) digits = std::string("0") + digits;
    const std::size_t point = digits.size() - 3;
    digits = digits.substr(0, point) + '.' + digits.substr(point);
    while (digits.back() == '0') digits.pop_back();
    if (digits.back() == '.') digits.pop_back();
    return digits;
  };
  for (std::uint64_t us = 0; us < 20'000; ++us) ASSERT_EQ(latency(us), model(us));
  for (int round = 0; round < 20'000; ++round) {
    const std::uint64_t us = random.wide();
    ASSERT_EQ(latency(us), model(us));
  }
}

TEST(RowJsonTest, LatencyIsTheMeanRoundedHalfUp) {
  const auto column = [](const Rollup& rollup) {
    const std::string text = json(rollup);
    const std::size_t begin = text.find("\"latency_ms\":") + 13;
    return text.substr(begin, text.find(',', begin) - begin);
  };
  EXPECT_EQ(column(with_latencies(0, 0)), "0");
  EXPECT_EQ(column(with_latencies(3, 0)), "0");
  EXPECT_EQ(column(with_latencies(2, 3)), "0.002");
  EXPECT_EQ(column(with_latencies(3, 4)), "0.001");
  EXPECT_EQ(column(with_latencies(3, 5)), "0.002");
  EXPECT_EQ(column(with_latencies(4, 4'001'998)), "1000.5");
}

// Rows with ids of every kind and sums of every size, read back by a JSON parser.
TEST(RowJsonTest, RandomRowsAreReadBackTheSame) {
  test::Random random;
  simdjson::dom::parser parser;
  RowJsonWriter writer({.unit_id = true});
  std::string repo = "r";
  std::string bucket = "b";
  std::string host = "h";
  const Int128 most = INT64_MAX;
  const Int128 least = INT64_MIN;
  for (int round = 0; round < 5000; ++round) {
    if (random.chance(25)) repo = random.id();
    if (random.chance(33)) bucket = random.id();
    if (random.chance(50)) host = random.id();
    // Below 2^53 microseconds, so that the milliseconds are the nearest double to compare with.
    Rollup rollup = with_latencies(1, random.wide(53));
    rollup.upl_bytes = random.wide128(66);
    rollup.dwl_bytes = random.wide128(66);
    rollup.size_change = random.wide_signed128(66);
    const auto upl = std::min(static_cast<Int128>(rollup.upl_bytes), most);
    const auto dwl = std::min(static_cast<Int128>(rollup.dwl_bytes), most);
    const auto size = std::clamp(rollup.size_change, least, most);
    const bool saturated = upl != static_cast<Int128>(rollup.upl_bytes) ||
                           dwl != static_cast<Int128>(rollup.dwl_bytes) ||
                           size != rollup.size_change;
    const Minute minute{static_cast<std::uint32_t>(random.between(0, kMinuteMax.value))};
    std::string out;
    writer.append(row_of(rollup, {repo, bucket, host}, minute), out);

    simdjson::dom::object object;
    ASSERT_EQ(parser.parse(out).get_object().get(object), simdjson::SUCCESS) << out;
    std::string keys;
    for (const auto field : object) keys += std::string(field.key) + ' ';
    const std::string eight =
        "timestamp repoId unitId upl_bytes dwl_bytes size_change latency_ms host ";
    ASSERT_EQ(keys, saturated ? eight + "saturated " : eight);
    ASSERT_EQ(std::int64_t{object["timestamp"]}, unix_seconds(minute));
    ASSERT_EQ(std::string_view{object["repoId"]}, repo);
    ASSERT_EQ(std::string_view{object["unitId"]}, bucket);
    ASSERT_EQ(std::int64_t{object["upl_bytes"]}, static_cast<std::int64_t>(upl));
    ASSERT_EQ(std::int64_t{object["dwl_bytes"]}, static_cast<std::int64_t>(dwl));
    ASSERT_EQ(std::int64_t{object["size_change"]}, static_cast<std::int64_t>(size));
    ASSERT_EQ(double{object["latency_ms"]}, static_cast<double>(rollup.latency_mean_us()) / 1000);
    ASSERT_EQ(std::string_view{object["host"]}, host);
  }
}

TEST(RowJsonTest, FieldsFollowTheHostAndALatencyThatThereIsNoneOfIsNull) {
  RowColumns columns;
  for (const Field field : {*field_named("latency_p50_ms"), *field_named("errors"), *field_named("gets")}) {
    columns.fields.add(field);
  }
  Rollup rollup;
  rollup.ops[0] = 4;
  rollup.client_errors = 1;
  const auto text = [&] {
    RowJsonWriter writer(columns);
    std::string out;
    writer.append(row_of(rollup), out);
    return out.substr(out.find(",\"host\""));
  };
  EXPECT_EQ(text(), R"(,"host":"h","errors":1,"gets":4,"latency_p50_ms":null})");
  rollup.upl_bytes = UInt128{1} << 100;
  EventView event;
  event.latency_us = 1500;
  rollup.add(event);
  EXPECT_EQ(text(), R"(,"host":"h","errors":1,"gets":4,"latency_p50_ms":1.5,"saturated":true})");
}

TEST(RowJsonTest, ASumOfLatenciesThatDoesNotFitIsCutAndSaysSo) {
  RowColumns columns;
  columns.fields.add(*field_named("latency_sum_ms"));
  Rollup rollup;
  rollup.latency_count = 1;
  rollup.latency_sum_us = ~UInt128{0};
  RowJsonWriter writer(columns);
  std::string out;
  writer.append(row_of(rollup, {"r", "b", "h"}), out);
  EXPECT_TRUE(out.ends_with(R"("latency_sum_ms":9223372036854775807,"saturated":true})")) << out;
}

// All fields at their longest fit the room made for them.
TEST(RowJsonTest, TheLongestRowIsWellFormed) {
  RowColumns columns{.quoted_bytes = true};
  columns.fields = FieldSet::all();
  Rollup rollup;
  rollup.ops.fill(UINT64_MAX);
  rollup.client_errors = rollup.server_errors = UINT64_MAX / 2;
  rollup.upl_bytes = rollup.dwl_bytes = kTwo63;
  rollup.size_change = -(Int128{1} << 100);
  rollup.sketch.add(kLatencyUsMax - 1, 3);
  rollup.latency_count = 3;
  rollup.latency_min_us = rollup.latency_max_us = kLatencyUsMax - 1;
  rollup.latency_sum_us = UInt128{rollup.latency_max_us} * 3;
  const std::string id(255, '\x01');
  RowJsonWriter writer(columns);
  std::string out;
  writer.append(row_of(rollup, {id, id, id}), out);
  simdjson::dom::parser parser;
  auto row = parser.parse(out).get_object();
  ASSERT_EQ(row.error(), simdjson::SUCCESS);
  EXPECT_EQ(row.value().size(), 8 + field_names().size() + 1);
}

TEST(RowJsonTest, QuotedByteCountsAreTheSameDigits) {
  Rollup rollup = with_latencies(2, 24'691);
  rollup.upl_bytes = kTwo63 - 1;
  rollup.dwl_bytes = 0;
  rollup.size_change = -512;
  RowColumns columns{.quoted_bytes = true};
  columns.fields.add(*field_named("requests"));
  RowJsonWriter writer(columns);
  std::string out;
  writer.append(row_of(rollup), out);
  EXPECT_EQ(out, R"({"timestamp":1699999980,"repoId":"r","bucketId":"b","upl_bytes":"9223372036854775807",)"
                 R"("dwl_bytes":"0","size_change":"-512","latency_ms":12.346,"host":"h","requests":0})");
}

}  // namespace
}  // namespace minuted::render
