#include "maintenance/scheduler.hpp"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace minuted {
namespace {

Error closing() { return {ErrorCode::kUnavailable, "the engine is closing"}; }

}  // namespace

Scheduler::Scheduler(Job& fold, std::vector<Job*> background, Options options)
    : fold_(fold),
      background_(std::move(background)),
      options_(std::move(options)),
      next_fold_(options_.now() + options_.fold_interval),
      background_end_(Time::min()) {}

Scheduler::~Scheduler() { stop(); }

void Scheduler::start() {
  thread_ = std::thread([this] { run(); });
}

void Scheduler::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  fold_.stop();
  for (Job* const job : background_) job->stop();
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (current_) answer(*current_, closing());
  current_.reset();
  std::deque<Waiting> left;
  {
    const std::lock_guard lock(mutex_);
    left.swap(requests_);
  }
  for (Waiting& waiting : left) answer(waiting, closing());
}

std::future<Result<void>> Scheduler::ask(Request request) {
  Waiting waiting{std::move(request), {}};
  auto answered = waiting.done.get_future();
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      requests_.push_back(std::move(waiting));
      wake_.notify_all();
      return answered;
    }
  }
  answer(waiting, closing());
  return answered;
}

void Scheduler::hurry() {
  {
    const std::lock_guard lock(mutex_);
    if (hurry_) return;
    hurry_ = true;
  }
  wake_.notify_all();
}

bool Scheduler::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void Scheduler::run() {
  // The name by which its processor time is told from that of others.
  ::pthread_setname_np(::pthread_self(), "fold");
  while (!stopping()) {
    const auto idle_until = turn(options_.now());
    if (!idle_until) continue;
    std::unique_lock lock(mutex_);
    const auto wanted = [this] {
      return stopping_ || !requests_.empty() || (hurry_ && options_.fold_interval.count() > 0);
    };
    if (options_.fold_interval.count() > 0) {
      wake_.wait_until(lock, *idle_until, wanted);
    } else {
      wake_.wait(lock, wanted);
    }
  }
}

std::optional<Scheduler::Time> Scheduler::turn(Time now) {
  if (!is_step_due_ && !is_exclusive() && fold_if_wanted(now)) {
    is_step_due_ = true;
    return std::nullopt;
  }
  is_step_due_ = false;
  if (!current_) {
    const std::lock_guard lock(mutex_);
    if (!requests_.empty()) {
      current_ = std::move(requests_.front());
      requests_.pop_front();
    }
  }
  if (current_) {
    if (step_request(*current_)) current_.reset();
    return std::nullopt;
  }
  if (!folds_by_itself()) return Time::max();
  if ((now < background_end_ || is_first_) && step_background()) {
    is_first_ = false;
    return std::nullopt;
  }
  // The interval begins when all is done.
  background_end_ = Time::min();
  is_first_ = false;
  next_fold_ = std::min(next_fold_, now + options_.fold_interval);
  return next_fold_;
}

bool Scheduler::is_exclusive() const {
  return current_ && current_->has_begun &&
         current_->request.stages[current_->stage].job->is_exclusive();
}

bool Scheduler::fold_if_wanted(Time now) {
  if (folds_by_itself()) {
    bool is_wanted = now >= next_fold_;
    {
      const std::lock_guard lock(mutex_);
      is_wanted |= hurry_;
      if (is_wanted) hurry_ = false;
    }
    if (is_wanted) {
      fold_by_itself();
      return true;
    }
  }
  auto urgent = take_urgent();
  if (!urgent) return false;
  while (!step_request(*urgent)) continue;
  return true;
}

// Failures are counted by the jobs, and reported by whoever writes or reads next.
void Scheduler::fold_by_itself() {
  if (auto begun = fold_.begin({}); begun.ok() && *begun) (void)step_job(fold_, true);
  options_.after_fold();
  const Time now = options_.now();
  background_end_ = now + options_.fold_interval / 2;
  next_fold_ = background_end_ + options_.fold_interval;
  (void)begin_due();
  is_first_ = true;
}

// Whether a pass began.
bool Scheduler::begin_due() {
  bool has_begun = false;
  for (Job* const job : background_) {
    if (!job->due()) continue;
    const auto begun = job->begin({});
    has_begun |= begun.ok() && *begun;
  }
  return has_begun;
}

// One step of the next job that has a pass under way; false if none has.
bool Scheduler::step_background() {
  Job* job = next_under_way();
  // What one job has finished may be what another waits for.
  if (job == nullptr && begin_due()) job = next_under_way();
  if (job == nullptr) return false;
  (void)job->step();
  return true;
}

Job* Scheduler::next_under_way() {
  for (std::size_t i = 0; i < background_.size(); ++i) {
    Job* const job = background_[next_background_++ % background_.size()];
    if (job->is_under_way() && (!job->needs_room() || options_.check_room().ok())) return job;
  }
  return nullptr;
}

bool Scheduler::is_fold(const Request& request) const {
  return request.stages.size() == 1 && request.stages.front().job == &fold_;
}

// The first request for nothing but a fold.
std::optional<Scheduler::Waiting> Scheduler::take_urgent() {
  const std::lock_guard lock(mutex_);
  const auto at = std::find_if(requests_.begin(), requests_.end(),
                               [this](const Waiting& w) { return is_fold(w.request); });
  if (at == requests_.end()) return std::nullopt;
  std::optional<Waiting> taken(std::move(*at));
  requests_.erase(at);
  return taken;
}

// True once it is answered.
bool Scheduler::step_request(Waiting& waiting) {
  if (stopping()) {
    answer(waiting, closing());
    return true;
  }
  const Stage& stage = waiting.request.stages[waiting.stage];
  const auto more = step_stage(waiting);
  if (more.ok() && *more) return false;
  if (!more) {
    const bool is_full = more.error().code == ErrorCode::kDiskFull && stage.passed_when_full;
    if (!is_full && waiting.result.ok()) waiting.result = more.error();
    // What cannot be read was passed over.
    if (waiting.has_begun && more.error().code == ErrorCode::kCorruption) return false;
  }
  waiting.has_begun = false;
  if (!waiting.result.ok()) {
    answer(waiting, std::move(waiting.result));
    return true;
  }
  if (++waiting.stage < waiting.request.stages.size()) return false;
  answer(waiting, waiting.request.is_synced ? options_.sync() : Result<void>{});
  return true;
}

Result<bool> Scheduler::step_stage(Waiting& waiting) {
  const Stage& stage = waiting.request.stages[waiting.stage];
  if (!waiting.has_begun) {
    const auto begun = stage.job->begin(stage.demand);
    if (!begun.ok() || !*begun) return begun;
    waiting.has_begun = true;
  }
  return step_job(*stage.job, stage.checks_room);
}

Result<bool> Scheduler::step_job(Job& job, bool checks_room) {
  if (checks_room && job.needs_room()) {
    if (auto room = options_.check_room(); !room) return room.error();
  }
  return job.step();
}

void Scheduler::answer(Waiting& waiting, Result<void> result) {
  waiting.done.set_value(std::move(result));
}

}  // namespace minuted
