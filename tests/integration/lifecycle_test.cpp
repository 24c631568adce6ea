// The daemon as an operator starts, stops and restarts it.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/daemon.hpp"
#include "support/http_client.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

std::string event_at(const std::string& timestamp) {
  return R"({"repoId":"r","bucketId":"b","host":"h","timestamp":")" + timestamp +
         R"(","upl_bytes":7})";
}

TEST(LifecycleTest, HealthAndVersionAreAnswered) {
  const TempDir directory;
  const Daemon daemon(directory / "store");
  HttpClient client(daemon.port());
  EXPECT_EQ(client.get("/livez").body, R"({"success":true,"status":"alive"})");
  EXPECT_EQ(client.get("/readyz").body, R"({"success":true,"status":"ready"})");
  EXPECT_EQ(client.get("/version").body,
            R"({"success":true,"name":"minuted","version":")" MINUTED_TEST_VERSION R"("})");
}

TEST(LifecycleTest, SignalsStopItCleanly) {
  for (const int number : {SIGTERM, SIGINT}) {
    const TempDir directory;
    Daemon daemon(directory / "store");
    HttpClient idle(daemon.port());
    EXPECT_EQ(idle.get("/livez").status, 200U);
    daemon.signal(number);
    EXPECT_EQ(daemon.wait(), 0) << daemon.output();
    EXPECT_TRUE(idle.closed());
    EXPECT_NE(daemon.output().find("stopped"), std::string::npos) << daemon.output();
  }
}

TEST(LifecycleTest, WhatWasAcknowledgedIsThereAfterEveryKindOfEnd) {
  const TempDir directory;
  const std::string rows =
      R"({"success":true,"data":[{"timestamp":1704103200,"repoId":"r","bucketId":"b",)"
      R"("upl_bytes":7,"dwl_bytes":0,"size_change":0,"latency_ms":0,"host":"h"}]})";
  const std::string question = "/stats/minute?startDate=2024-01-01&endDate=2024-01-01";
  {
    Daemon daemon(directory / "store");
    HttpClient client(daemon.port());
    ASSERT_EQ(client.push(event_at("2024-01-01T10:00:30Z")).status, 200U);
    daemon.kill();
  }
  {
    Daemon daemon(directory / "store");
    EXPECT_EQ(HttpClient(daemon.port()).get(question).body, rows);
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.wait(), 0);
  }
  const Daemon daemon(directory / "store");
  EXPECT_EQ(HttpClient(daemon.port()).get(question).body, rows);
}

TEST(LifecycleTest, ASecondDaemonOnTheSameDirectoryIsRefused) {
  const TempDir directory;
  const Daemon daemon(directory / "store");
  const Finished second =
      run_daemon_program({"--data", directory / "store", "--listen", "127.0.0.1:0"});
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_NE(second.output.find("another process has the data directory"), std::string::npos)
      << second.output;
}

TEST(LifecycleTest, ATakenPortIsRefusedByName) {
  const TempDir directory;
  const Daemon daemon(directory / "one");
  const std::string address = "127.0.0.1:" + std::to_string(daemon.port());
  const Finished second = run_daemon_program({"--data", directory / "two", "--listen", address});
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_NE(second.output.find("cannot listen on " + address), std::string::npos) << second.output;
}

TEST(LifecycleTest, AnOlderStoreIsRefusedWithAClearMessage) {
  const TempDir directory;
  {
    Daemon daemon(directory / "store");
    daemon.signal(SIGTERM);
    ASSERT_EQ(daemon.wait(), 0);
  }
  std::ofstream(directory / "store/minuted.store") << "minuted store, format 0\n";
  const Finished refused =
      run_daemon_program({"--data", directory / "store", "--listen", "127.0.0.1:0"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.output.find("the data directory is of format 0"), std::string::npos)
      << refused.output;
}

TEST(LifecycleTest, ADirectoryOfSomethingElseIsLeftAlone) {
  const TempDir directory;
  std::ofstream(directory / "letters.txt") << "not yours";
  const Finished refused =
      run_daemon_program({"--data", directory.path(), "--listen", "127.0.0.1:0"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.output.find("holds files but no minuted.store"), std::string::npos)
      << refused.output;
  EXPECT_FALSE(std::filesystem::exists(directory / "rocksdb"));
}

TEST(LifecycleTest, AnAddressOfTheNetworkNeedsTokens) {
  const TempDir directory;
  const Finished refused =
      run_daemon_program({"--data", directory / "store", "--listen", "0.0.0.0:0"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.output.find("tokens"), std::string::npos) << refused.output;
}

// What would be refused at the start is refused by the check, and nothing is made by it.
TEST(LifecycleTest, CheckConfigRefusesWhatTheStartWould) {
  const TempDir directory;
  const std::string tokens = directory / "tokens.toml";
  std::ofstream(tokens) << "not a file of tokens";
  struct Case {
    std::vector<std::string> flags;
    std::string reason;
  };
  for (const Case& one : {Case{{"--retention", "minute=90d,hour=2d"}, "keeps hour for 2d"},
                          Case{{"--tokens", tokens}, "cannot read the tokens: "}}) {
    std::vector<std::string> check = {"--check-config", "--data", directory / "store"};
    std::vector<std::string> start = {"--data", directory / "store", "--listen", "127.0.0.1:0"};
    check.insert(check.end(), one.flags.begin(), one.flags.end());
    start.insert(start.end(), one.flags.begin(), one.flags.end());
    const Finished checked = run_daemon_program(check);
    EXPECT_EQ(checked.exit_code, 2) << checked.output;
    EXPECT_NE(checked.output.find(one.reason), std::string::npos) << checked.output;
    EXPECT_FALSE(std::filesystem::exists(directory / "store"));
    EXPECT_NE(run_daemon_program(start).exit_code, 0);
    std::filesystem::remove_all(directory / "store");
  }
  const Finished good = run_daemon_program({"--check-config", "--retention", "minute=90d, hour=2y"});
  EXPECT_EQ(good.exit_code, 0) << good.output;
}

TEST(LifecycleTest, ARequestUnderWayIsAnsweredBeforeTheEnd) {
  const TempDir directory;
  Daemon daemon(directory / "store");
  HttpClient client(daemon.port());
  const std::string body = event_at("2024-01-01T10:00:30Z");
  ASSERT_TRUE(client.send("POST /events HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                          "Content-Type: application/json\r\nContent-Length: " +
                          std::to_string(body.size()) + "\r\n\r\n"));
  ASSERT_EQ(client.read_bytes(25), "HTTP/1.1 100 Continue\r\n\r\n");  // now it is under way
  daemon.signal(SIGTERM);
  ASSERT_TRUE(client.send(body));
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 200U);
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(daemon.wait(), 0) << daemon.output();
}

}  // namespace
}  // namespace minuted::test
