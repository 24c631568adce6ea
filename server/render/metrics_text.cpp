#include "render/metrics_text.hpp"

#include <cassert>
#include <charconv>
#include <cmath>

namespace minuted::render {
namespace {

// Between these a number is written without an exponent, which people read more easily: bucket
// bounds above all.
constexpr double kPlainMin = 1e-6;
constexpr double kPlainMax = 1e15;
// Holds any double, shortest form, and any 64-bit integer.
constexpr std::size_t kNumberBytesMax = 32;

void append_double(double value, std::string& out) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value < 0 ? "-Inf" : "+Inf";
  } else {
    const double size = std::fabs(value);
    const bool plain = size == 0 || (size >= kPlainMin && size < kPlainMax);
    char text[kNumberBytesMax];
    const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
    out.append(text, std::to_chars(text, text + kNumberBytesMax, value, format).ptr);
  }
}

// HELP texts escape the backslash and the line feed; label values the quote too.
void append_escaped(std::string_view text, bool quoted, std::string& out) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\\' || (quoted && c == '"')) {
      out += '\\';
      out += c;
    } else {
      out += c;
    }
  }
}

}  // namespace

void MetricsWriter::open(std::string_view name, std::string_view help, std::string_view type) {
  family_ = name;
  out_ += "# HELP ";
  out_ += name;
  out_ += ' ';
  append_escaped(help, false, out_);
  out_ += "\n# TYPE ";
  out_ += name;
  out_ += ' ';
  out_ += type;
  out_ += '\n';
}

void MetricsWriter::counter(std::string_view name, std::string_view help) {
  assert(name.ends_with("_total"));
  open(name, help, "counter");
}

void MetricsWriter::gauge(std::string_view name, std::string_view help) {
  open(name, help, "gauge");
}

void MetricsWriter::histogram(std::string_view name, std::string_view help) {
  open(name, help, "histogram");
}

void MetricsWriter::append_name_and_labels(std::string_view suffix, MetricLabels labels,
                                           const double* le) {
  assert(!family_.empty());
  out_ += family_;
  out_ += suffix;
  char before = '{';
  const auto begin_label = [&](std::string_view name) {
    out_ += before;
    before = ',';
    out_ += name;
    out_ += "=\"";
  };
  for (const MetricLabel& label : labels) {
    begin_label(label.name);
    append_escaped(label.value, true, out_);
    out_ += '"';
  }
  if (le != nullptr) {
    begin_label("le");
    append_double(*le, out_);
    out_ += '"';
  }
  out_ += before == '{' ? " " : "} ";
}

void MetricsWriter::sample(std::uint64_t value, MetricLabels labels) {
  append_name_and_labels("", labels);
  append_line_end(value);
}

void MetricsWriter::sample(double value, MetricLabels labels) {
  append_name_and_labels("", labels);
  append_line_end(value);
}

void MetricsWriter::sample_histogram(std::span<const double> bounds,
                                     std::span<const std::uint64_t> buckets, double sum,
                                     MetricLabels labels) {
  assert(buckets.size() == bounds.size() + 1);
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    const double bound = i < bounds.size() ? bounds[i] : HUGE_VAL;
    cumulative += buckets[i];
    append_name_and_labels("_bucket", labels, &bound);
    append_line_end(cumulative);
  }
  append_name_and_labels("_sum", labels);
  append_line_end(sum);
  append_name_and_labels("_count", labels);
  append_line_end(cumulative);
}

void MetricsWriter::append_line_end(std::uint64_t value) {
  char text[kNumberBytesMax];
  out_.append(text, std::to_chars(text, text + kNumberBytesMax, value).ptr);
  out_ += '\n';
}

void MetricsWriter::append_line_end(double value) {
  append_double(value, out_);
  out_ += '\n';
}

}  // namespace minuted::render
