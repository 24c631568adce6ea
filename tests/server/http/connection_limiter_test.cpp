// Who is admitted at the bound on connections, and who is evicted for it.
#include "http/connection_limiter.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "http/server.hpp"

namespace minuted::http {
namespace {

using Verdict = ConnectionLimiter::Verdict;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Connections that are numbered from 1 in the order they come.
class ConnectionLimiterTest : public testing::Test {
 protected:
  ConnectionLimiter::Admission enter(ConnectionLimiter& limiter, const std::string& address = "a",
                                     bool exempt = false) {
    return limiter.enter(
        address, exempt, socket_, [this](std::uint64_t id) { closed_.push_back(id); }, now_);
  }
  // Admits one more and returns whom it was admitted for; 0 for nobody.
  std::uint64_t evicted_by_another(ConnectionLimiter& limiter, const std::string& address = "a") {
    closed_.clear();
    const auto admission = enter(limiter, address);
    EXPECT_EQ(admission.verdict, Verdict::kAdmitted);
    EXPECT_EQ(admission.evicted == Waiting::kNothing, closed_.empty());
    EXPECT_LE(closed_.size(), 1U);
    if (admission.place != nullptr) {
      EXPECT_TRUE(admission.place->go_on());
    }
    return closed_.empty() ? 0 : closed_.front();
  }

  ConnectionPlace::Clock::time_point now_{std::chrono::hours(1)};
  std::vector<std::uint64_t> closed_;
  int socket_ = -1;
};

TEST_F(ConnectionLimiterTest, CountsInAllAndByAddress) {
  ConnectionLimiter limiter(3, 2);
  const auto first = enter(limiter, "a");
  const auto second = enter(limiter, "a");
  ASSERT_TRUE(first.place->go_on() && second.place->go_on());
  EXPECT_EQ(enter(limiter, "a").verdict, Verdict::kTooManyFromAddress);
  const auto third = enter(limiter, "b");
  ASSERT_TRUE(third.place->go_on());
  EXPECT_EQ(enter(limiter, "c").verdict, Verdict::kTooMany);
  EXPECT_EQ(limiter.size(), 3U) << "who is refused does not count";
  limiter.leave(*first.place);
  EXPECT_EQ(enter(limiter, "c").verdict, Verdict::kAdmitted);
  EXPECT_TRUE(closed_.empty()) << "all were busy";
}

TEST_F(ConnectionLimiterTest, ExemptAddressesCountInAllOnly) {
  ConnectionLimiter limiter(4, 1);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(enter(limiter, "a", true).place->go_on());
  }
  ASSERT_TRUE(enter(limiter, "b").place->go_on());
  EXPECT_EQ(enter(limiter, "a", true).verdict, Verdict::kTooMany);
}

TEST_F(ConnectionLimiterTest, OneAddressCannotHoldAllConnections) {
  ConnectionLimiter limiter(16, 1000);
  for (int i = 0; i < 14; ++i) {
    ASSERT_TRUE(enter(limiter, "a").place->go_on());
  }
  EXPECT_EQ(enter(limiter, "a").verdict, Verdict::kTooManyFromAddress);
  EXPECT_EQ(enter(limiter, "b").verdict, Verdict::kAdmitted);
}

TEST_F(ConnectionLimiterTest, TheOneThatWaitedLongestGoesFirst) {
  ConnectionLimiter limiter(4, 4);
  std::vector<ConnectionPlace*> all;
  for (int i = 0; i < 3; ++i) all.push_back(enter(limiter).place);
  ASSERT_TRUE(enter(limiter, "b").place->go_on());
  EXPECT_TRUE(all[0]->wait(Waiting::kNextRequest, now_ - seconds(2)));
  EXPECT_TRUE(all[1]->wait(Waiting::kNextRequest, now_ - seconds(4)));
  EXPECT_TRUE(all[2]->wait(Waiting::kFirstRequest, now_ - seconds(3)));
  EXPECT_EQ(evicted_by_another(limiter, "c"), 2U);
  EXPECT_TRUE(all[1]->evicted());
  EXPECT_FALSE(all[1]->go_on()) << "it may not answer what comes now";
  EXPECT_FALSE(all[1]->wait(Waiting::kNextRequest, now_));
  // What was found before does not count if it has changed since.
  EXPECT_TRUE(all[2]->go_on());
  EXPECT_EQ(evicted_by_another(limiter, "c"), 1U);
  EXPECT_EQ(limiter.leaving(), 2U);
  EXPECT_EQ(limiter.size(), 6U);
  limiter.leave(*all[1]);
  limiter.leave(*all[0]);
  EXPECT_EQ(limiter.leaving(), 0U);
  EXPECT_EQ(limiter.size(), 4U);
  EXPECT_EQ(enter(limiter, "c").verdict, Verdict::kTooMany) << "nobody waits";
}

TEST_F(ConnectionLimiterTest, AtItsOwnBoundAnAddressLosesItsOwn) {
  ConnectionLimiter limiter(16, 2);
  const auto other = enter(limiter, "b");
  ASSERT_TRUE(other.place->wait(Waiting::kNextRequest, now_ - seconds(100)));
  const auto idle = enter(limiter, "a");
  ASSERT_TRUE(idle.place->wait(Waiting::kNextRequest, now_ - seconds(3)));
  ASSERT_TRUE(enter(limiter, "a").place->go_on());
  EXPECT_EQ(evicted_by_another(limiter, "a"), 2U);
  EXPECT_FALSE(other.place->evicted());
}

// In the order in which they go, whatever their age.
TEST_F(ConnectionLimiterTest, WhoDoesLessGoesFirst) {
  ConnectionLimiter limiter(8, 8);
  std::vector<ConnectionPlace*> all;
  for (int i = 0; i < 6; ++i) all.push_back(enter(limiter, std::to_string(i)).place);
  for (int i = 6; i < 8; ++i) {
    ASSERT_TRUE(enter(limiter, std::to_string(i)).place->go_on());
  }
  EXPECT_TRUE(all[0]->wait(Waiting::kNextRequest, now_ - milliseconds(900)));
  EXPECT_TRUE(all[1]->wait(Waiting::kAnswer, now_ - seconds(6)));
  EXPECT_TRUE(all[2]->wait(Waiting::kBody, now_ - seconds(20)));
  all[2]->add_progress(20 * ConnectionLimiter::kBodyBytesPerSecondMin - 1);
  EXPECT_TRUE(all[3]->wait(Waiting::kHeader, now_ - seconds(1)));
  EXPECT_TRUE(all[4]->wait(Waiting::kNextRequest, now_ - seconds(1)));
  EXPECT_TRUE(all[5]->wait(Waiting::kFirstRequest, now_ - milliseconds(250)));
  for (const std::uint64_t id : {5U, 6U, 4U, 3U, 2U, 1U}) {
    EXPECT_EQ(evicted_by_another(limiter, "c"), id);
  }
  EXPECT_EQ(enter(limiter, "d").verdict, Verdict::kTooMany);
}

// A client that has just connected has had no time to ask: whoever asked for nothing for longer goes first.
TEST_F(ConnectionLimiterTest, WhoHasJustComeIsNotIdle) {
  ConnectionLimiter limiter(4, 4);
  auto* const fresh = enter(limiter, "a").place;
  auto* const header = enter(limiter, "b").place;
  auto* const recent = enter(limiter, "c").place;
  auto* const older = enter(limiter, "d").place;
  EXPECT_TRUE(fresh->wait(Waiting::kFirstRequest, now_ - milliseconds(249)));
  EXPECT_TRUE(header->wait(Waiting::kHeader, now_));
  EXPECT_TRUE(recent->wait(Waiting::kNextRequest, now_ - milliseconds(10)));
  EXPECT_TRUE(older->wait(Waiting::kFirstRequest, now_ - milliseconds(251)));
  for (const std::uint64_t id : {4U, 2U, 1U, 3U}) EXPECT_EQ(evicted_by_another(limiter, "e"), id);
}

TEST_F(ConnectionLimiterTest, WhoMakesProgressStays) {
  ConnectionLimiter limiter(2, 2);
  auto* const body = enter(limiter, "a").place;
  auto* const answer = enter(limiter, "b").place;
  EXPECT_TRUE(body->wait(Waiting::kBody, now_ - seconds(20)));
  body->add_progress(20 * ConnectionLimiter::kBodyBytesPerSecondMin);
  EXPECT_TRUE(answer->wait(Waiting::kAnswer, now_ - seconds(4)));
  EXPECT_EQ(enter(limiter, "c").verdict, Verdict::kTooMany);
  EXPECT_TRUE(body->wait(Waiting::kBody, now_ - seconds(20))) << "progress counts from anew";
  EXPECT_EQ(evicted_by_another(limiter, "c"), 1U);
}

TEST_F(ConnectionLimiterTest, AClientWithMoreThanHalfOfThemLosesOneFirst) {
  ConnectionLimiter limiter(8, 8);
  std::vector<ConnectionPlace*> all;
  for (int i = 0; i < 8; ++i) {
    all.push_back(enter(limiter, "proxy", true).place);
    limiter.identify(*all.back(), i < 3 ? "modest" : "greedy");
    EXPECT_TRUE(all.back()->wait(Waiting::kNextRequest, now_ - seconds(100 - i)));
  }
  EXPECT_EQ(evicted_by_another(limiter, "c"), 4U);
  // It has no more than half now.
  EXPECT_EQ(evicted_by_another(limiter, "c"), 1U);
}

TEST_F(ConnectionLimiterTest, MoreThanOneSearchFindsAreEvictedInOrder) {
  constexpr std::size_t kMany = 300;
  ConnectionLimiter limiter(kMany, kMany);
  for (std::size_t i = 0; i < kMany; ++i) {
    now_ += milliseconds(1);
    enter(limiter, std::to_string(i));
  }
  for (std::uint64_t id = 1; id <= kMany; ++id) {
    EXPECT_EQ(evicted_by_another(limiter, "c" + std::to_string(id)), id);
  }
}

TEST_F(ConnectionLimiterTest, WaitsForTheLastToLeave) {
  ConnectionLimiter limiter(4, 4);
  EXPECT_TRUE(limiter.wait_until_empty(0));
  auto* const first = enter(limiter).place;
  auto* const second = enter(limiter).place;
  EXPECT_EQ(limiter.evict_one(now_), Waiting::kFirstRequest);
  EXPECT_FALSE(limiter.wait_until_empty(0));
  std::thread leaver([&] {
    limiter.leave(*first);
    limiter.leave(*second);
  });
  EXPECT_TRUE(limiter.wait_until_empty(60'000));
  leaver.join();
  EXPECT_EQ(limiter.size(), 0U);
}

TEST_F(ConnectionLimiterTest, WhoseRequestHasComeIsNotIdle) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  ASSERT_EQ(::send(ends[0], "G", 1, 0), 1);
  ConnectionLimiter limiter(2, 2);
  socket_ = ends[1];
  ASSERT_NE(enter(limiter, "a").place, nullptr);
  socket_ = -1;
  now_ += seconds(1);
  ASSERT_NE(enter(limiter, "b").place, nullptr);
  EXPECT_EQ(evicted_by_another(limiter, "c"), 2U) << "the first has waited longer for its loop";
  const auto refused = enter(limiter, "d");
  EXPECT_EQ(refused.verdict, Verdict::kTooMany);
  EXPECT_TRUE(refused.again);
  char byte = 0;
  ASSERT_EQ(::recv(ends[1], &byte, 1, 0), 1);
  EXPECT_EQ(evicted_by_another(limiter, "d"), 1U);
  EXPECT_FALSE(enter(limiter, "e").again);
  ::close(ends[0]);
  ::close(ends[1]);
}

// One of both happens: the connection goes on, or it is evicted and knows.
TEST_F(ConnectionLimiterTest, AnEvictionAndARequestAtTheSameTimeAgree) {
  for (int round = 0; round < 300; ++round) {
    ConnectionLimiter limiter(1, 1);
    auto* const place = enter(limiter).place;
    bool goes_on = false;
    std::thread request([&] { goes_on = place->go_on(); });
    const bool evicted = limiter.evict_one(now_) != Waiting::kNothing;
    request.join();
    ASSERT_NE(goes_on, evicted);
    limiter.leave(*place);
  }
}

TEST_F(ConnectionLimiterTest, WhoIsNotAdmittedIsToldTheBound) {
  const ConnectionLimiter limiter(7, 3);
  EXPECT_EQ(refusal_of(Verdict::kTooMany, limiter).body,
            R"({"success":false,"message":"the server has 7 connections, as many as it may, and none of them )"
            R"(is idle; try again soon","error_code":"too_many_connections"})");
  EXPECT_EQ(refusal_of(Verdict::kTooManyFromAddress, limiter).body,
            R"({"success":false,"message":"your address has 3 connections, as many as it may, and none of )"
            R"(them is idle; reuse them, or try again soon","error_code":"too_many_from_address"})");
}

}  // namespace
}  // namespace minuted::http
