#include "http/loop.hpp"

#include <array>
#include <cstdio>
#include <ctime>

#include "http/session.hpp"

namespace minuted::http {
namespace {

constexpr auto kTick = std::chrono::milliseconds(100);

}  // namespace

std::string format_http_date(Millis t) {
  constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds = static_cast<std::time_t>(t.value / kMillisPerSecond);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                    kDays[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                    kMonths[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                    parts.tm_hour, parts.tm_min, parts.tm_sec);
  return {text.data(), static_cast<std::size_t>(size)};
}

Loop::Loop(const Clock& clock)
    : clock_(clock), work_(asio::make_work_guard(context_)), timer_(context_.get_executor()) {
  date_ = format_http_date(clock_.now());
}

Loop::~Loop() { stop(); }

void Loop::start() {
  wait_for_tick();
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "http");
    context_.run();
  });
}

void Loop::stop() {
  if (!thread_.joinable()) return;
  work_.reset();
  asio::post(context_, [this] {
    stopping_ = true;  // a tick that is due already is no longer cancelled by what follows
    timer_.cancel();
  });
  thread_.join();
}

void Loop::enter(std::uint64_t id, Session& session) {
  sessions_.emplace(id, &session);
  if (draining_) session.drain();
}

void Loop::evict(std::uint64_t id) {
  const auto at = sessions_.find(id);
  if (at != sessions_.end()) at->second->evict();
}

void Loop::drain() {
  draining_ = true;
  // drain() only cancels: no session leaves while it is called.
  for (const auto& [id, session] : sessions_) session->drain();
}

void Loop::abort() {
  for (const auto& [id, session] : sessions_) session->abort();
}

void Loop::wait_for_tick() {
  timer_.expires_after(kTick);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error && !stopping_) tick();
  });
}

void Loop::tick() {
  date_ = format_http_date(clock_.now());
  const auto now = std::chrono::steady_clock::now();
  for (const auto& [id, session] : sessions_) session->check_deadline(now);
  wait_for_tick();
}

}  // namespace minuted::http
