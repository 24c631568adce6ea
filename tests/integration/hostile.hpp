// A daemon under attack, and beside the attack a healthy client: it asks what anybody asks, one
// request after another, in a thread of its own, and all of its requests must be answered, and
// soon.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "integration/conversation.hpp"

namespace minuted::test {

inline constexpr std::string_view kAlive = R"({"success":true,"status":"alive"})";
inline constexpr std::string_view kAskAlive = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";

class HostileTest : public testing::Test {
 protected:
  explicit HostileTest(const std::vector<std::string>& flags);

  // Runs `what` beside a healthy client, and expects that the client got every answer, 99% of them
  // within 100 ms. A machine that others are using too can be late by itself, so for the time
  // alone, and not for the answers, the best of up to three rounds counts: `what` is run again.
  void attack(const std::function<void()>& what);

  std::vector<HttpClient> clients(std::size_t count);

  // The value of a line of /metrics, 0 if there is none.
  std::uint64_t metric(const std::string& name);
  // Asks until `enough` says so; the daemon's own time-outs bound how long that is.
  void wait_for_metric(const std::string& name, const std::function<bool(std::uint64_t)>& enough);

  TempDir directory_;
  Daemon daemon_;
};

}  // namespace minuted::test
