// The thread that looks once a second and writes what there is to report. A thread of its own: looking
// asks the file system, which may hang, and main must answer signals meanwhile.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "log/log.hpp"
#include "minuted/engine.hpp"
#include "watch/rejections.hpp"
#include "watch/watcher.hpp"

namespace minuted::watch {

class WatchThread {
 public:
  // Borrows everything; starts the thread.
  WatchThread(const Engine& engine, Rejections& rejections, const Clock& clock, const log::Log& log);
  // Waits for a look that is under way, then writes what was held back.
  ~WatchThread();
  WatchThread(const WatchThread&) = delete;
  WatchThread& operator=(const WatchThread&) = delete;

 private:
  void run();

  const Engine& engine_;
  Rejections& rejections_;
  const Clock& clock_;
  const log::Log& log_;
  std::mutex mutex_;  // guards stopping_
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses everything above
};

}  // namespace minuted::watch
