#include "load/sender.hpp"

#include <charconv>
#include <numeric>

#include "load/connection.hpp"

namespace minuted::load {
namespace {

constexpr auto kTick = std::chrono::milliseconds(100);
constexpr auto kProgressEvery = std::chrono::seconds(1);

double seconds_between(TimePoint begin, TimePoint end) {
  return std::chrono::duration<double>(end - begin).count();
}

std::string common_head(const LoadOptions& options) {
  std::string head = "POST /events HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(options.port) +
                     "\r\nContent-Type: application/";
  head += options.bodies.form == BodyForm::kNdjson ? "x-ndjson" : "json";
  if (options.bodies.coding == BodyCoding::kGzip) head += "\r\nContent-Encoding: gzip";
  if (options.bodies.coding == BodyCoding::kZstd) head += "\r\nContent-Encoding: zstd";
  if (!options.token.empty()) head += "\r\nAuthorization: Bearer " + options.token;
  return head + "\r\n";
}

// The seed for who reads it in a log, the time so that no other run has the same.
std::string key_prefix(const LoadOptions& options) {
  if (!options.run.empty()) return options.run + "-";
  return "load-" + std::to_string(options.workload.seed) + "-" +
         std::to_string(system_clock().now().value) + "-";
}

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

}  // namespace

Sender::Sender(const LoadOptions& options, PreparedLoad& prepared, const OnProgress& on_progress)
    : options_(options),
      on_progress_(on_progress),
      tick_timer_(context_),
      due_timer_(context_),
      start_(std::chrono::steady_clock::now()),
      next_progress_(start_ + kProgressEvery),
      feed_(options, prepared, start_),
      stamps_(options.workload.disorder_ms),
      head_(common_head(options)),
      key_(key_prefix(options)) {}

Sender::~Sender() = default;

Result<LoadResult> Sender::run() {
  for (std::uint32_t i = 0; i < options_.connections; ++i) {
    connections_.push_back(std::make_unique<Connection>(*this));
  }
  // The first one tells whether there is a daemon at all, before others hammer at a closed door.
  if (const auto connected = connections_.front()->connect_now(); !connected) {
    return connected.error();
  }
  open_ = connections_.size();
  for (const auto& connection : connections_) connection->start();
  wait_for_tick();
  context_.run();
  return std::move(result_);
}

std::optional<Batch> Sender::next_batch(Connection& connection) {
  const TimePoint now = std::chrono::steady_clock::now();
  auto batch = feed_.take(now);
  if (batch && options_.workload.live) stamps_.write(*batch->body, system_clock().now());
  if (!batch && !feed_.over(now)) {
    idle_.push_back(&connection);
    if (idle_.size() == 1) wait_for_due();
  }
  return batch;
}

void Sender::write_head(const Batch& batch, std::string& out) const {
  out = head_;
  if (options_.keys) {
    out += "Idempotency-Key: ";
    out += key_;
    append_number(out, batch.number);
    out += "\r\n";
  }
  out += "Content-Length: ";
  append_number(out, batch.body->text.size());
  out += "\r\n\r\n";
}

void Sender::acknowledged(TimePoint due) {
  const TimePoint now = std::chrono::steady_clock::now();
  result_.latencies.add(now - due);
  if (on_progress_) lately_.add(now - due);
  result_.seconds = seconds_between(start_, now);
}

void Sender::ended() {
  if (--open_ != 0) return;
  tick_timer_.cancel();
  due_timer_.cancel();
}

// Each idle connection asks once more: those for which there is nothing come back to the end.
void Sender::wake_idle() {
  for (std::size_t n = idle_.size(); n > 0; --n) {
    const TimePoint now = std::chrono::steady_clock::now();
    if (!feed_.over(now) && feed_.next_due() > now) break;
    Connection* const connection = idle_.front();
    idle_.pop_front();
    connection->go_on();
  }
}

void Sender::wait_for_due() {
  due_timer_.expires_at(feed_.next_due());
  due_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    wake_idle();
    if (!idle_.empty()) wait_for_due();
  });
}

void Sender::wait_for_tick() {
  tick_timer_.expires_after(kTick);
  tick_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) tick();
  });
}

void Sender::tick() {
  const TimePoint now = std::chrono::steady_clock::now();
  for (const auto& connection : connections_) connection->check_time(now);
  if (feed_.over(now)) wake_idle();
  if (on_progress_ && now >= next_progress_) {
    next_progress_ += kProgressEvery;
    const std::uint64_t retries =
        std::accumulate(result_.retries.begin(), result_.retries.end(), std::uint64_t{0},
                        [](std::uint64_t sum, const auto& entry) { return sum + entry.second; });
    on_progress_({seconds_between(start_, now), result_.events_accepted, retries, lately_});
    lately_ = {};
  }
  if (open_ != 0) wait_for_tick();
}

Result<LoadResult> send_all(const LoadOptions& options, PreparedLoad& prepared,
                            const OnProgress& on_progress) {
  return Sender(options, prepared, on_progress).run();
}

}  // namespace minuted::load
