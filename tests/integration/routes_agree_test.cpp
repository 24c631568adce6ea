// The routes held against each other over random histories, raw, folded and sealed, with late events,
// removals and retention: minutes of an hour are the hour, hours of a day the day, days that are held and
// what was past before are the totals; windows of storage are the rows of their points, and what they are
// broken down into; uptime is the minutes that have rows, and the known series are those of the rows.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <compare>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "support/daemon.hpp"
#include "support/http_client.hpp"
#include "support/random.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

constexpr std::int64_t kMinuteS = 60;
constexpr std::int64_t kHourS = 3600;
constexpr std::int64_t kDayS = 24 * kHourS;
constexpr std::int64_t kHistoryDays = 40;
constexpr int kEventsAStep = 400;
// Kept of each tier in the second part, days; and how far from its horizon a span is not judged.
constexpr std::int64_t kMinutesKept = 3;
constexpr std::int64_t kHoursKept = 10;
constexpr std::int64_t kDaysKept = 20;

// What an event, a row, a point or an entity counts.
struct Sums {
  std::int64_t requests = 0;
  std::int64_t up = 0;
  std::int64_t down = 0;
  std::int64_t change = 0;

  Sums& operator+=(const Sums& other) {
    requests += other.requests;
    up += other.up;
    down += other.down;
    change += other.change;
    return *this;
  }
  friend bool operator==(const Sums&, const Sums&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Sums& s) {
    return out << s.requests << " requests, " << s.up << " up, " << s.down << " down, " << s.change
               << " more";
  }
};

// Repo, bucket, host, Unix seconds: "" or 0 where it is added up over them.
using Place = std::tuple<std::string, std::string, std::string, std::int64_t>;
using Table = std::map<Place, Sums>;

// Added up over what `place` leaves out; those it maps to nothing are left out.
template <class Where>
Table added_up(const Table& table, const Where& where) {
  Table sums;
  for (const auto& [place, value] : table) {
    if (const std::optional<Place> to = where(place)) sums[*to] += value;
  }
  return sums;
}

std::int64_t second_of(const Place& place) { return std::get<3>(place); }

class RoutesAgreeTest : public testing::Test {
 protected:
  void start(std::vector<std::string> more = {}) {
    std::vector<std::string> flags{"--fold-interval", "40ms", "--seal-after", "1s",
                                   "--seal-interval", "200ms"};
    flags.insert(flags.end(), more.begin(), more.end());
    client_.reset();
    daemon_.reset();
    daemon_ = std::make_unique<Daemon>(dir_ / "data", flags);
    ASSERT_NE(daemon_->port(), 0U);
    client_ = std::make_unique<HttpClient>(daemon_->port());
  }

  static std::int64_t now_s() { return system_clock().now().value / 1000; }

  // Late ones among them, and one a day of the last 40 of a series that is never removed.
  void push_events(std::int64_t oldest_s) {
    std::string body;
    for (int i = 0; i < kEventsAStep; ++i) {
      const std::int64_t newest = now_s();
      const std::int64_t reach =
          std::array{2 * kHourS, 2 * kDayS, newest - oldest_s}[random_.below(3)];
      const auto back = static_cast<std::int64_t>(
          random_.below(static_cast<std::uint64_t>(std::min(reach, newest - oldest_s))));
      body += event(random_.pick(kRepos), random_.pick(kBuckets), random_.pick(kHosts), newest - back);
    }
    push(body);
  }
  void push_beacons() {
    std::string body;
    for (std::int64_t day = 0; day < kHistoryDays; ++day) {
      body += event("beacon", "b1", "h1", (now_s() / kDayS - day) * kDayS);
    }
    push(body);
  }
  std::string event(std::string_view repo, std::string_view bucket, std::string_view host,
                    std::int64_t at_s) {
    const auto number = [&](const char* name, std::uint64_t below) {
      return std::string(R"(,")") + name + R"(":)" + std::to_string(random_.below(below));
    };
    return R"({"repoId":")" + std::string(repo) + R"(","bucketId":")" + std::string(bucket) +
           R"(","host":")" + std::string(host) + R"(","timestamp":)" + std::to_string(at_s) +
           number("upl_bytes", 1'000'000) + number("dwl_bytes", 1'000'000) +
           number("size_change", 1'000'000) + number("latency_ms", 1'000) + "}\n";
  }
  void push(const std::string& body) {
    const Answer answer = client_->push_ndjson(body);
    ASSERT_EQ(answer.status, 200U) << answer.body;
    ASSERT_NE(answer.body.find(R"("rejected":0)"), std::string::npos) << answer.body;
  }

  // Again after each removal, which changes nothing: what was told of a repo stays.
  void tell_of_repos() {
    for (const char* repo : {"r1", "r2"}) {
      const Answer answer = client_->request("PUT", std::string("/repos/") + repo,
                                             R"({"workspace":"w","provider":"p"})");
      ASSERT_EQ(answer.status, 200U) << answer.body;
    }
  }

  void remove_something(std::int64_t oldest_s) {
    if (random_.chance(80)) return remove_day(oldest_s);
    remove(removed_path());
  }
  // One day or two, whole ones.
  void remove_day(std::int64_t oldest_s) {
    const auto days = static_cast<std::uint64_t>((now_s() - oldest_s) / kDayS);
    const std::int64_t first = now_s() / kDayS - static_cast<std::int64_t>(random_.below(days));
    const std::int64_t last = std::min(first + static_cast<std::int64_t>(random_.below(2)), now_s() / kDayS);
    const auto day = [](std::int64_t n) {
      return format_iso8601(Millis{n * kDayS * 1000}).substr(0, 10);
    };
    remove(removed_path() + "?startDate=" + day(first) + "&endDate=" + day(last));
  }
  std::string removed_path() {
    std::string path = "/repos/" + random_.pick(kRepos);
    if (random_.chance(70)) path += "/buckets/" + random_.pick(kBuckets);
    return path;
  }
  void remove(const std::string& path) {
    const Answer answer = client_->request("DELETE", path);
    ASSERT_EQ(answer.status, 200U) << path << answer.body;
  }

  simdjson::dom::element ask(const std::string& target) {
    const Answer answer = client_->get(target);
    EXPECT_EQ(answer.status, 200U) << target << answer.body;
    body_ = simdjson::padded_string(answer.body);
    return parser_.parse(body_).value();
  }

  Table rows(const std::string& span) {
    Table table;
    const auto answer = ask("/stats/" + span + "?startDate=2000-01-01&fields=requests");
    for (const auto row : answer["data"].get_array()) {
      const Place place{text(row, "repoId"), text(row, "bucketId"), text(row, "host"),
                        row["timestamp"].get_int64().value()};
      table[place] = {number(row, "requests"), number(row, "upl_bytes"), number(row, "dwl_bytes"),
                      number(row, "size_change")};
    }
    return table;
  }
  static std::string text(simdjson::dom::element of, const char* name) {
    return std::string(of[name].get_string().value());
  }
  static std::int64_t number(simdjson::dom::element of, const char* name) {
    return of[name].get_int64().value();
  }
  static std::int64_t number_text(simdjson::dom::element of, const char* name) {
    return std::stoll(text(of, name));
  }

  // Repo totals, and bucket totals over repos; these count requests too.
  Table repo_totals() {
    Table table;
    for (const auto row : ask("/repo/stats")["stats"].get_array()) {
      table[{text(row, "repoId"), "", "", 0}] = {0, number_text(row, "totalUploadBytes"),
                                                 number_text(row, "totalDownloadBytes"),
                                                 number_text(row, "totalSizeChange")};
    }
    return table;
  }
  Table bucket_totals() {
    Table table;
    for (const auto row : ask("/bucket/stats")["stats"].get_array()) {
      table[{"", text(row, "bucketId"), "", 0}] = {
          number_text(row, "totalCount"), number_text(row, "totalUploadBytes"),
          number_text(row, "totalDownloadBytes"), number_text(row, "totalSizeChange")};
    }
    return table;
  }

  static Sums sums_of(simdjson::dom::element totals) {
    return {number(totals, "requests"), number(totals, "uplBytes"), number(totals, "dwlBytes"),
            number(totals, "sizeChange")};
  }

  // A window's points that are not all zero, by their Unix seconds.
  Table points(const std::string& query) {
    Table table;
    const auto answer = ask("/v2/stats/storage?" + query);
    std::int64_t total = 0;
    for (const auto point : answer["series"].get_array()) {
      const Sums sums = sums_of(point);
      total += sums.requests;
      if (sums != Sums{}) table[{"", "", "", number(point, "ts") / 1000}] = sums;
    }
    EXPECT_EQ(number(answer["summary"], "total"), total) << query;
    return table;
  }

  // Entities by id, each the sum of its own series.
  std::map<std::string, Sums> entities(const std::string& query) {
    std::map<std::string, Sums> all;
    const auto answer = ask("/v2/stats/storage/breakdown/" + query + "&includeSeries=true&limit=1000");
    std::int64_t total = 0;
    for (const auto entity : answer["entities"].get_array()) {
      Sums series;
      for (const auto point : entity["series"].get_array()) series += sums_of(point);
      const Sums totals = sums_of(entity["totals"]);
      EXPECT_EQ(totals, series) << query << " " << text(entity, "entityId");
      total += totals.requests;
      all[text(entity, "entityId")] = totals;
    }
    EXPECT_EQ(number(answer["summary"], "total"), total) << query;
    EXPECT_EQ(number(answer["meta"], "totalEntities"), static_cast<std::int64_t>(all.size())) << query;
    return all;
  }

  // Spans that end within the first one that is held whole are not judged.
  void expect_coarser_is_sum(const Table& fine, const Table& coarse, std::int64_t span_s,
                             std::int64_t from_s, const char* what) {
    const auto sums = added_up(fine, [&](const Place& p) -> std::optional<Place> {
      const std::int64_t at = second_of(p) / span_s * span_s;
      if (at < from_s) return std::nullopt;
      return Place{std::get<0>(p), std::get<1>(p), std::get<2>(p), at};
    });
    const auto held = added_up(coarse, [&](const Place& p) -> std::optional<Place> {
      if (second_of(p) < from_s) return std::nullopt;
      return p;
    });
    EXPECT_EQ(sums, held) << what;
  }

  // The horizons in the clock's seconds, 0 where all is kept.
  struct Held {
    std::int64_t minutes = 0;
    std::int64_t hours = 0;
    std::int64_t days = 0;
  };

  void check_rows_and_totals(const Held& held, const Table& past) {
    const Table minutes = rows("minute");
    const Table hours = rows("hourly");
    const Table days = rows("daily");
    expect_coarser_is_sum(minutes, hours, kHourS, held.minutes, "minutes of an hour");
    expect_coarser_is_sum(hours, days, kDayS, held.hours, "hours of a day");

    Table all = days;
    for (const auto& [place, value] : past) all[place] += value;
    const auto by_bucket = added_up(all, [](const Place& p) -> std::optional<Place> {
      return Place{"", std::get<1>(p), "", 0};
    });
    EXPECT_EQ(by_bucket, bucket_totals()) << "days and what was past, by bucket";
    auto by_repo = added_up(all, [](const Place& p) -> std::optional<Place> {
      return Place{std::get<0>(p), "", "", 0};
    });
    for (auto& [place, value] : by_repo) value.requests = 0;  // which that route does not tell
    EXPECT_EQ(by_repo, repo_totals()) << "days and what was past, by repo";
  }

  void check_windows(const Held& held) {
    struct Form {
      const char* name;
      const char* rows;
      std::int64_t point_s;
      std::int64_t from_s;
    };
    const std::array forms{Form{"24h", "minute", 5 * kMinuteS, held.minutes},
                           Form{"7d", "hourly", kHourS, held.hours},
                           Form{"30d", "hourly", 6 * kHourS, held.hours},
                           Form{"90d", "hourly", 12 * kHourS, held.hours},
                           Form{"180d", "daily", kDayS, held.days}};
    for (const Form& form : forms) {
      const std::string window = std::string("window=") + form.name;
      SCOPED_TRACE(window);
      const Table all = rows(form.rows);
      const auto expect_points = [&](const std::string& query, auto&& matches) {
        const std::int64_t now = now_s();
        const Table got = points(query + "&" + window);
        const std::int64_t length = std::array{kDayS, 7 * kDayS, 30 * kDayS, 90 * kDayS,
                                               180 * kDayS}[static_cast<std::size_t>(&form - forms.data())];
        const std::int64_t begin = std::max(now / form.point_s * form.point_s + form.point_s - length,
                                            form.from_s);
        const auto wanted = added_up(all, [&](const Place& p) -> std::optional<Place> {
          const std::int64_t at = second_of(p) / form.point_s * form.point_s;
          if (at < begin || !matches(p)) return std::nullopt;
          return Place{"", "", "", at};
        });
        const auto shown = added_up(got, [&](const Place& p) -> std::optional<Place> {
          if (second_of(p) < begin) return std::nullopt;
          return p;
        });
        EXPECT_EQ(shown, wanted) << query;
      };
      const auto in_w = [](const Place& p) { return std::get<0>(p) != "r3" && std::get<0>(p) != "beacon"; };
      expect_points("scope=org", [](const Place&) { return true; });
      expect_points("scope=workspace&id=w", in_w);
      expect_points("scope=repo&id=r1", [](const Place& p) { return std::get<0>(p) == "r1"; });
      expect_points("scope=org&bucketId=b1", [](const Place& p) { return std::get<1>(p) == "b1"; });
      check_breakdowns(window);
    }
  }

  // Every way to break the same window down has all of it.
  void check_breakdowns(const std::string& window) {
    const auto total_of = [&](const Table& table) {
      Sums total;
      for (const auto& [place, sums] : table) total += sums;
      return total;
    };
    const Sums all = total_of(points("scope=org&" + window));
    for (const char* by : {"repos", "buckets", "nodes", "workspaces", "providers"}) {
      Sums total;
      for (const auto& [id, sums] : entities(std::string(by) + "?" + window)) total += sums;
      EXPECT_EQ(total, all) << by;
    }
    for (const auto& [repo, sums] : entities("repos?" + window)) {
      EXPECT_EQ(total_of(points("scope=repo&id=" + repo + "&" + window)), sums) << repo;
    }
    for (const auto& [workspace, sums] : entities("workspaces?" + window)) {
      if (workspace.empty()) continue;
      EXPECT_EQ(total_of(points("scope=workspace&id=" + workspace + "&" + window)), sums) << workspace;
    }
  }

  // Of whole days, while all minutes are held.
  void check_nodes_and_series() {
    const Table minutes = rows("minute");
    std::map<std::tuple<std::string, std::string, std::int64_t>, std::set<std::int64_t>> lit;
    std::map<std::tuple<std::string, std::string, std::string>, std::pair<std::int64_t, std::int64_t>> series;
    for (const auto& [place, value] : minutes) {
      const auto& [repo, bucket, host, at] = place;
      lit[{bucket, host, at / kDayS * kDayS}].insert(at);
      const auto [known, fresh] = series.try_emplace({repo, bucket, host}, at, at);
      if (!fresh) known->second.second = at;
    }
    const std::int64_t today = now_s() / kDayS * kDayS;
    std::erase_if(lit, [&](const auto& day) { return std::get<2>(day.first) >= today; });
    const auto ddmmyyyy = [](std::int64_t second) {
      const std::string iso = format_iso8601(Millis{second * 1000});
      return iso.substr(8, 2) + iso.substr(5, 2) + iso.substr(0, 4);
    };
    std::map<std::tuple<std::string, std::string, std::int64_t>, double> online;
    const auto answer = ask("/stats/nodes/daily?startDate=" + ddmmyyyy(today - (kHistoryDays + 1) * kDayS) +
                            "&endDate=" + ddmmyyyy(today - kDayS));
    for (const auto day : answer["data"].get_array()) {
      online[{text(day, "bucketId"), text(day, "nodeId"), number(day, "day")}] =
          day["online"].get_double().value();
    }
    ASSERT_EQ(online.size(), lit.size());
    for (const auto& [day, share] : online) {
      EXPECT_NEAR(share, 100.0 * static_cast<double>(lit[day].size()) / 1440, 0.001) << std::get<1>(day);
    }

    std::map<std::tuple<std::string, std::string, std::string>, std::pair<std::int64_t, std::int64_t>> known;
    for (const auto row : ask("/series")["data"].get_array()) {
      known[{text(row, "repoId"), text(row, "bucketId"), text(row, "host")}] = {number(row, "first"),
                                                                              number(row, "last")};
    }
    EXPECT_EQ(known, series);
  }

  const std::vector<std::string> kRepos{"r1", "r2", "r3"};
  const std::vector<std::string> kBuckets{"b1", "b2", "b3"};
  const std::vector<std::string> kHosts{"h1", "h2"};
  Random random_;
  TempDir dir_;
  std::unique_ptr<Daemon> daemon_;
  std::unique_ptr<HttpClient> client_;
  simdjson::dom::parser parser_;
  simdjson::padded_string body_;
};

TEST_F(RoutesAgreeTest, OverAHistoryWithLateEventsRemovalsAndRetention) {
  start();
  ASSERT_EQ(client_->request("PUT", "/nodes/h1", R"({"provider":"own"})").status, 200U);
  push_beacons();
  const std::int64_t oldest = now_s() - kHistoryDays * kDayS;
  for (int step = 0; step < 6; ++step) {
    SCOPED_TRACE(step);
    push_events(oldest);
    if (step % 2 == 1) remove_something(oldest);
    tell_of_repos();
    if (random_.chance(30)) start();
    check_rows_and_totals({}, {});
    check_windows({});
    check_nodes_and_series();
    if (HasFailure()) return;
  }

  const Table all_days = rows("daily");
  start({"--retention", "minute=" + std::to_string(kMinutesKept) + "d,hour=" + std::to_string(kHoursKept) +
                            "d,day=" + std::to_string(kDaysKept) + "d"});
  const Table days = rows("daily");
  std::int64_t first_day = INT64_MAX;
  for (const auto& [place, sums] : days) {
    if (std::get<0>(place) == "beacon") first_day = std::min(first_day, second_of(place));
  }
  ASSERT_LE(std::abs(first_day - (now_s() - kDaysKept * kDayS)), kDayS);
  Table past = all_days;
  std::erase_if(past, [&](const auto& day) { return second_of(day.first) >= first_day; });
  ASSERT_FALSE(past.empty());
  const Held held{now_s() / kHourS * kHourS - kMinutesKept * kDayS + kHourS,
                  now_s() / kDayS * kDayS - kHoursKept * kDayS + kDayS, first_day};
  for (int step = 0; step < 3; ++step) {
    SCOPED_TRACE(step);
    check_rows_and_totals(held, past);
    check_windows(held);
    if (HasFailure()) return;
    push_events(held.minutes);
    if (step == 1) remove_day(held.minutes);
  }
}

}  // namespace
}  // namespace minuted::test
