#include "write/commit_queue.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace minuted {
namespace {

// While appends wait for room among the unfolded events it is looked for so often.
constexpr auto kRoomPoll = std::chrono::milliseconds(2);

bool is_append(const WriteRequest& request) {
  return std::holds_alternative<Append>(request.what);
}

// Requests of the engine itself, a few at a time, which must end even if the queue is full.
bool is_own(const WriteRequest& request) {
  return std::holds_alternative<DropSeries>(request.what) ||
         std::holds_alternative<BeginRemoval>(request.what);
}

}  // namespace

std::optional<Error> CommitQueue::push(WriteRequest&& request) {
  {
    const std::lock_guard lock(mutex_);
    if (auto rejected = rejection(request)) return rejected;
    bytes_ += request.bytes;
    counters_.queue_bytes = bytes_;
    if (!is_append(request)) ++others_;
    queue_.push_back(std::move(request));
  }
  wake_.notify_one();
  return std::nullopt;
}

// Under the mutex.
std::optional<Error> CommitQueue::rejection(const WriteRequest& request) const {
  if (failure_) {
    return Error{ErrorCode::kUnavailable, "writes are stopped: " + failure_->message};
  }
  if (closed_) return Error{ErrorCode::kUnavailable, "the engine is closing"};
  if (is_own(request)) return std::nullopt;
  if (options_.append_wait_ms_max == 0 && table_.memory_bytes() > options_.unfolded_bytes_max) {
    return no_room();
  }
  if (bytes_ != 0 && bytes_ + request.bytes > options_.commit_queue_bytes_max) {
    return Error{ErrorCode::kOverloaded,
                 "the commit queue holds " + std::to_string(bytes_) + " of " +
                     std::to_string(options_.commit_queue_bytes_max) +
                     " bytes; send the batch again soon, with the same key"};
  }
  return std::nullopt;
}

Error CommitQueue::no_room() const {
  return {ErrorCode::kOverloaded,
          "the events that are not folded yet take " + std::to_string(table_.memory_bytes()) +
              " bytes of memory, " + std::to_string(options_.unfolded_bytes_max) +
              " may be, and there was no room within " +
              std::to_string(options_.append_wait_ms_max) +
              " ms; send the batch again soon, with the same key"};
}

// Under the mutex.
CommitQueue::Room CommitQueue::room() const {
  if (closed_ || failure_ || options_.append_wait_ms_max == 0) return {true, true, 0};
  const std::size_t used = table_.memory_bytes();
  if (used <= options_.unfolded_bytes_max) return {false, true, options_.unfolded_bytes_max - used};
  // While the disk is full no fold makes room: the appends are admitted, to be told of the disk.
  const bool waits_for_fold = disk_.check().ok();
  return {!waits_for_fold, !waits_for_fold, 0};
}

bool CommitQueue::take(std::vector<WriteRequest>& admitted, std::vector<WriteRequest>& expired) {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return closed_ || !queue_.empty(); });
  if (queue_.empty()) return false;
  Room left = room();
  if (left.for_all) {
    admitted.swap(queue_);
    others_ = 0;
    return true;
  }
  const std::int64_t now_ms = options_.clock->steady_ms();
  bool is_full = !left.for_any;
  bool is_first = true;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < queue_.size(); ++i) {
    const auto* const append = std::get_if<Append>(&queue_[i].what);
    if (append != nullptr) {
      // Each is taken for the memory of its batch, which is more than its events will take.
      is_full = is_full || (!is_first && append->memory > left.bytes);
      if (is_full && append->latest_ms > now_ms) {
        if (kept != i) queue_[kept] = std::move(queue_[i]);
        ++kept;
        continue;
      }
      is_first = false;
      left.bytes -= std::min(left.bytes, append->memory);
    }
    (append != nullptr && is_full ? expired : admitted).push_back(std::move(queue_[i]));
  }
  queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(kept), queue_.end());
  others_ = 0;
  if (admitted.empty() && expired.empty()) {
    wake_.wait_for(lock, kRoomPoll, [this] { return closed_ || others_ != 0; });
  }
  return true;
}

void CommitQueue::release(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  bytes_ -= bytes;
  counters_.queue_bytes = bytes_;
}

void CommitQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wake_.notify_one();
}

bool CommitQueue::fail(const Error& error) {
  const std::lock_guard lock(mutex_);
  if (failure_) return false;
  failure_ = error;
  return true;
}

std::optional<Error> CommitQueue::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

}  // namespace minuted
