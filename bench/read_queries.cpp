#include "read_queries.hpp"

#include <utility>

namespace minuted::bench {
namespace {

using fill::Fleet;
using Random = std::mt19937_64;

constexpr std::uint32_t kHoursPerDay = 24;
constexpr std::uint64_t kMonth = 30;
constexpr std::uint64_t kYear = 365;

class Asker {
 public:
  explicit Asker(const fill::FleetOptions& fleet)
      : fleet_(fleet), days_((fleet.range.end.value - fleet.range.begin.value) / kMinutesPerDay) {}

  std::string repo(Random& random) const {
    return "repoId=" + Fleet::repo(draw(random, fleet_.repos));
  }
  std::string bucket(Random& random) const {
    return repo(random) + "&bucketId=" + Fleet::bucket(draw(random, fleet_.buckets_per_repo));
  }
  // Of any of the fleet's.
  std::string day(Random& random) const {
    return dates({fleet_.range.begin.value + draw(random, days_) * kMinutesPerDay}, kMinutesPerDay);
  }
  std::string hour(Random& random) const {
    return dates({fleet_.range.begin.value + draw(random, days_ * kHoursPerDay) * kMinutesPerHour},
                 kMinutesPerHour);
  }
  // The last ones.
  std::string days(std::uint32_t count) const {
    const std::uint32_t minutes = count * kMinutesPerDay;
    return dates({fleet_.range.end.value - minutes}, minutes);
  }

 private:
  static std::uint32_t draw(Random& random, std::uint32_t bound) {
    return static_cast<std::uint32_t>(random() % bound);
  }
  fill::FleetOptions fleet_;
  std::uint32_t days_;
};

}  // namespace

std::string dates(Minute begin, std::uint32_t minutes) {
  return "&startDate=" + format_iso8601(start_of(begin)) +
         "&endDate=" + format_iso8601(start_of({begin.value + minutes - 1}));
}

std::uint64_t rows_in(std::string_view body) {
  constexpr std::string_view kRow = "{\"timestamp\":";
  std::uint64_t rows = 0;
  for (std::size_t at = body.find(kRow); at != body.npos; at = body.find(kRow, at + 1)) ++rows;
  return rows;
}

Minute sealed_end() {
  constexpr std::uint32_t kHourPageMinutes = 15 * kMinutesPerDay;
  const Minute now = minute_of(system_clock().now());
  return floor_to({now.value - 2 * kMinutesPerHour}, kHourPageMinutes);
}

std::vector<Question> questions_about(const fill::FleetOptions& fleet) {
  const Asker ask(fleet);
  const std::uint64_t hosts = fleet.hosts;
  const std::uint64_t pairs = std::uint64_t{fleet.repos} * fleet.buckets_per_repo;
  std::vector<Question> all{
      {"Q1", "minutes of a bucket's day", hosts * kMinutesPerDay, 1.0, 3'000,
       [=](Random& r) { return "/stats/minute?" + ask.bucket(r) + ask.day(r); }},
      {"Q2", "minutes of a repo's day", hosts * fleet.buckets_per_repo * kMinutesPerDay, 4, 0,
       [=](Random& r) { return "/stats/minute?" + ask.repo(r) + ask.day(r); }},
      {"Q3", "an hour of all buckets, a row each", pairs, 5, 0,
       [=](Random& r) { return "/stats/hourly?groupBy=repo,bucket" + ask.hour(r); }},
      {"Q3full", "its minutes", pairs * hosts * kMinutesPerHour, 40, 0,
       [=](Random& r) { return "/stats/minute?" + ask.hour(r); }},
      {"Q3sum", "an hour of all, a row a minute", kMinutesPerHour, 0, 0,
       [=](Random& r) { return "/stats/minute?groupBy=" + ask.hour(r); }},
      {"Q4", "a bucket's daily total", hosts, 0.15, 0,
       [=](Random& r) { return "/stats/daily?" + ask.bucket(r) + ask.day(r); }},
      {"Qnone", "a bucket there is not", 0, 0, 0,
       [=](Random& r) { return "/stats/minute?" + ask.repo(r) + "&bucketId=none" + ask.day(r); }},
  };
  const std::uint64_t days = (fleet.range.end.value - fleet.range.begin.value) / kMinutesPerDay;
  if (days >= kMonth) {
    all.push_back({"Qmonth", "minutes of a bucket's month", hosts * kMonth * kMinutesPerDay, 0, 0,
                   [=](Random& r) { return "/stats/minute?" + ask.bucket(r) + ask.days(kMonth); }});
  }
  if (days >= kYear) {
    all.push_back({"Qyear", "days of a bucket's year", hosts * kYear, 0, 0,
                   [=](Random& r) { return "/stats/daily?" + ask.bucket(r) + ask.days(kYear); }});
  }
  return all;
}

}  // namespace minuted::bench
