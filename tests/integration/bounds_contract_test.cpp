// The bounds on what is stored, as a node meets them: too many new series a minute (429), too many in
// all (rejected events), too little room on the disk (507) — each counted, and reads go on.
#include "integration/conversation.hpp"

namespace minuted::test {
namespace {

std::string events_of_hosts(unsigned first, unsigned count) {
  std::string body;
  for (unsigned i = first; i < first + count; ++i) {
    body += to_text(EventText{.host = "h" + std::to_string(i)}) + "\n";
  }
  return body;
}

class Bounded {
 public:
  explicit Bounded(std::vector<std::string> flags) {
    flags.insert(flags.end(), kNoFolds.begin(), kNoFolds.end());
    daemon_.emplace(directory_ / "store", flags);
    client_.emplace(daemon_->port());
  }
  HttpClient& client() { return *client_; }
  bool counts(const std::string& line) {
    return client().get("/metrics").body.find(line + "\n") != std::string::npos;
  }

 private:
  TempDir directory_;
  std::optional<Daemon> daemon_;
  std::optional<HttpClient> client_;
};

TEST(BoundsContractTest, TooManyNewSeriesAMinuteAreRefusedWhole) {
  Bounded bounded({"--new-series-per-minute-max", "10"});
  // A batch may pass the bound, since it could never go in otherwise; the next one waits for that.
  ASSERT_EQ(bounded.client().push_ndjson(events_of_hosts(0, 12)).status, 200U);
  const HeaderList key = {{"Idempotency-Key", "k"}};
  const Answer refused = bounded.client().push_ndjson(events_of_hosts(8, 8), key);
  EXPECT_EQ(refused.status, 429U);
  EXPECT_EQ(refused.header("retry-after"), "60");
  EXPECT_EQ(refused.body,
            refusal_text("too_many_new_series",
                         "more than 10 new series (repo, bucket, host) came within a minute; send the "
                         "batch again later"));
  // Nothing of it was stored, of the series that are known neither.
  EXPECT_EQ(bounded.client().get(std::string(kDayQuery) + "&hosts=h9,h13").body,
            rows_text({{.host = "h9"}}));
  // Known series go on, and the refused key is unused.
  EXPECT_EQ(bounded.client().push_ndjson(events_of_hosts(6, 4), key).body,
            to_text(ReceiptText{4}));
  EXPECT_TRUE(bounded.counts("minuted_http_refusals_total{reason=\"too_many_new_series\"} 1"));
}

TEST(BoundsContractTest, SeriesPastTheTotalAreRejectedEvents) {
  Bounded bounded({"--series-max", "3"});
  const Answer answer = bounded.client().push_ndjson(events_of_hosts(0, 5));
  EXPECT_EQ(answer.status, 200U);
  EXPECT_NE(answer.body.find(R"("accepted":3,"rejected":2)"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find(
                R"({"index":3,"field":"host","error":"host \"h3\" of repo \"r\" and bucket \"b\" )"
                R"(would be a new series, and the store may have 3 series; delete repos that )"
                R"(are not needed any more, or raise the limit"})"),
            std::string::npos)
      << answer.body;
  EXPECT_EQ(bounded.client().get(std::string(kDayQuery) + "&hosts=h2,h3").body,
            rows_text({{.host = "h2"}}));
}

TEST(BoundsContractTest, SeriesPastTheTotalRefuseAStrictBatchWhole) {
  Bounded bounded({"--series-max", "3"});
  const auto push = [&](const std::string& body, std::string_view query) {
    return bounded.client().post("/events" + std::string(query), body,
                                 {{"Content-Type", "application/x-ndjson"}, {"Idempotency-Key", "k"}});
  };
  for (int round = 0; round < 2; ++round) {
    const Answer refused = push(events_of_hosts(0, 5), "?strict=1");
    EXPECT_EQ(refused.status, 400U);
    EXPECT_EQ(refused.body,
              refusal_text("invalid_event",
                   "2 events of the strict batch are not accepted, and so none is; the first is at "
                   "index 3: host \"h3\" of repo \"r\" and bucket \"b\" would be a new series, and the "
                   "store may have 3 series; delete repos that are not needed any more, or raise the "
                   "limit"));
    EXPECT_EQ(bounded.client().get(kDayQuery).body, rows_text({}));
  }
  // The key is not used up, nor is a series.
  EXPECT_EQ(push(events_of_hosts(2, 3), "?strict=1").body, to_text(ReceiptText{3}));
  EXPECT_EQ(push(events_of_hosts(2, 3), "?strict=1").body,
            to_text(ReceiptText{.accepted = 3, .duplicate = true}));
}

TEST(BoundsContractTest, AFullDiskRefusesEventsAndServesReads) {
  const TempDir directory;
  {
    const Daemon roomy(directory / "store", kNoFolds);
    ASSERT_EQ(HttpClient(roomy.port()).push(to_text(EventText{})).status, 200U);
  }
  std::vector<std::string> flags = kNoFolds;
  flags.insert(flags.end(), {"--disk-reserve-bytes", "1PiB"});
  const Daemon full(directory / "store", flags);
  HttpClient client(full.port());
  const Answer refused = client.push(to_text(EventText{}));
  EXPECT_EQ(refused.status, 507U);
  EXPECT_FALSE(refused.header("retry-after").empty());
  // How much is free is the machine's affair.
  EXPECT_TRUE(refused.body.starts_with(R"({"success":false,"message":"only )")) << refused.body;
  const std::string rest =
      R"( bytes are free on the disk of the data, fewer than the reserve of 1125899906842624; make room, )"
      R"(or lower the reserve","error_code":"disk_full"})";
  EXPECT_TRUE(refused.body.ends_with(rest)) << refused.body;
  EXPECT_EQ(client.get(kDayQuery).body, rows_text({{}}));
  EXPECT_EQ(client.get("/livez").status, 200U);
  EXPECT_NE(client.get("/metrics").body.find("minuted_http_refusals_total{reason=\"disk_full\"} 1\n"),
            std::string::npos);
}

}  // namespace
}  // namespace minuted::test
