#include "load/workload.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <string_view>

namespace minuted::load {
namespace {

// Longer than any event's numbers and names of fields together.
constexpr std::size_t kEventBytesMax = 512;
constexpr std::uint64_t kObjectBytesMin = 1024;
constexpr std::uint64_t kObjectBytesSpan = 1 << 20;
constexpr std::uint64_t kLatencyUsMin = 500;
constexpr std::uint64_t kLatencyUsSpan = 50'000;

enum class Moves : std::uint8_t { kUp, kDown, kNothing, kDeletes };

struct Operation {
  std::uint64_t below;  // of 100: how often, cumulated
  std::string_view name;
  Moves moves;
};
constexpr std::array<Operation, 5> kOperations{{
    {60, "GET", Moves::kDown},
    {93, "PUT", Moves::kUp},
    {96, "HEAD", Moves::kNothing},
    {98, "DELETE", Moves::kDeletes},
    {100, "LIST", Moves::kNothing},
}};

const Operation& draw_operation(std::uint64_t bits) {
  const std::uint64_t draw = bits % 100;
  return *std::find_if(kOperations.begin(), kOperations.end(),
                       [&](const Operation& one) { return draw < one.below; });
}

std::string_view draw_status(std::uint64_t bits) {
  const std::uint64_t draw = bits % 500;
  return draw < 10 ? "404" : draw == 10 ? "503" : "200";
}

// Appends to memory that is known to be large enough.
class Appender {
 public:
  explicit Appender(char* at) : at_(at) {}
  void text(std::string_view text) { at_ = std::copy(text.begin(), text.end(), at_); }
  template <class Number>
  void number(Number value) {
    at_ = std::to_chars(at_, at_ + 20, value).ptr;
  }
  void millis_of(std::uint64_t micros) {
    number(micros / 1000);
    const std::array<char, 4> fraction{'.', digit(micros / 100), digit(micros / 10), digit(micros)};
    text({fraction.data(), fraction.size()});
  }
  const char* end() const { return at_; }

 private:
  static char digit(std::uint64_t value) { return static_cast<char>('0' + value % 10); }
  char* at_;
};

std::string formatted(const char* format, unsigned first, unsigned second) {
  std::array<char, 128> text{};
  const int size = std::snprintf(text.data(), text.size(), format, first, second);
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

void EventSums::add(const EventSums& other) {
  events += other.events;
  upl_bytes += other.upl_bytes;
  dwl_bytes += other.dwl_bytes;
  size_change += other.size_change;
}

Workload::Workload(const WorkloadOptions& options) : options_(options), random_(options.seed) {
  const std::uint32_t pairs = options.repos * options.buckets_per_repo;
  double sum = 0;
  for (std::uint32_t rank = 0; rank < pairs; ++rank) {
    sum += std::pow(rank + 1, -options.skew);
    cumulative_.push_back(sum);
    // Neighbours in rank lie in different repos.
    pairs_.push_back(formatted(R"(,"repoId":"repo-%04u","bucketId":"bucket-%u","host":")",
                               rank % options.repos, rank / options.repos));
  }
  for (std::uint32_t host = 0; host < options.hosts; ++host) {
    hosts_.push_back(formatted(R"(node-%02u.rack%u","op":")", host, host % 4));
  }
}

std::size_t Workload::draw_pair() {
  const double at = static_cast<double>(random_() >> 11) * 0x1p-53 * cumulative_.back();
  const auto found = std::lower_bound(cumulative_.begin(), cumulative_.end(), at);
  return static_cast<std::size_t>(found - cumulative_.begin());
}

std::int64_t Workload::append_event(std::string& out, EventSums& sums) {
  const std::uint64_t turn = made_++ % options_.span_events;
  const auto due_ms =
      static_cast<std::int64_t>(static_cast<double>(turn) * static_cast<double>(options_.span_ms) /
                                static_cast<double>(options_.span_events));
  const auto early_ms =
      static_cast<std::int64_t>(random_() % (static_cast<std::uint64_t>(options_.disorder_ms) + 1));
  // Nothing happens before the start: the first seconds are less disordered.
  const std::int64_t after_start_ms = std::max<std::int64_t>(due_ms - early_ms, 0);
  const std::size_t pair = draw_pair();
  const std::uint64_t bits = random_();
  const Operation& operation = draw_operation(bits);
  const std::uint64_t bytes = kObjectBytesMin + (bits >> 16) % kObjectBytesSpan;
  EventSums one{1, 0, 0, 0};
  if (operation.moves == Moves::kUp) {
    one.upl_bytes = bytes;
    one.size_change = static_cast<std::int64_t>(bytes);
  }
  if (operation.moves == Moves::kDown) one.dwl_bytes = bytes;
  if (operation.moves == Moves::kDeletes) one.size_change = -static_cast<std::int64_t>(bytes);
  sums.add(one);

  std::array<char, kEventBytesMax> text;
  Appender event(text.data());
  event.text(R"({"timestamp":)");
  event.number(options_.start.value + after_start_ms);
  event.text(pairs_[pair]);
  event.text(hosts_[(bits >> 40) % hosts_.size()]);
  event.text(operation.name);
  event.text(R"(","status":)");
  event.text(draw_status(bits >> 48));
  event.text(R"(,"upl_bytes":)");
  event.number(one.upl_bytes);
  event.text(R"(,"dwl_bytes":)");
  event.number(one.dwl_bytes);
  event.text(R"(,"size_change":)");
  event.number(one.size_change);
  event.text(R"(,"latency_ms":)");
  event.millis_of(kLatencyUsMin + random_() % kLatencyUsSpan);
  event.text(R"(,"zone":)");  // a field the daemon does not know, as real senders have them
  event.number(pair % 4);
  if (options_.ids) {
    event.text(R"(,"id":"event-)");
    event.number(made_);
    event.text("\"");
  }
  event.text("}");
  out.append(text.data(), static_cast<std::size_t>(event.end() - text.data()));
  return early_ms;
}

}  // namespace minuted::load
