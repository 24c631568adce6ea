// What an operator reads in the daemon's log, scenario by scenario, and how much a stranger can make
// it write.
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <string>

#include "integration/conversation.hpp"
#include "integration/token_texts.hpp"

namespace minuted::test {
namespace {

std::string write_tokens(const TempDir& directory) {
  const std::string path = directory / "tokens.toml";
  std::ofstream(path) << "format = 1\n" << token_text("agents", R"("ingest")");
  return path;
}

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; ++at) ++count;
  return count;
}

// What the daemon has written once it has stopped.
std::string stop(Daemon& daemon) {
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0) << daemon.output();
  return daemon.output();
}

class LogScenariosTest : public testing::Test {
 protected:
  TempDir directory_;
};

TEST_F(LogScenariosTest, ARefusedTokenIsALineWithItsReasonAndWithoutTheToken) {
  Daemon daemon(directory_ / "store", {"--tokens", write_tokens(directory_)});
  HttpClient client(daemon.port());
  EXPECT_EQ(client.push(to_text(EventText{}), bearer("stranger")).status, 401U);
  EXPECT_EQ(client.get("/series", bearer("agents")).status, 403U);
  const std::string log = stop(daemon);
  EXPECT_TRUE(std::regex_search(
      log, std::regex(R"re("level":"info","message":"request"[^\n]*"peer":"127.0.0.1","method":"POST",)re"
                      R"re("path":"/events","status":401,"error_code":"unknown_token")re")))
      << log;
  EXPECT_TRUE(std::regex_search(log, std::regex(R"re("token":"agents"[^\n]*"status":403,)re"))) << log;
  EXPECT_EQ(log.find("mnt_"), log.npos) << log;
}

// One line at once, and at the stop one for the rest: not one for each push.
TEST_F(LogScenariosTest, RejectedEventsAreOneLineByReasonAndToken) {
  Daemon daemon(directory_ / "store", {"--tokens", write_tokens(directory_)});
  HttpClient client(daemon.port());
  const std::string ahead = to_text(EventText{.time = "2999-01-01T00:00:00Z"});
  const std::string body = "[" + to_text(EventText{}) + "," + ahead + "," + ahead + R"(,{"repoId":"r"}])";
  constexpr int kPushes = 50;
  for (int i = 0; i < kPushes; ++i) {
    EXPECT_EQ(client.push(body, bearer("agents")).status, 200U);
  }
  const std::string log = stop(daemon);
  for (const auto& [reason, events_each, field] :
       {std::tuple{"too_far_ahead", 2, "timestamp"}, std::tuple{"missing", 1, "bucketId"}}) {
    const std::regex line(R"re("level":"warn","message":"events rejected","token":"agents","reason":")re" +
                          std::string(reason) +
                          R"re(","events":(\d+),"requests":(\d+),"index":\d,"field":")re" + field + "\"");
    int events = 0;
    int requests = 0;
    int lines = 0;
    for (std::sregex_iterator at(log.begin(), log.end(), line), end; at != end; ++at, ++lines) {
      events += std::stoi((*at)[1]);
      requests += std::stoi((*at)[2]);
    }
    EXPECT_EQ(events, events_each * kPushes) << log;
    EXPECT_EQ(requests, kPushes);
    EXPECT_LE(lines, 2);
  }
}

TEST_F(LogScenariosTest, EventsOverTheMostSeriesAreOneLine) {
  Daemon daemon(directory_ / "store", {"--series-max", "1"});
  HttpClient client(daemon.port());
  EXPECT_EQ(client.push(to_text(EventText{.host = "one"})).status, 200U);
  EXPECT_EQ(client.push("[" + to_text(EventText{.host = "two"}) + ",{}]").status, 200U);
  const std::string log = stop(daemon);
  EXPECT_EQ(count_of(log, R"("message":"events rejected","token":"","reason":"series_max","events":1,)"), 1U)
      << log;
  EXPECT_EQ(count_of(log, R"("message":"events rejected","token":"","reason":"missing","events":1,)"), 1U)
      << log;
}

TEST_F(LogScenariosTest, ADiskBelowItsReserveIsALineAtTheStart) {
  Daemon daemon(directory_ / "store", {"--disk-reserve-bytes", "1PiB"});
  HttpClient client(daemon.port());
  EXPECT_EQ(client.push(to_text(EventText{})).status, 507U);
  const std::string log = stop(daemon);
  EXPECT_EQ(count_of(log, R"("level":"error","message":"writes stopped","code":"disk_full","reason":"only )"), 1U)
      << log;
}

// Thousands of requests with 7 KB of path and no token.
TEST_F(LogScenariosTest, AStrangersFloodWritesSomeKilobytes) {
  Daemon daemon(directory_ / "store", {"--tokens", write_tokens(directory_)});
  constexpr int kRequests = 3'000;
  constexpr int kPipelined = 100;
  const std::string request = "GET /" + std::string(7'000, 'x') + "%E2%80%AE%C2%9B" +
                              " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  HttpClient client(daemon.port());
  std::string pipelined;
  for (int i = 0; i < kPipelined; ++i) pipelined += request;
  int answered = 0;
  for (int sent = 0; sent < kRequests; sent += kPipelined) {
    ASSERT_TRUE(client.send(pipelined));
    for (int i = 0; i < kPipelined; ++i) answered += client.read_answer().status >= 400 ? 1 : 0;
  }
  EXPECT_EQ(answered, kRequests);
  const std::string log = stop(daemon);
  EXPECT_LT(log.size(), 32U << 10) << "bytes of log for " << kRequests << " requests";
  EXPECT_GE(count_of(log, "\"message\":\"request\""), 5U);
  EXPECT_NE(log.find("\"left_out\":"), log.npos);
  EXPECT_EQ(log.find("\xE2\x80\xAE"), log.npos);
  for (std::size_t at = 0, end; (end = log.find('\n', at)) != log.npos; at = end + 1) {
    EXPECT_LE(end - at, 1023U);
  }
}

}  // namespace
}  // namespace minuted::test
