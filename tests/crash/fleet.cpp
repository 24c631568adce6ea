#include "crash/fleet.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>

#include "model/oracle.hpp"
#include "support/answer_rows.hpp"

namespace minuted::test {
namespace {

constexpr std::size_t kNodes = 4;
constexpr std::uint64_t kEventsMax = 40;
constexpr std::uint64_t kRejectedMax = 3;
constexpr unsigned kProxyPercent = 50;
constexpr unsigned kRetryPercent = 50;   // of attempts, while something is unknown
constexpr unsigned kRepeatPercent = 15;  // of attempts, to send what was acknowledged
constexpr auto kRetryPause = std::chrono::milliseconds(2);
constexpr int kRestAttemptsMax = 200;
constexpr std::size_t kViolationsMax = 50;

constexpr std::string_view kMarkers = "markers";  // the repo of one event a batch, whose host tells which
constexpr std::int64_t kStartMs = 1'704'103'200'000;  // 2024-01-01T10:00Z
constexpr std::uint64_t kSpanMs = 3 * 3'600'000;
const std::string kRange = "?startDate=2024-01-01&endDate=2024-01-01";
constexpr double kLatencyToleranceMs = 0.001;

const Names kNames{{"repo-a", "repo-b", "repo"}, {"b1", "b2", "b10"}, {"h1", "h2"}};

std::string to_json(const Event& e) {
  std::string text = R"({"repoId":")" + e.repo + R"(","bucketId":")" + e.bucket +
                     R"(","host":")" + e.host + R"(","timestamp":)" +
                     std::to_string(e.timestamp.value) + R"(,"upl_bytes":)" +
                     std::to_string(e.upl_bytes) + R"(,"dwl_bytes":)" +
                     std::to_string(e.dwl_bytes) + R"(,"size_change":)" +
                     std::to_string(e.size_change);
  if (e.latency_us) {
    const std::string fraction = std::to_string(1'000 + *e.latency_us % 1'000).substr(1);
    text += R"(,"latency_ms":)" + std::to_string(*e.latency_us / 1'000) + "." + fraction;
  }
  return text + "}\n";
}

Event small_event(Random& random) {
  Event e;
  e.repo = random.pick(kNames.repos);
  e.bucket = random.pick(kNames.buckets);
  e.host = random.pick(kNames.hosts);
  e.timestamp = Millis{kStartMs + static_cast<std::int64_t>(random.below(kSpanMs))};
  e.upl_bytes = random.wide(40);
  e.dwl_bytes = 1;  // so that the column counts events
  e.size_change = static_cast<std::int64_t>(random.wide(40)) - (1LL << 39);
  if (random.chance(70)) e.latency_us = random.wide(30);
  return e;
}

template <class AnyRow>
std::string describe(const AnyRow& row) {
  return row.repo + "/" + row.bucket + "@" + std::to_string(row.minute) + "/" + row.host + " upl " +
         std::to_string(static_cast<std::uint64_t>(row.upl_bytes)) + " dwl " +
         std::to_string(static_cast<std::uint64_t>(row.dwl_bytes)) + " size " +
         std::to_string(static_cast<std::int64_t>(row.size_change));
}

bool equal(const OracleRow& expected, const AnswerRow& row) {
  const double mean_ms = expected.latency_count == 0
                             ? 0
                             : static_cast<double>(expected.latency_sum_us) / 1'000 /
                                   static_cast<double>(expected.latency_count);
  return expected.repo == row.repo && expected.bucket == row.bucket &&
         expected.minute == row.minute && expected.host == row.host &&
         expected.upl_bytes == row.upl_bytes && expected.dwl_bytes == row.dwl_bytes &&
         expected.size_change == row.size_change &&
         std::abs(mean_ms - row.latency_ms) < kLatencyToleranceMs;
}

}  // namespace

Fleet::Fleet(Proxy& proxy, std::uint64_t stream) : proxy_(proxy) {
  for (std::size_t i = 0; i < kNodes; ++i) {
    nodes_.push_back(std::unique_ptr<Node>(
        new Node{"node" + std::to_string(i), Random(stream * kNodes + i), {}, {}, {}, {}, {}}));
    nodes_.back()->thread = std::thread([this, node = nodes_.back().get()] { run(*node); });
  }
}

Fleet::~Fleet() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  for (const auto& node : nodes_) node->thread.join();
}

void Fleet::resume() {
  {
    const std::lock_guard lock(mutex_);
    paused_ = false;
  }
  changed_.notify_all();
}

void Fleet::pause() {
  std::unique_lock lock(mutex_);
  paused_ = true;
  changed_.wait(lock, [this] { return busy_ == 0; });
}

void Fleet::run(Node& node) {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return over_ || !paused_; });
      if (over_) return;
      ++busy_;
    }
    push(node, choose(node), node.random.chance(kProxyPercent));
    {
      const std::lock_guard lock(mutex_);
      --busy_;
    }
    changed_.notify_all();
  }
}

Fleet::Batch& Fleet::choose(Node& node) {
  if (!node.unknown.empty() && node.random.chance(kRetryPercent)) {
    return *node.random.pick(node.unknown);
  }
  if (!node.batches.empty() && node.random.chance(kRepeatPercent)) {
    return *node.random.pick(node.batches);
  }
  return make_batch(node);
}

Fleet::Batch& Fleet::make_batch(Node& node) {
  auto batch = std::make_unique<Batch>();
  batch->key = node.name + "-" + std::to_string(node.batches.size());
  Event marker;
  marker.repo = kMarkers;
  marker.bucket = "b";
  marker.host = batch->key;
  marker.timestamp = Millis{kStartMs};
  marker.upl_bytes = 1;
  batch->events.push_back(marker);
  for (std::uint64_t n = node.random.below(kEventsMax); n > 0; --n) {
    batch->events.push_back(small_event(node.random));
  }
  node.random.shuffle(batch->events);
  for (const Event& event : batch->events) batch->body += to_json(event);
  for (std::uint64_t n = node.random.below(kRejectedMax + 1); n > 0; --n) {
    batch->body += R"({"repoId":"","bucketId":"b","host":"h"})" "\n";
  }
  node.batches.push_back(std::move(batch));
  node.unknown.push_back(node.batches.back().get());
  const std::lock_guard lock(mutex_);
  ++counts_.batches;
  return *node.batches.back();
}

void Fleet::push(Node& node, Batch& batch, bool through_proxy) {
  auto& client = through_proxy ? node.through_proxy : node.direct;
  const bool may_be_repeat = batch.tried || through_proxy;
  Answer answer;
  try {
    if (!client) {
      const std::uint16_t port = through_proxy ? proxy_.port() : daemon_port_.load();
      client = std::make_unique<HttpClient>(port);
    }
    batch.tried = true;
    answer = client->push_ndjson(batch.body, {{"Idempotency-Key", batch.key}});
  } catch (const std::runtime_error&) {
    // Nobody listens.
  }
  if (answer.status == 0 || !answer.whole) client.reset();
  take_answer(node, batch, answer, may_be_repeat);
}

void Fleet::take_answer(Node& node, Batch& batch, const Answer& answer, bool may_be_repeat) {
  {
    const std::lock_guard lock(mutex_);
    ++counts_.attempts;
  }
  if (!answer.whole || answer.status == 503) {
    {
      const std::lock_guard lock(mutex_);
      ++counts_.unknown;
    }
    std::this_thread::sleep_for(kRetryPause);
    return;
  }
  if (answer.status != 200) {
    add_violation("batch " + batch.key + " was refused with " + std::to_string(answer.status) +
                  ": " + answer.body);
    return;
  }
  constexpr std::string_view kYes = R"("duplicate":true)";
  constexpr std::string_view kNo = R"("duplicate":false)";
  std::string text = answer.body;
  const std::size_t at = text.find(kYes);
  const bool repeat = at != text.npos;
  if (repeat) text.replace(at, kYes.size(), kNo);
  if (repeat && !may_be_repeat) {
    add_violation("batch " + batch.key + " was called a duplicate the first time it was sent");
  }
  if (!batch.first_answer.empty()) {
    if (!repeat) add_violation("batch " + batch.key + " was counted again after its answer");
    if (text != batch.first_answer) {
      add_violation("batch " + batch.key + " was answered " + batch.first_answer + " and later " +
                    text);
    }
  } else {
    const std::string accepted = "\"accepted\":" + std::to_string(batch.events.size()) + ",";
    if (text.find(accepted) == text.npos) {
      add_violation("batch " + batch.key + " has " + std::to_string(batch.events.size()) +
                    " good events and was answered " + text);
    }
    batch.first_answer = text;
    std::erase(node.unknown, &batch);
  }
  const std::lock_guard lock(mutex_);
  counts_.repeats += repeat;
}

void Fleet::check(std::uint16_t port) {
  HttpClient client(port);
  const Answer answer = client.get("/stats/minute" + kRange + "&repoId=" + std::string(kMarkers));
  if (answer.status != 200 || !answer.whole) {
    add_violation("the batches' markers could not be read: " + answer.body);
    return;
  }
  std::map<std::string, std::uint64_t> markers;
  for (const AnswerRow& row : read_answer_rows(answer.body)) markers[row.host] += row.upl_bytes;
  check_markers(markers);
  for (const char* route : {"/stats/minute", "/stats/hourly", "/stats/daily"}) {
    check_sums(port, route);
  }
}

void Fleet::check_markers(const std::map<std::string, std::uint64_t>& markers) {
  auto left = markers;
  for (const auto& node : nodes_) {
    for (const auto& batch : node->batches) {
      const auto found = left.extract(batch->key);
      const std::uint64_t times = found.empty() ? 0 : found.mapped();
      if (times > 1) {
        add_violation("batch " + batch->key + " is counted " + std::to_string(times) + " times");
      }
      if (times == 0 && !batch->first_answer.empty()) {
        add_violation("batch " + batch->key + " was acknowledged and is lost");
      } else if (times == 0 && batch->seen) {
        add_violation("batch " + batch->key + " was in an earlier answer and is lost");
      }
      batch->seen = times > 0;
    }
  }
  for (const auto& [key, times] : left) add_violation("nobody sent batch " + key);
}

void Fleet::check_sums(std::uint16_t port, const std::string& route) {
  Oracle oracle;
  for (const auto& node : nodes_) {
    for (const auto& batch : node->batches) {
      if (!batch->seen) continue;
      for (const Event& event : batch->events) {
        if (event.repo != kMarkers) oracle.add(event.view());
      }
    }
  }
  QuerySpec spec;
  spec.range = {{0}, {kMinuteMax.value + 1}};
  spec.span = route == "/stats/minute"   ? Span::kMinute
              : route == "/stats/hourly" ? Span::kHour
                                         : Span::kDay;
  const std::vector<OracleRow> expected = oracle.rows(spec);
  HttpClient client(port);
  const Answer answer = client.get(route + kRange + "&repoId=repo,repo-a,repo-b");
  if (answer.status != 200 || !answer.whole) {
    add_violation(route + " could not be read: " + answer.body);
    return;
  }
  const std::vector<AnswerRow> rows = read_answer_rows(answer.body);
  if (rows.size() != expected.size()) {
    add_violation(route + " has " + std::to_string(rows.size()) + " rows instead of " +
                  std::to_string(expected.size()));
  }
  for (std::size_t i = 0; i < std::min(rows.size(), expected.size()); ++i) {
    if (equal(expected[i], rows[i])) continue;
    add_violation(route + " has " + describe(rows[i]) + " instead of " +
                  describe(expected[i]));
  }
}

void Fleet::push_the_rest(std::uint16_t port) {
  set_daemon(port);
  for (const auto& node : nodes_) {
    node->direct.reset();
    for (int attempts = 0; !node->unknown.empty() && attempts < kRestAttemptsMax; ++attempts) {
      push(*node, *node->unknown.back(), false);
    }
    if (!node->unknown.empty()) {
      add_violation("batch " + node->unknown.back()->key + " is never acknowledged");
    }
  }
}

Fleet::Counts Fleet::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

Violations Fleet::take_violations() {
  const std::lock_guard lock(mutex_);
  return std::exchange(violations_, {});
}

void Fleet::add_violation(const std::string& what) {
  const std::lock_guard lock(mutex_);
  if (violations_.size() < kViolationsMax) violations_.push_back(what);
}

}  // namespace minuted::test
