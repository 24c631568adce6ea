// Answers about storage to the letter: what a window's points come to, how sums are written, and what
// was asked.
#include "render/storage_json.hpp"

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

namespace minuted::render {
namespace {

constexpr Millis kNow{1'700'000'123'456};  // 2023-11-14T22:15:23Z

StorageParams parsed(std::string_view query, std::optional<UsageBy> by = std::nullopt) {
  auto params = parse_storage_params(query, kNow, by);
  EXPECT_TRUE(std::holds_alternative<StorageParams>(params));
  return std::get<StorageParams>(params);
}

std::string summary_of(const std::vector<std::uint64_t>& requests) {
  std::vector<RepoRollup> points;
  for (const std::uint64_t n : requests) points.push_back({.requests = n});
  StorageParams params = parsed("scope=org&window=24h");
  params.query.window.points = static_cast<std::uint32_t>(points.size());
  std::string out;
  append_storage(params, points, out);
  const std::size_t begin = out.find(R"("summary":)") + 10;
  return out.substr(begin, out.find('}', begin) + 1 - begin);
}

TEST(StorageJsonTest, PercentilesAreOfTheNearestRankAndTheDeviationThePopulations) {
  EXPECT_EQ(summary_of({4, 2, 9, 5, 4, 5, 7, 4}),
            R"({"total":40,"avg":5,"stdDev":2,"min":2,"max":9,"p10":2,"p50":4,"p90":9})");
  EXPECT_EQ(summary_of({10, 20, 30, 40, 50, 60, 70, 80, 90, 100}),
            R"({"total":550,"avg":55,"stdDev":28.722813232690143,"min":10,"max":100,"p10":10,)"
            R"("p50":50,"p90":90})");
  EXPECT_EQ(summary_of({1, 2}), R"({"total":3,"avg":1.5,"stdDev":0.5,"min":1,"max":2,"p10":1,"p50":1,"p90":2})");
  EXPECT_EQ(summary_of({0}), R"({"total":0,"avg":0,"stdDev":0,"min":0,"max":0,"p10":0,"p50":0,"p90":0})");
}

TEST(StorageJsonTest, SumsAreSaturatedOnBothSides) {
  StorageParams params = parsed("window=24h", UsageBy::kRepo);
  const RepoRollup sums{3, UInt128{1} << 80, 5, -(Int128{1} << 80), 2, 3'001};
  std::string out;
  append_entity(params, {"a\"b", sums, {}}, out);
  EXPECT_EQ(out,
            R"({"entityId":"a\"b","totals":{"uplBytes":9223372036854775807,"dwlBytes":5,)"
            R"("sizeChange":-9223372036854775808,"latencyMs":1.501,"requests":3,"saturated":true}})");
}

TEST(StorageJsonTest, WindowsEndWithThePointThatContainsNow) {
  struct Case {
    const char* window;
    std::int64_t end_ms;
    std::uint32_t points;
    std::uint32_t minutes;
  };
  constexpr std::int64_t kHourMs = 3'600'000;
  for (const Case& c : {Case{"24h", 1'700'000'400'000, 288, 5}, {"7d", 1'700'002'800'000, 168, 60},
                        {"30d", 1'700'006'400'000, 120, 360}, {"90d", 1'700'006'400'000, 180, 720},
                        {"180d", 1'700'006'400'000, 180, 1440},
                        {"365d", 1'700'006'400'000, 365, 1440}}) {
    SCOPED_TRACE(c.window);
    const UsageWindow w = parsed("scope=org&window=" + std::string(c.window)).query.window;
    EXPECT_EQ(start_of(w.end()).value, c.end_ms);
    EXPECT_EQ(w.points, c.points);
    EXPECT_EQ(w.point_minutes, c.minutes);
    EXPECT_EQ(start_of(w.begin).value % (c.minutes * kHourMs / 60), 0);
    EXPECT_GE(start_of(w.end()).value, kNow.value);
  }
}

TEST(StorageJsonTest, TheHeadOfABreakdownSaysWhatWasAsked) {
  std::string out;
  append_breakdown_head(parsed("window=7d&bucketId=y,x&limit=3&offset=4&includeSeries=true&id=none", UsageBy::kNode),
                        {"nodes", 9, 77}, out);
  EXPECT_EQ(out,
            R"({"success":true,"meta":{"start":1699398000000,"end":1700002800000,"scope":"org",)"
            R"("resourceFilter":{"bucketId":["x","y"]},"breakdownBy":"nodes","includesSeries":true,)"
            R"("limit":3,"offset":4,"totalEntities":9},"summary":{"total":77},"entities":[)");
}

// Around the first year there is: windows are whole, and begin where time does.
TEST(StorageJsonTest, AClockAtTheBeginningOfTimeIsNoReasonToFail) {
  for (const std::int64_t ms : {std::int64_t{-5}, std::int64_t{0}, kMillisMax.value}) {
    const auto params = parse_storage_params("scope=org&window=365d", Millis{ms}, std::nullopt);
    const UsageWindow w = std::get<StorageParams>(params).query.window;
    EXPECT_LT(w.begin, w.end());
    EXPECT_EQ(w.begin.value % 1440, 0U);
  }
}

}  // namespace
}  // namespace minuted::render
