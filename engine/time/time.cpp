#include "minuted/time.hpp"

#include <chrono>

namespace minuted {
namespace {

class SystemClock final : public Clock {
 public:
  Millis now() const override { return Millis{count(std::chrono::system_clock::now())}; }
  std::int64_t steady_ms() const override { return count(std::chrono::steady_clock::now()); }

 private:
  template <class TimePoint>
  static std::int64_t count(TimePoint t) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(t.time_since_epoch()).count();
  }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace minuted
