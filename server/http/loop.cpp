#include "http/loop.hpp"

#include <array>
#include <cstdio>
#include <ctime>
#include <vector>

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

void Loop::enter(Session& session) {
  sessions_.insert(&session);
  if (draining_) session.drain();
}

void Loop::drain() {
  draining_ = true;
  // A session may leave while it is told: not from within drain(), which only cancels, but copies
  // are cheap and this is the end.
  const std::vector<Session*> all(sessions_.begin(), sessions_.end());
  for (Session* session : all) session->drain();
}

void Loop::abort() {
  const std::vector<Session*> all(sessions_.begin(), sessions_.end());
  for (Session* session : all) session->abort();
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
  for (Session* session : sessions_) session->check_deadline(now);
  wait_for_tick();
}

}  // namespace minuted::http
