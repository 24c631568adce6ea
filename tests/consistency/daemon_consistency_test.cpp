// Holds up "reads see acknowledged writes" through HTTP: clients of the real daemon, each over its
// own connection, while it folds as fast as it is asked to.
#include <gtest/gtest.h>

#include "consistency/checker.hpp"
#include "support/answer_rows.hpp"
#include "support/daemon.hpp"
#include "support/http_client.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

constexpr const char* kRange = "?startDate=2023-12-31&endDate=2024-01-03";
constexpr const char* kRoutes[] = {"/stats/minute", "/stats/hourly", "/stats/daily"};

class DaemonTarget final : public Target {
 public:
  explicit DaemonTarget(std::uint16_t port) : client_(port) {}

  bool push(std::size_t group, const std::string& key) override {
    std::string body;
    for (std::size_t row = 0; row < kRowsPerGroup; ++row) {
      const Place place = place_of(group, row);
      body += R"({"repoId":")" + place.repo + R"(","bucketId":")" + place.bucket +
              R"(","host":")" + place.host +
              R"(","timestamp":)" + std::to_string(place.minute * 60) + R"(,"upl_bytes":1})" "\n";
    }
    return client_.push_ndjson(body, {{"Idempotency-Key", key}}).status == 200;
  }

  std::optional<std::vector<SeenRow>> read(const Question& question) override {
    std::string target = std::string(kRoutes[static_cast<std::size_t>(question.span)]) + kRange;
    if (question.group) target += "&bucketId=" + place_of(*question.group, 0).bucket;
    if (question.row) target += "&hosts=" + place_of(*question.group, *question.row).host;
    const Answer answer = client_.get(target);
    if (answer.status != 200 || !answer.whole) return {};
    std::vector<SeenRow> rows;
    for (const AnswerRow& row : read_answer_rows(answer.body)) {
      rows.push_back({{row.repo, row.bucket, row.host, row.minute}, row.upl_bytes});
    }
    return rows;
  }

  bool fold() override { return client_.post("/admin/fold", "").status == 200; }

 private:
  HttpClient client_;
};

TEST(DaemonConsistencyTest, ReadsSeeWhatWasAcknowledgedWhileFoldsRun) {
  const TempDir directory;
  const Daemon daemon(directory / "store",
                      {"--fold-interval", "1ms", "--memtables", "1MiB", "--log-level", "warn"});
  CheckOptions check;
  check.duration_ms = check_duration_ms();
  expect_consistent(
      check_consistency([&] { return std::make_unique<DaemonTarget>(daemon.port()); }, check),
      "daemon");
}

}  // namespace
}  // namespace minuted::test
