#include "load/report.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

namespace minuted::load {
namespace {

constexpr double kBytesPerMegabyte = 1e6;

struct Figure {
  std::string name;  // lower_snake_case, unit last
  std::string value;
};

std::string decimal(double value) {
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.3f", value);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string rate(double amount, double seconds) {
  return decimal(seconds > 0 ? amount / seconds : 0);
}

void add_latencies(const Latencies& latencies, std::vector<Figure>& out) {
  struct Quantile {
    const char* name;
    double q;
  };
  constexpr std::array<Quantile, 4> kQuantiles{
      {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99_9", 0.999}}};
  for (const Quantile& one : kQuantiles) {
    out.push_back(
        {std::string("latency_") + one.name + "_ms", decimal(latencies.quantile_ms(one.q))});
  }
  out.push_back({"latency_max_ms", decimal(latencies.max_ms())});
}

std::vector<Figure> figures_of(const LoadResult& r) {
  const auto count = [](auto n) { return std::to_string(n); };
  const auto events = static_cast<double>(r.events_accepted);
  std::vector<Figure> out{
      {"seconds", decimal(r.seconds)},
      {"events", count(r.events_accepted)},
      {"events_per_second", rate(events, r.seconds)},
      {"mb_per_second", rate(static_cast<double>(r.plain_bytes) / kBytesPerMegabyte, r.seconds)},
      {"sent_mb_per_second",
       rate(static_cast<double>(r.sent_bytes) / kBytesPerMegabyte, r.seconds)},
      {"batches", count(r.batches)},
      {"replayed", count(r.replayed)},
      {"events_rejected", count(r.events_rejected)},
      {"requests", count(r.requests)}};
  for (const auto& [status, retries] : r.retries) {
    out.push_back({"retries_" + count(status), count(retries)});
  }
  out.insert(out.end(), {{"broken", count(r.broken)},
                         {"timeouts", count(r.timeouts)},
                         {"refused", count(r.refused)},
                         {"given_up", count(r.given_up)},
                         {"abandoned", count(r.abandoned)}});
  add_latencies(r.latencies, out);
  out.insert(out.end(), {{"upl_bytes", count(r.sums.upl_bytes)},
                         {"dwl_bytes", count(r.sums.dwl_bytes)},
                         {"size_change", count(r.sums.size_change)},
                         {"client_cpu_seconds", decimal(r.client_cpu_seconds)}});
  return out;
}

}  // namespace

std::string report(const LoadResult& result, ReportForm form) {
  const std::vector<Figure> figures = figures_of(result);
  std::size_t name_width = 0;
  std::size_t value_width = 0;
  for (const Figure& figure : figures) {
    name_width = std::max(name_width, figure.name.size());
    value_width = std::max(value_width, figure.value.size());
  }
  std::string text;
  for (const Figure& figure : figures) {
    switch (form) {
      case ReportForm::kTable:
        text += figure.name + std::string(name_width - figure.name.size() + 2, ' ') +
                std::string(value_width - figure.value.size(), ' ') + figure.value + "\n";
        break;
      case ReportForm::kLines:
        text += figure.name + " " + figure.value + "\n";
        break;
      case ReportForm::kJson:
        text += (text.empty() ? "{\"" : ",\"") + figure.name + "\":" + figure.value;
        break;
    }
  }
  return form == ReportForm::kJson ? text + "}\n" : text;
}

}  // namespace minuted::load
