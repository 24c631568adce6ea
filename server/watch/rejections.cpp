#include "watch/rejections.hpp"

namespace minuted::watch {

void Rejections::note(std::string_view token, std::string_view reason, std::uint64_t events,
                      const EventError& example) {
  if (events == 0) return;
  const std::lock_guard lock(mutex_);
  Pair pair(token, reason);
  if (counts_.size() >= kPairsMax && !counts_.contains(pair)) pair.first = "others";
  Count& count = counts_[std::move(pair)];
  // An example without words is replaced by one that has some.
  if (count.requests == 0 || count.example.message.empty()) count.example = example;
  count.events += events;
  ++count.requests;
}

void Rejections::write(const log::Log& log, const Pair& pair, Count& count) {
  log.warn("events rejected", {{"token", std::string_view(pair.first)},
                               {"reason", std::string_view(pair.second)},
                               {"events", count.events},
                               {"requests", count.requests},
                               {"index", count.example.index},
                               {"field", std::string_view(count.example.field)},
                               {"error", std::string_view(count.example.message)}});
  count.events = 0;
  count.requests = 0;
  count.example = {};
}

void Rejections::write_due(const log::Log& log, std::int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  for (auto at = counts_.begin(); at != counts_.end();) {
    auto& [pair, count] = *at;
    const bool due = !count.written || now_ms - count.written_at_ms >= kIntervalMs;
    if (due && count.events == 0) {
      at = counts_.erase(at);
      continue;
    }
    if (due) {
      write(log, pair, count);
      count.written = true;
      count.written_at_ms = now_ms;
    }
    ++at;
  }
}

void Rejections::write_all(const log::Log& log) {
  const std::lock_guard lock(mutex_);
  for (auto& [pair, count] : counts_) {
    if (count.events != 0) write(log, pair, count);
  }
}

}  // namespace minuted::watch
