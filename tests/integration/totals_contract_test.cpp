// `GET /repo/stats`, `/bucket/stats` and `/unit/stats` through the socket: exact sums as strings, raw or
// folded, whatever is past or removed.
#include "integration/conversation.hpp"

namespace minuted::test {
namespace {

class TotalsContractTest : public ContractTest {
 protected:
  void push(std::string_view repo, std::string_view bucket, const std::string& more,
            std::string_view host = "h") {
    const std::string body = to_text(EventText{.repo = repo, .bucket = bucket, .host = host, .more = more});
    EXPECT_EQ(client_.push(body).body, to_text(ReceiptText{}));
  }
  static std::string stats(std::string_view objects) {
    return R"({"success":true,"stats":[)" + std::string(objects) + "]}";
  }
};

TEST_F(TotalsContractTest, SumsAreExactStringsRawAndFolded) {
  EXPECT_EQ(client_.get("/repo/stats").body, stats(""));
  push("a", "x", R"("upl_bytes":9223372036854775807,"size_change":-5)");
  push("a", "x", R"("upl_bytes":9223372036854775807,"dwl_bytes":3)", "i");
  push("a", "y", R"("upl_bytes":1)");
  push("b", "x", R"("dwl_bytes":7,"size_change":2)");
  for (int round = 0; round < 3; ++round) {
    SCOPED_TRACE(round);
    EXPECT_EQ(client_.get("/repo/stats").body,
              stats(R"({"repoId":"a","totalUploadBytes":"18446744073709551615",)"
                    R"("totalDownloadBytes":"3","totalSizeChange":"-5"},)"
                    R"({"repoId":"b","totalUploadBytes":"0","totalDownloadBytes":"7",)"
                    R"("totalSizeChange":"2"})"));
    EXPECT_EQ(client_.get("/repo/stats?repoId=b,unknown").body,
              stats(R"({"repoId":"b","totalUploadBytes":"0","totalDownloadBytes":"7",)"
                    R"("totalSizeChange":"2"})"));
    EXPECT_EQ(client_.get("/bucket/stats").body,
              stats(R"({"bucketId":"x","totalCount":"3","totalUploadBytes":"18446744073709551614",)"
                    R"("totalDownloadBytes":"10","totalSizeChange":"-3"},)"
                    R"({"bucketId":"y","totalCount":"1","totalUploadBytes":"1",)"
                    R"("totalDownloadBytes":"0","totalSizeChange":"0"})"));
    EXPECT_EQ(client_.get("/unit/stats?unitId=y&unitId=none").body,
              stats(R"({"unitId":"y","totalCount":"1","totalUploadBytes":"1",)"
                    R"("totalDownloadBytes":"0","totalSizeChange":"0"})"));
    if (round == 0) fold();
  }
  EXPECT_EQ(client_.request("DELETE", "/repos/a").status, 200U);
  EXPECT_EQ(client_.get("/bucket/stats").body,
            stats(R"({"bucketId":"x","totalCount":"1","totalUploadBytes":"0",)"
                  R"("totalDownloadBytes":"7","totalSizeChange":"2"})"));
}

// Half of each is folded when it is asked.
TEST_F(TotalsContractTest, WhatIsFoldedAndWhatIsNotAddUp) {
  push("a", "x", R"("upl_bytes":1)");
  fold();
  push("a", "x", R"("upl_bytes":2)");
  EXPECT_EQ(client_.get("/repo/stats").body,
            stats(R"({"repoId":"a","totalUploadBytes":"3","totalDownloadBytes":"0","totalSizeChange":"0"})"));
  EXPECT_EQ(client_.get("/bucket/stats").body,
            stats(R"({"bucketId":"x","totalCount":"2","totalUploadBytes":"3","totalDownloadBytes":"0",)"
                  R"("totalSizeChange":"0"})"));
}

TEST_F(TotalsContractTest, BucketsAreSummedWithinTheReposAskedFor) {
  push("a", "x", R"("upl_bytes":1)");
  push("a", "y", R"("upl_bytes":2)");
  push("b", "x", R"("upl_bytes":4)");
  push("c", "x", R"("upl_bytes":8)");
  const auto row = [](std::string_view kind, std::string_view id, int count, int bytes) {
    return R"({")" + std::string(kind) + R"(":")" + std::string(id) + R"(","totalCount":")" +
           std::to_string(count) + R"(","totalUploadBytes":")" + std::to_string(bytes) +
           R"(","totalDownloadBytes":"0","totalSizeChange":"0"})";
  };
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(client_.get("/bucket/stats?repoId=a").body,
              stats(row("bucketId", "x", 1, 1) + "," + row("bucketId", "y", 1, 2)));
    EXPECT_EQ(client_.get("/unit/stats?repoId=a,c&unitId=x").body, stats(row("unitId", "x", 2, 9)));
    EXPECT_EQ(client_.get("/bucket/stats?repoId=b&bucketId=y").body, stats(""));
    EXPECT_EQ(client_.get("/bucket/stats?repoId=none").body, stats(""));
    EXPECT_EQ(client_.get("/bucket/stats?repoId=").body,
              stats(row("bucketId", "x", 3, 13) + "," + row("bucketId", "y", 1, 2)));
    if (round == 0) fold();
  }
  EXPECT_EQ(client_.get("/bucket/stats?repoId=%01").status, 400U);
}

TEST_F(TotalsContractTest, BadIdsAreRefusedAndOthersIgnored) {
  EXPECT_EQ(client_.get("/repo/stats?repoId=%01").status, 400U);
  EXPECT_EQ(client_.get("/bucket/stats?bucketId=a&unitId=b").status, 400U);
  EXPECT_EQ(client_.get("/repo/stats?bucketId=%01&startDate=never").status, 200U);
}

}  // namespace
}  // namespace minuted::test
