// A measurement's figures as a row of text: an aligned table for a terminal, `name=value` for a
// pipe, the same names in every program here. One thread.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace minuted::bench {

struct Figure {
  const char* name;     // in lines for a pipe
  const char* heading;  // in a table
  int width;            // of its column, at least the heading's
  int decimals;
  double value;
};
using Figures = std::vector<Figure>;

// Of a table's row, before its figures: what was measured.
struct Label {
  const char* name;  // nullptr: a pipe's line has the value alone
  const char* heading;
  int width;  // negative: to the left
  std::string value;
};

// Whether what is printed goes to a terminal, and whether somebody sees what progress says.
bool prints_tables();
bool shows_progress();

// Rows of the same figures below one heading, printed and flushed one by one.
class Table {
 public:
  // `kind` begins each line on a pipe; a terminal does not see it. Empty: nothing does.
  explicit Table(std::string kind) : kind_(std::move(kind)) {}
  // `remark`: at the end of the row, may be empty.
  void print(const std::vector<Label>& labels, const Figures& figures,
             const std::string& remark = {});

 private:
  std::string kind_;
  bool heading_printed_ = false;
};

// The middle of the runs' values for one of their figures; of an even number, the upper one.
// `runs` is not empty.
double median_of(const std::vector<Figures>& runs, std::size_t figure);
double median_of(std::vector<double> values);

// `over` / `under`, and 0 where that would be nothing that can be compared.
double ratio_of(double over, double under);

}  // namespace minuted::bench
