#include "integration/hostile.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

namespace minuted::test {
namespace {

constexpr int kRoundsMax = 3;
// Sanitizers slow everything down, each its own way.
constexpr double kLateMs = MINUTED_TEST_SLOWED ? 2'000 : 100;
// So that a percentile means something, however short the attack.
constexpr std::size_t kRequestsMin = MINUTED_TEST_SLOWED ? 100 : 300;

constexpr const char* kQuestion =
    "/stats/minute?startDate=2024-01-01&endDate=2024-01-01&repoId=healthy";

// What the healthy client met with.
struct Health {
  std::size_t asked = 0;
  std::size_t answered = 0;  // with what was asked for
  double p99_ms = 0;
  std::string first_fault;
};

// The requests it makes in turn; whether the answer is right.
bool ask(HttpClient& client, std::size_t turn, std::string& fault) {
  Answer answer;
  switch (turn % 3) {
    case 0:
      answer = client.get("/livez");
      break;
    case 1:
      answer = client.push(to_text(EventText{.repo = "healthy"}));
      break;
    default:
      answer = client.get(kQuestion);
      break;
  }
  const bool right =
      answer.status == 200 && answer.whole && answer.body.starts_with("{\"success\":true");
  if (!right && fault.empty()) {
    fault = "request " + std::to_string(turn) + ": status " + std::to_string(answer.status) + " " +
            answer.body.substr(0, 300);
  }
  return right;
}

double p99_of(std::vector<double> latencies_ms) {
  const auto at =
      latencies_ms.begin() + static_cast<std::ptrdiff_t>(latencies_ms.size() * 99 / 100);
  std::nth_element(latencies_ms.begin(), at, latencies_ms.end());
  return *at;
}

Health live(std::uint16_t port, const std::atomic<bool>& over) {
  Health health;
  std::vector<double> latencies_ms;
  try {
    HttpClient client(port);
    while (!over || health.asked < kRequestsMin) {
      const auto start = std::chrono::steady_clock::now();
      const bool right = ask(client, health.asked++, health.first_fault);
      const std::chrono::duration<double, std::milli> took =
          std::chrono::steady_clock::now() - start;
      latencies_ms.push_back(took.count());
      if (right) ++health.answered;
    }
  } catch (const std::exception& thrown) {
    health.first_fault = thrown.what();
  }
  if (!latencies_ms.empty()) health.p99_ms = p99_of(latencies_ms);
  return health;
}

std::vector<std::string> with_quiet_end(std::vector<std::string> flags) {
  // What is refused by the thousand is not worth a line each.
  flags.insert(flags.end(), {"--log-level", "error", "--drain-timeout", "0s"});
  return flags;
}

}  // namespace

HostileTest::HostileTest(const std::vector<std::string>& flags)
    : daemon_(directory_ / "store", with_quiet_end(flags)) {}

void HostileTest::attack(const std::function<void()>& what) {
  double best_p99_ms = 0;
  for (int round = 0; round < kRoundsMax; ++round) {
    std::atomic<bool> over{false};
    Health health;
    std::thread healthy([&] { health = live(daemon_.port(), over); });
    try {
      what();
    } catch (const std::exception& thrown) {
      ADD_FAILURE() << "the attack broke off: " << thrown.what();
    }
    over = true;
    healthy.join();
    EXPECT_GE(health.asked, kRequestsMin) << health.first_fault;
    EXPECT_EQ(health.answered, health.asked) << health.first_fault;
    best_p99_ms = round == 0 ? health.p99_ms : std::min(best_p99_ms, health.p99_ms);
    if (best_p99_ms <= kLateMs || HasFailure()) break;
  }
  EXPECT_LE(best_p99_ms, kLateMs) << "99% of the healthy client's answers";
}

std::vector<HttpClient> HostileTest::clients(std::size_t count) {
  std::vector<HttpClient> all;
  all.reserve(count);
  for (std::size_t i = 0; i < count; ++i) all.emplace_back(daemon_.port());
  return all;
}

std::uint64_t HostileTest::metric(const std::string& name) {
  HttpClient client(daemon_.port());
  const std::string text = "\n" + client.get("/metrics").body;
  const std::size_t at = text.find("\n" + name + " ");
  return at == text.npos ? 0 : std::stoull(text.substr(at + name.size() + 2));
}

void HostileTest::wait_for_metric(const std::string& name,
                                  const std::function<bool(std::uint64_t)>& enough) {
  constexpr int kAsksMax = 50'000;
  for (int i = 0; i < kAsksMax; ++i) {
    if (enough(metric(name))) return;
  }
  ADD_FAILURE() << name << " never came to what was waited for";
}

}  // namespace minuted::test
