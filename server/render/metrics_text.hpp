// Metrics in Prometheus' text exposition format, version 0.0.4: a writer for any family, used by
// every part that counts something. The writer cannot emit HELP or TYPE twice for one family, or a
// sample outside its family; that families and label sets are distinct is the caller's part.
// Format: https://prometheus.io/docs/instrumenting/exposition_formats/. One thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "minuted/stats.hpp"

namespace minuted::render {

inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

struct MetricLabel {
  std::string_view name;   // [a-zA-Z_][a-zA-Z0-9_]*
  std::string_view value;  // any UTF-8; from a small closed set
};
using MetricLabels = std::initializer_list<MetricLabel>;

// Appends to a text lent by the caller. A family is opened by counter(), gauge() or histogram();
// the samples that follow are its own, until the next is opened.
class MetricsWriter {
 public:
  // `out` is borrowed for the writer's life.
  explicit MetricsWriter(std::string& out) : out_(out) {}

  // Open a family. `name` without suffixes for a histogram, ending in `_total` for a counter;
  // `help` is one sentence and says the unit where the name does not.
  void counter(std::string_view name, std::string_view help);
  void gauge(std::string_view name, std::string_view help);
  void histogram(std::string_view name, std::string_view help);

  // One sample of the counter or gauge that is open.
  void sample(std::uint64_t value, MetricLabels labels = {});
  void sample(double value, MetricLabels labels = {});

  // One label set of the histogram that is open: `bounds` ascending, `buckets` (not cumulative) one
  // longer, the last above every bound. The count written is the buckets' sum, so that one scrape
  // never contradicts itself, even if the counters were read while they moved.
  void sample_histogram(std::span<const double> bounds, std::span<const std::uint64_t> buckets,
                        double sum, MetricLabels labels = {});
  template <std::size_t N>
  void sample_histogram(const std::array<double, N>& bounds, const HistogramCounts<N>& counts,
                        MetricLabels labels = {}) {
    sample_histogram(bounds, counts.buckets, counts.sum, labels);
  }

 private:
  void open(std::string_view name, std::string_view help, std::string_view type);
  // The start of a sample's line, up to its value; `le`, if any, is the last label.
  void append_name_and_labels(std::string_view suffix, MetricLabels labels,
                              const double* le = nullptr);
  // The rest of it.
  void append_line_end(std::uint64_t value);
  void append_line_end(double value);

  std::string& out_;
  std::string family_;  // the open one's name
};

}  // namespace minuted::render
