#include "fill/fill.hpp"

#include <chrono>
#include <filesystem>
#include <limits>
#include <mutex>
#include <optional>
#include <semaphore>
#include <utility>
#include <vector>

namespace minuted::fill {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::ptrdiff_t kInFlight = 8;
constexpr auto kProgressEvery = std::chrono::milliseconds(500);
// Rows between two seals: rows that wait for it take several times their room in a page.
constexpr std::uint64_t kSealEvery = 5'000'000;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Batches on their way to the engine; so many at once, and those it was too busy for again.
class Appends {
 public:
  explicit Appends(Engine& engine) : engine_(engine) {}
  ~Appends() { wait(); }
  Appends(const Appends&) = delete;
  Appends& operator=(const Appends&) = delete;

  void append(std::uint64_t number, AppendRequest request) {
    room_.acquire();
    engine_.append(std::move(request), [this, number](const Result<Receipt>& receipt) {
      if (!receipt.ok() || receipt->rejected != 0) note_failure(number, receipt);
      room_.release();
    });
  }

  // Until all are answered.
  void wait() {
    for (std::ptrdiff_t i = 0; i < kInFlight; ++i) room_.acquire();
    room_.release(kInFlight);
  }

  // The batches that were refused since the last call, for another try.
  std::vector<std::uint64_t> take_refused() {
    const std::lock_guard lock(mutex_);
    return std::exchange(refused_, {});
  }
  std::optional<Error> error() {
    const std::lock_guard lock(mutex_);
    return error_;
  }

 private:
  void note_failure(std::uint64_t number, const Result<Receipt>& receipt) {
    const std::lock_guard lock(mutex_);
    if (receipt.ok()) {
      error_ = Error{ErrorCode::kTooManyNewSeries, "events were rejected: too many series"};
    } else if (receipt.error().code == ErrorCode::kOverloaded) {
      refused_.push_back(number);
    } else {
      error_ = receipt.error();
    }
  }

  Engine& engine_;
  std::counting_semaphore<kInFlight> room_{kInFlight};
  std::mutex mutex_;  // guards what follows
  std::vector<std::uint64_t> refused_;
  std::optional<Error> error_;
};

class Filling {
 public:
  Filling(Engine& engine, const Fleet& fleet, bool seal, const OnProgress& on_progress)
      : engine_(engine), fleet_(fleet), seal_(seal), on_progress_(on_progress), appends_(engine) {}

  Result<FillResult> run() {
    for (std::uint64_t number = 0; number < fleet_.batches(); ++number) {
      append(number, true);
      // A fold, waited for, makes room for those refused.
      if (auto again = append_refused(false); !again) return again.error();
      if ((number + 1) % fleet_.batches_per_round() == 0 && unsealed_rows_ >= kSealEvery) {
        if (auto finished = finish(); !finished) return finished.error();
      }
      tell(number + 1);
    }
    if (auto finished = finish(); !finished) return finished.error();
    result_.seconds = seconds_since(begin_);
    return result_;
  }

 private:
  void append(std::uint64_t number, bool first_time) {
    AppendRequest request;
    const std::uint64_t rows = fleet_.make(number, request.batch);
    if (first_time) {
      result_.rows += rows;
      result_.events += request.batch.size();
      unsealed_rows_ += rows;
    }
    if (!request.batch.empty()) appends_.append(number, std::move(request));
  }

  Result<void> append_refused(bool wait) {
    for (;;) {
      if (wait) appends_.wait();
      if (const auto error = appends_.error()) return *error;
      const std::vector<std::uint64_t> refused = appends_.take_refused();
      if (refused.empty()) return {};
      if (auto folded = engine_.fold(); !folded) return folded;
      for (const std::uint64_t number : refused) append(number, false);
    }
  }

  Result<void> finish() {
    if (auto appended = append_refused(true); !appended) return appended;
    if (auto folded = engine_.fold(); !folded) return folded;
    unsealed_rows_ = 0;
    if (seal_) return engine_.seal();
    return {};
  }

  void tell(std::uint64_t batches) {
    if (!on_progress_ || Clock::now() < tell_at_) return;
    tell_at_ = Clock::now() + kProgressEvery;
    on_progress_({static_cast<double>(batches) / static_cast<double>(fleet_.batches()),
                  seconds_since(begin_), result_.rows});
  }

  Engine& engine_;
  const Fleet& fleet_;
  const bool seal_;
  const OnProgress& on_progress_;
  const Clock::time_point begin_ = Clock::now();
  Clock::time_point tell_at_ = begin_ + kProgressEvery;
  FillResult result_;
  std::uint64_t unsealed_rows_ = 0;
  Appends appends_;  // last: its answers end with it
};

}  // namespace

Options engine_options(const std::string& path) {
  Options options;
  options.path = path;
  options.seal_interval_ms = 0;
  options.series.new_per_minute_max = std::numeric_limits<std::uint32_t>::max();
  options.series.total_max = std::numeric_limits<std::uint32_t>::max();
  return options;
}

Result<FillResult> fill(Engine& engine, const Fleet& fleet, bool seal,
                        const OnProgress& on_progress) {
  return Filling(engine, fleet, seal, on_progress).run();
}

std::uint64_t bytes_below(const std::string& directory) {
  std::uint64_t bytes = 0;
  std::error_code error;
  std::filesystem::recursive_directory_iterator entries(directory, error);
  for (; !error && entries != std::filesystem::recursive_directory_iterator();
       entries.increment(error)) {
    std::error_code gone;
    if (!entries->is_regular_file(gone)) continue;
    const std::uint64_t size = entries->file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

}  // namespace minuted::fill
