// The maintenance thread: runs jobs step by step, one at a time. A fold comes first: by itself at
// an interval, sooner when much is unfolded, or because somebody asked; it waits for one step of
// another job at most, unless that job is exclusive, and one step of another job comes between two
// folds. Then comes what callers ask for, in the order of asking: a caller hands in a request and
// waits for its answer, and runs nothing itself. In the time that is left, up to half the interval
// between two folds and one step at least, come the passes of all jobs that are due, by turns.
//
// ask(), hurry(), stop(): any thread. turn(): the thread, or a test in its place.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "maintenance/job.hpp"

namespace minuted {

class Scheduler {
 public:
  using Time = std::chrono::steady_clock::time_point;

  struct Options {
    // Between two folds. 0: nothing is done but what is asked for.
    std::chrono::milliseconds fold_interval{0};
    std::function<Result<void>()> check_room;  // fails while the disk is full
    std::function<Result<void>()> sync;        // makes what was written durable
    std::function<void()> after_fold;          // chores after each fold that nobody asked for
    std::function<Time()> now = [] { return std::chrono::steady_clock::now(); };
  };

  // One job of a request.
  struct Stage {
    Job* job;
    Demand demand{true, std::nullopt};
    bool checks_room = true;       // if its job needs room
    bool passed_when_full = false;  // a full disk ends the stage, not the request
  };
  struct Request {
    std::vector<Stage> stages;
    bool is_synced = true;  // durable when it is answered
  };

  // Borrows the jobs. Those in `background` run by themselves when they are due.
  Scheduler(Job& fold, std::vector<Job*> background, Options options);
  ~Scheduler();

  void start();
  // Lets the step under way end, then the thread; answers every request that is not done with
  // kUnavailable.
  void stop();

  // Runs the stages one after the other. The answer is the first error: a stage that passes over
  // what cannot be read goes on to its end, and the request ends behind it.
  std::future<Result<void>> ask(Request request);

  // A fold need not wait for the interval to end. Cheap.
  void hurry();

  // Does what is most urgent at that time, one step of it. nullopt: there may be more at once;
  // otherwise when to look again, unless there is a request before.
  std::optional<Time> turn(Time now);

 private:
  struct Waiting {
    Request request;
    std::promise<Result<void>> done;
    std::size_t stage = 0;
    bool has_begun = false;  // the stage
    Result<void> result{};   // so far
  };
  void run();
  bool is_fold(const Request& request) const;
  std::optional<Waiting> take_urgent();
  bool folds_by_itself() const { return options_.fold_interval.count() > 0; }
  bool is_exclusive() const;
  bool fold_if_wanted(Time now);
  void fold_by_itself();
  bool begin_due();
  bool step_background();
  Job* next_under_way();
  bool step_request(Waiting& waiting);
  Result<bool> step_stage(Waiting& waiting);
  Result<bool> step_job(Job& job, bool checks_room);
  void answer(Waiting& waiting, Result<void> result);
  bool stopping() const;

  Job& fold_;
  const std::vector<Job*> background_;
  const Options options_;

  // The thread's own.
  Time next_fold_;
  Time background_end_;
  std::size_t next_background_ = 0;
  bool is_step_due_ = false;  // before the next fold comes a step of something else
  bool is_first_ = false;     // no background step has been done since the last fold
  std::optional<Waiting> current_;  // the request under way

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::deque<Waiting> requests_;
  bool hurry_ = false;
  bool stopping_ = false;

  std::thread thread_;  // last: it uses everything above
};

}  // namespace minuted
