// minuted-load against the real daemon: what it says it pushed is what the daemon then has, over a
// good network, a bad one, and against a daemon that has too much to do.
#include <gtest/gtest.h>
#include <simdjson.h>
#include <stdio.h>
#include <sys/wait.h>

#include <chrono>
#include <map>
#include <sstream>
#include <string>

#include "load/load.hpp"
#include "support/daemon.hpp"
#include "support/http_client.hpp"
#include "support/proxy.hpp"
#include "support/random.hpp"
#include "support/temp_dir.hpp"

namespace minuted::load {
namespace {

using test::Answer;
using test::Daemon;
using test::HttpClient;
using test::Proxy;
using test::TempDir;

// The program's `name value` lines and its exit code.
struct Outcome {
  int exit_code = -1;
  std::map<std::string, std::string> figures;
};

Outcome run_program(const std::string& flags) {
  Outcome outcome;
  FILE* const pipe = ::popen((MINUTED_LOAD_BINARY " " + flags).c_str(), "r");
  if (pipe == nullptr) return outcome;
  std::string text;
  char some[4096];
  for (std::size_t bytes; (bytes = ::fread(some, 1, sizeof some, pipe)) > 0;)
    text.append(some, bytes);
  const int status = ::pclose(pipe);
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  std::istringstream lines(text);
  for (std::string name, value; lines >> name >> value;) outcome.figures[name] = value;
  return outcome;
}

std::string port_flag(std::uint16_t port) { return "--port " + std::to_string(port); }

// What the daemon has, over all days. Events are what it has counted since it started.
EventSums sums_in(std::uint16_t port) {
  HttpClient client(port);
  const Answer answer = client.get("/stats/daily?startDate=2001-01-01&endDate=2100-01-01");
  EXPECT_EQ(answer.status, 200U) << answer.body;
  EventSums sums;
  simdjson::dom::parser parser;
  for (const auto row : parser.parse(answer.body)["data"].get_array()) {
    sums.add({0, row["upl_bytes"].get_uint64().value(), row["dwl_bytes"].get_uint64().value(),
              row["size_change"].get_int64().value()});
  }
  const std::string metrics = client.get("/metrics").body;
  constexpr std::string_view kEvents = "\nminuted_commit_events_total ";
  sums.events = std::stoull(metrics.substr(metrics.find(kEvents) + kEvents.size()));
  return sums;
}

TEST(LoadDaemonTest, TheDaemonHasWhatTheProgramSaysItPushed) {
  for (const char* form : {"", " --form json --compress gzip", " --compress zstd", " --live --ids",
                           " --no-keys --rate 400000"}) {
    SCOPED_TRACE(form);
    const TempDir directory;
    const Daemon daemon(directory / "store");
    const Outcome outcome = run_program(port_flag(daemon.port()) +
                                        " --connections 2 --events 20000 --batch 500" + form);
    EXPECT_EQ(outcome.exit_code, 0);
    auto figures = outcome.figures;
    EXPECT_EQ(figures["events"], "20000");
    EXPECT_EQ(figures["batches"], "40");
    EXPECT_EQ(figures["requests"], "40");
    EXPECT_EQ(figures["replayed"], "0");
    const EventSums sums = sums_in(daemon.port());
    EXPECT_EQ(std::to_string(sums.events), figures["events"]);
    EXPECT_EQ(std::to_string(sums.upl_bytes), figures["upl_bytes"]);
    EXPECT_EQ(std::to_string(sums.dwl_bytes), figures["dwl_bytes"]);
    EXPECT_EQ(std::to_string(sums.size_change), figures["size_change"]);
    EXPECT_GT(sums.upl_bytes, 0U);
  }
}

TEST(LoadDaemonTest, TheSameRunAgainIsAnsweredAndNotCounted) {
  const TempDir directory;
  const Daemon daemon(directory / "store");
  const std::string flags = port_flag(daemon.port()) + " --events 2000 --batch 100 --run again";
  EXPECT_EQ(run_program(flags).figures["replayed"], "0");
  EXPECT_EQ(run_program(flags).figures["replayed"], "20");
  EXPECT_EQ(sums_in(daemon.port()).events, 2000U);
}

LoadOptions small_load(std::uint16_t port) {
  LoadOptions options;
  options.port = port;
  options.events = 20'000;
  options.bodies.batch_events = 200;
  options.workload.seed = test::test_seed();
  return options;
}

// Live bodies are written to before they are sent: one that is sent again must be what it was, or
// the daemon takes it for the misuse of a key.
TEST(LoadDaemonTest, OverABadNetworkEveryBatchCountsOnce) {
  const TempDir directory;
  const Daemon daemon(directory / "store");
  Proxy proxy({});
  proxy.set_daemon(daemon.port());
  LoadOptions options = small_load(proxy.port());
  options.workload.live = true;
  options.bodies.batch_events = 100;
  options.bodies.prepared_bytes_max = 500'000;  // so that bodies come again
  const auto result = run_load(options);
  ASSERT_TRUE(result.ok()) << result.error().message;
  proxy.settle();
  EXPECT_TRUE(result->complete()) << result->first_refusal;
  EXPECT_EQ(result->batches, 200U);
  EXPECT_GT(result->broken, 0U);
  EXPECT_GT(result->replayed, 0U);
  EXPECT_EQ(result->requests, result->batches + result->broken);
  EXPECT_EQ(sums_in(daemon.port()), result->sums);
}

// A body that never ends holds most of what may be in flight until its time is over; those of the load
// wait for a while, and are refused.
TEST(LoadDaemonTest, WhatIsRefusedIsSentAgainWhenToldTo) {
  const TempDir directory;
  const Daemon daemon(directory / "store", {"--bytes-in-flight-max", "1MiB", "--body-bytes-max", "1MiB",
                                            "--body-timeout", "6s"});
  HttpClient holder(daemon.port());
  holder.send("POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
              "Content-Length: 1000000\r\n\r\n" + std::string(900'000, ' '));
  constexpr std::string_view kGauge = "\nminuted_http_in_flight_bytes ";
  for (std::size_t held = 0; held < 900'000;) {
    const std::string body = HttpClient(daemon.port()).get("/metrics").body;
    held = std::stoull(body.substr(body.find(kGauge) + kGauge.size()));
  }
  LoadOptions options = small_load(daemon.port());
  options.bodies.batch_events = 4000;
  const auto result = run_load(options);
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_TRUE(result->complete()) << result->first_refusal;
  EXPECT_EQ(result->batches, 5U);
  EXPECT_TRUE(result->retries.contains(503));
  EXPECT_GE(result->latencies.max_ms(), 1000);  // Retry-After: 1
  EXPECT_EQ(sums_in(daemon.port()), result->sums);
}

TEST(LoadDaemonTest, ABatchThatIsRefusedForGoodIsReported) {
  const TempDir directory;
  const Daemon daemon(directory / "store", {"--body-bytes-max", "1KiB"});
  const Outcome outcome =
      run_program(port_flag(daemon.port()) + " --events 2000 --batch 1000 2>/dev/null");
  EXPECT_EQ(outcome.exit_code, 1);
  auto figures = outcome.figures;
  EXPECT_EQ(figures["refused"], "2");
  EXPECT_EQ(figures["events"], "0");
}

// Connections are taken but nothing is answered: the run ends, and says so.
TEST(LoadDaemonTest, ADaemonThatIsGoneEndsTheRun) {
  const TempDir directory;
  Daemon daemon(directory / "store");
  Proxy proxy({0, 0, 0, 0, 0});
  proxy.set_daemon(daemon.port());
  daemon.kill();
  LoadOptions options = small_load(proxy.port());
  options.attempts_max = 2;
  const auto result = run_load(options);
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_FALSE(result->complete());
  EXPECT_EQ(result->batches, 0U);
  EXPECT_GE(result->given_up, 1U);
  EXPECT_EQ(result->given_up + result->abandoned, 4U);  // each connection's one
}

TEST(LoadDaemonTest, ADurationEndsTheRun) {
  const TempDir directory;
  const Daemon daemon(directory / "store");
  LoadOptions options = small_load(daemon.port());
  options.events = 0;
  options.duration_ms = 300;
  options.bodies.prepared_bytes_max = 1 << 20;
  const auto result = run_load(options);
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_TRUE(result->complete());
  EXPECT_GT(result->batches, 0U);
  EXPECT_EQ(sums_in(daemon.port()), result->sums);
}

TEST(LoadDaemonTest, NobodyAtThePortIsSaidAtOnce) {
  std::uint16_t port = 0;
  {
    const TempDir directory;
    const Daemon daemon(directory / "store");
    port = daemon.port();
  }
  const auto result = run_load(small_load(port));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(result.error().message.starts_with("nothing listens at 127.0.0.1:"))
      << result.error().message;
}

}  // namespace
}  // namespace minuted::load
