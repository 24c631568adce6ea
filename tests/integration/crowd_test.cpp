// Thousands of connections, and one more than may be, beside a healthy client.
#include <sys/resource.h>

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

TEST_F(CrowdTest, OneMoreThanMayBeIsRefusedUntilAnotherLeaves) {
  std::vector<HttpClient> all = clients(kConnectionsMax);
  for (HttpClient& one : all) ASSERT_EQ(one.get("/livez").body, kAlive);
  {
    HttpClient one_more(daemon_.port());
    const Answer refused = one_more.read_answer();
    EXPECT_EQ(refused.status, 503U);
    EXPECT_EQ(refused.header("retry-after"), "1");
    EXPECT_EQ(refused.header("connection"), "close");
    EXPECT_EQ(refused.body,
              refusal_text("too_many_connections",
                           "the server has 3000 connections, as many as it may; try again soon"));
    EXPECT_TRUE(one_more.closed());
  }
  EXPECT_EQ(all.front().get("/livez").body, kAlive);
  all.pop_back();
  constexpr int kTriesMax = 10'000;  // it takes the daemon a moment to see that one has left
  unsigned status = 503;
  for (int i = 0; i < kTriesMax && status != 200; ++i) {
    HttpClient next(daemon_.port());
    next.send(kAskAlive);
    status = next.read_answer().status;
  }
  EXPECT_EQ(status, 200U);
}

}  // namespace
}  // namespace minuted::test
