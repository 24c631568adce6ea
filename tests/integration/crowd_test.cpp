// Thousands of connections, and a few more than may be, beside a healthy client.
#include <sys/resource.h>

#include <algorithm>

#include "integration/hostile.hpp"

namespace minuted::test {
namespace {

constexpr std::size_t kConnectionsMax = 3000;
constexpr std::size_t kCrowd = 2000;
// Descriptors this process may have beside the crowd's.
constexpr std::size_t kOtherFiles = 100;

// As far as it may be raised.
std::size_t raise_file_limit(std::size_t wanted) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(std::max<rlim_t>(limit.rlim_cur, wanted), limit.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

class CrowdTest : public HostileTest {
 protected:
  CrowdTest() : HostileTest({"--connections-max", std::to_string(kConnectionsMax)}) {}

  void SetUp() override {
    const std::size_t files = raise_file_limit(kConnectionsMax + kOtherFiles);
    if (files < kConnectionsMax + kOtherFiles) {
      GTEST_SKIP() << "only " << files << " files may be open; " << kConnectionsMax + kOtherFiles
                   << " are needed";
    }
  }
};

TEST_F(CrowdTest, ThousandsOfConnectionsAreServed) {
  attack([this] {
    std::vector<HttpClient> all = clients(kCrowd);
    for (int round = 0; round < 2; ++round) {
      for (HttpClient& one : all) ASSERT_TRUE(one.send(kAskAlive));
      for (HttpClient& one : all) ASSERT_EQ(one.read_answer().body, kAlive);
    }
    // Half of them leave without a word, half in the middle of a request.
    for (std::size_t i = 0; i < all.size(); i += 2) all[i].send("POST /events HTTP/1.1\r\nHo");
  });
  wait_for_metric("minuted_http_connections", [](std::uint64_t count) { return count == 1; });
}

TEST_F(CrowdTest, OneMoreThanMayBeTakesThePlaceOfTheIdlest) {
  std::vector<HttpClient> all = clients(kConnectionsMax);
  for (HttpClient& one : all) ASSERT_EQ(one.get("/livez").body, kAlive);
  // The first now is the one that asked last.
  ASSERT_EQ(all.front().get("/livez").body, kAlive);
  constexpr std::size_t kMore = 3;
  std::vector<HttpClient> more = clients(kMore);
  for (HttpClient& one : more) EXPECT_EQ(one.get("/livez").body, kAlive);
  for (std::size_t i = 1; i <= kMore; ++i) EXPECT_TRUE(all[i].closed()) << i;
  EXPECT_EQ(all[kMore + 1].get("/livez").body, kAlive);
  EXPECT_EQ(all.front().get("/livez").body, kAlive);
  all.clear();
  EXPECT_EQ(metric("minuted_http_connections_evicted_total{waiting_for=\"next_request\"}"), kMore);
}

}  // namespace
}  // namespace minuted::test
