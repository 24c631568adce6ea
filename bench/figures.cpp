#include "figures.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace minuted::bench {

bool prints_tables() { return ::isatty(STDOUT_FILENO) != 0; }
bool shows_progress() { return ::isatty(STDERR_FILENO) != 0; }

void Table::print(const std::vector<Label>& labels, const Figures& figures,
                  const std::string& remark) {
  const bool table = prints_tables();
  if (table && !heading_printed_) {
    for (const Label& l : labels) std::printf("%*s ", l.width, l.heading);
    for (const Figure& f : figures) std::printf(" %*s", f.width, f.heading);
    std::printf("\n");
  }
  heading_printed_ = true;
  const char* gap = "";
  if (!table && !kind_.empty()) {
    std::printf("%s", kind_.c_str());
    gap = " ";
  }
  for (const Label& l : labels) {
    if (table) {
      std::printf("%*s ", l.width, l.value.c_str());
    } else if (l.name == nullptr) {
      std::printf("%s%s", gap, l.value.c_str());
    } else {
      std::printf("%s%s=%s", gap, l.name, l.value.c_str());
    }
    gap = " ";
  }
  for (const Figure& f : figures) {
    if (table) {
      std::printf(" %*.*f", f.width, f.decimals, f.value);
    } else {
      std::printf("%s%s=%.*f", gap, f.name, f.decimals, f.value);
      gap = " ";
    }
  }
  std::printf("%s%s\n", remark.empty() ? "" : " ", remark.c_str());
  std::fflush(stdout);
}

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double median_of(const std::vector<Figures>& runs, std::size_t figure) {
  std::vector<double> values;
  for (const Figures& run : runs) values.push_back(run[figure].value);
  return median_of(std::move(values));
}

double ratio_of(double over, double under) { return under > 0 ? over / under : 0; }

}  // namespace minuted::bench
