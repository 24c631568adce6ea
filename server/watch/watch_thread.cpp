#include "watch/watch_thread.hpp"

#include <pthread.h>

#include <chrono>

namespace minuted::watch {
namespace {

constexpr std::chrono::seconds kLookEvery{1};

}  // namespace

WatchThread::WatchThread(const Engine& engine, Rejections& rejections, const Clock& clock,
                         const log::Log& log)
    : engine_(engine), rejections_(rejections), clock_(clock), log_(log) {
  thread_ = std::thread([this] { run(); });
}

WatchThread::~WatchThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

// The last look is one after everything else has ended, so that what happened within a second of the
// end is reported as well.
void WatchThread::run() {
  ::pthread_setname_np(::pthread_self(), "watch");
  Watcher watcher(log_);
  for (bool last = false; !last;) {
    {
      std::unique_lock lock(mutex_);
      last = wake_.wait_for(lock, kLookEvery, [this] { return stopping_; });
    }
    const std::int64_t now_ms = clock_.steady_ms();
    watcher.look(observe(engine_), now_ms);
    rejections_.write_due(log_, now_ms);
    log_.report_left_out();
  }
  watcher.finish();
  rejections_.write_all(log_);
  log_.report_left_out(log::Log::Report::kAll);
}

}  // namespace minuted::watch
