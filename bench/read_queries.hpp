// The questions of the read benchmark: what is asked, anew each time, of a fleet whose every host
// has a row each minute, and how many rows the answer must have. Pure; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "fill/fleet.hpp"

namespace minuted::bench {

struct Question {
  std::string name;
  std::string meaning;
  std::uint64_t rows;        // of each answer
  double p50_budget_ms;      // over one connection; 0: none
  double per_second_budget;  // over eight; 0: none
  // A path with its query, about a bucket, repo or hour drawn from those there are.
  std::function<std::string(std::mt19937_64&)> target;
};

// Those the fleet has days enough for. It starts at midnight and has whole days.
std::vector<Question> questions_about(const fill::FleetOptions& fleet);

// `&startDate=…&endDate=…` of so many minutes.
std::string dates(Minute begin, std::uint32_t minutes);
// Rows of an answer's body.
std::uint64_t rows_in(std::string_view body);

// The last midnight before which all minutes and hours are sealed, whatever the date: where data
// end whose figures are not to depend on it.
Minute sealed_end();

}  // namespace minuted::bench
