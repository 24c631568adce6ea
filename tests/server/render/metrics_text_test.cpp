// Promise: any scraper of the text format can read what the writer wrote.
#include "render/metrics_text.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "server/render/exposition_grammar.hpp"
#include "support/random.hpp"

namespace minuted::render {
namespace {

using test::Family;
using test::read_exposition;
using test::Sample;

std::string written(const std::function<void(MetricsWriter&)>& write) {
  std::string out;
  MetricsWriter writer(out);
  write(writer);
  return out;
}

// The fault the strict reader finds, or "".
std::string fault_of(std::string_view text) {
  const auto result = read_exposition(text);
  const auto* const fault = std::get_if<std::string>(&result);
  return fault == nullptr ? "" : *fault;
}

TEST(MetricsTextTest, ACounterAndAGauge) {
  EXPECT_EQ(written([](MetricsWriter& out) {
              out.counter("minuted_events_total", "Events.");
              out.sample(std::uint64_t{3});
              out.gauge("minuted_lag_seconds", "Lag.");
              out.sample(0.25);
            }),
            "# HELP minuted_events_total Events.\n"
            "# TYPE minuted_events_total counter\n"
            "minuted_events_total 3\n"
            "# HELP minuted_lag_seconds Lag.\n"
            "# TYPE minuted_lag_seconds gauge\n"
            "minuted_lag_seconds 0.25\n");
}

TEST(MetricsTextTest, LabelsAndHelpAreEscaped) {
  EXPECT_EQ(written([](MetricsWriter& out) {
              out.gauge("g", "a \"b\" \\ c\nd");
              out.sample(std::uint64_t{1}, {{"x", "a \"b\" \\ c\nd"}, {"y", ""}});
              out.sample(std::uint64_t{2}, {{"x", "ü"}, {"y", "{,}"}});
            }),
            "# HELP g a \"b\" \\\\ c\\nd\n"
            "# TYPE g gauge\n"
            "g{x=\"a \\\"b\\\" \\\\ c\\nd\",y=\"\"} 1\n"
            "g{x=\"ü\",y=\"{,}\"} 2\n");
}

TEST(MetricsTextTest, NumbersAreExactAndPlainWherePeopleReadThem) {
  const auto number = [](auto value) {
    const std::string text = written([&](MetricsWriter& out) {
      out.gauge("g", "h");
      out.sample(value);
    });
    return text.substr(text.rfind(' ') + 1);
  };
  EXPECT_EQ(number(std::uint64_t{0}), "0\n");
  EXPECT_EQ(number(UINT64_MAX), "18446744073709551615\n");
  EXPECT_EQ(number(0.0), "0\n");
  EXPECT_EQ(number(0.0001), "0.0001\n");
  EXPECT_EQ(number(0.1), "0.1\n");
  EXPECT_EQ(number(-2.5), "-2.5\n");
  EXPECT_EQ(number(1e6), "1000000\n");
  EXPECT_EQ(number(1e15), "1e+15\n");
  EXPECT_EQ(number(1e-7), "1e-07\n");
  EXPECT_EQ(number(std::numeric_limits<double>::max()), "1.7976931348623157e+308\n");
  EXPECT_EQ(number(std::numeric_limits<double>::denorm_min()), "5e-324\n");
  EXPECT_EQ(number(HUGE_VAL), "+Inf\n");
  EXPECT_EQ(number(-HUGE_VAL), "-Inf\n");
  EXPECT_EQ(number(static_cast<double>(NAN)), "NaN\n");
}

TEST(MetricsTextTest, AHistogramIsCumulativeAndWhole) {
  HistogramCounts<2> counts;
  counts.buckets = {3, 0, 4};
  counts.sum = 12.5;
  counts.count = 9;  // read while it moved: the buckets are what counts
  EXPECT_EQ(
      written([&](MetricsWriter& out) {
        out.histogram("h_seconds", "H.");
        out.sample_histogram(std::array{0.0001, 1.0}, counts);
        out.sample_histogram(std::array{0.0001, 1.0}, HistogramCounts<2>{}, {{"route", "/x"}});
      }),
      "# HELP h_seconds H.\n"
      "# TYPE h_seconds histogram\n"
      "h_seconds_bucket{le=\"0.0001\"} 3\n"
      "h_seconds_bucket{le=\"1\"} 3\n"
      "h_seconds_bucket{le=\"+Inf\"} 7\n"
      "h_seconds_sum 12.5\n"
      "h_seconds_count 7\n"
      "h_seconds_bucket{route=\"/x\",le=\"0.0001\"} 0\n"
      "h_seconds_bucket{route=\"/x\",le=\"1\"} 0\n"
      "h_seconds_bucket{route=\"/x\",le=\"+Inf\"} 0\n"
      "h_seconds_sum{route=\"/x\"} 0\n"
      "h_seconds_count{route=\"/x\"} 0\n");
}

TEST(MetricsTextTest, RandomFamiliesAreReadBackTheSame) {
  test::Random random;
  for (int round = 0; round < 300; ++round) {
    std::vector<Family> expected;
    const std::string text = written([&](MetricsWriter& out) {
      for (int i = 0; i < 5; ++i) {
        const bool counter = random.chance(50);
        Family family{std::string(1, static_cast<char>('a' + i)) + (counter ? "_total" : ""),
                      counter ? "counter" : "gauge",
                      random.id() + "\n" + random.id(),
                      {}};
        counter ? out.counter(family.name, family.help) : out.gauge(family.name, family.help);
        for (int j = 0; j < 3; ++j) {
          const std::string label = random.id() + "\n" + std::to_string(j);
          const double value = static_cast<double>(random.bits()) *
                               std::pow(10.0, static_cast<double>(random.below(61)) - 40);
          out.sample(value, {{"n", label}});
          family.samples.push_back({family.name, {{"n", label}}, value});
        }
        expected.push_back(family);
      }
    });
    const auto read = read_exposition(text);
    ASSERT_EQ(fault_of(text), "");
    ASSERT_EQ(std::get<std::vector<Family>>(read), expected) << text;
  }
}

// The reader is worth something only if it refuses.
TEST(ExpositionGrammarTest, FaultsAreFound) {
  const std::string gauge = "# HELP g h\n# TYPE g gauge\n";
  const std::string histogram = "# HELP h h\n# TYPE h histogram\n";
  EXPECT_EQ(fault_of(gauge + "g 1\n"), "");
  EXPECT_EQ(fault_of(gauge + "g 1\n" + gauge + "g{a=\"b\"} 2\n"), "bad line: # HELP g h");
  EXPECT_EQ(fault_of("# TYPE g gauge\ng 1\n"), "bad line: # TYPE g gauge");
  EXPECT_EQ(fault_of("# HELP g h\ng 1\n"), "bad line: g 1");
  EXPECT_EQ(fault_of("# HELP g h\\x\n# TYPE g gauge\ng 1\n"), "bad line: # HELP g h\\x");
  EXPECT_EQ(fault_of("# HELP g h\n# TYPE g gague\ng 1\n"), "bad line: # TYPE g gague");
  EXPECT_EQ(fault_of(gauge), "g has no samples");
  EXPECT_EQ(fault_of(gauge + "g 1"), "the last line has no end");
  EXPECT_EQ(fault_of(gauge + "g 1\ng 2\n"), "g has a sample twice");
  EXPECT_EQ(fault_of(gauge + "g{a=\"1\",b=\"2\"} 1\ng{b=\"2\",a=\"1\"} 2\n"),
            "g has a sample twice");
  EXPECT_EQ(fault_of(gauge + "f 1\n"), "g has a sample of another name, f");
  for (const char* const line : {"g one",
                                 "g inf",
                                 "g nan",
                                 "g Inf",
                                 "g ",
                                 "g",
                                 "g  1",
                                 "g 1 ",
                                 "g{} 1",
                                 "g{a=\"\\t\"} 1",
                                 "g{a=\"b\"c=\"d\"} 1",
                                 "g{a=\"b\",} 1",
                                 "g{a=b} 1",
                                 "g{1=\"b\"} 1",
                                 "g{a=\"b\",a=\"c\"} 1",
                                 "1g 1",
                                 "g-h 1",
                                 "",
                                 "# comment",
                                 "g 0x1"}) {
    EXPECT_EQ(fault_of(gauge + line + "\n"), std::string("bad line: ") + line);
  }
  EXPECT_EQ(fault_of("# HELP c h\n# TYPE c counter\nc 1\n"), "c is not named after its type");
  EXPECT_EQ(fault_of("# HELP c_total h\n# TYPE c_total counter\nc_total -1\n"),
            "c_total counts below zero");
  const std::string first = "h_bucket{le=\"1\"} 2\n";
  EXPECT_EQ(fault_of(histogram + first + "h_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 2\n"), "");
  EXPECT_EQ(fault_of(histogram + first + "h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n"),
            "h is not cumulative");
  EXPECT_EQ(fault_of(histogram + first + "h_sum 1\nh_count 2\n"), "h has no +Inf bucket");
  EXPECT_EQ(fault_of(histogram + first + "h_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 3\n"),
            "h counts otherwise than its +Inf bucket");
  EXPECT_EQ(fault_of(histogram + first + "h_bucket{le=\"0\"} 2\nh_sum 1\nh_count 3\n"),
            "h has bounds that do not ascend");
}

}  // namespace
}  // namespace minuted::render
