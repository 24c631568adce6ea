#include "store/open_rows.hpp"

#include <algorithm>
#include <utility>

#include "schema/keys.hpp"

namespace minuted {
namespace {

// A seek without an upper bound may land on a row of a later pair and add its operands up for nothing.
// Whoever reads a few pairs is spared that; whoever walks many saves the seeks.
constexpr std::uint32_t kBoundedEntries = 4;
// Keys passed over one by one before the next one is sought.
constexpr int kStepsBeforeSeek = 4;

}  // namespace

OpenRows::OpenRows(const View& view, RollBoundaries boundaries, Span tier)
    : view_(view), boundaries_(std::move(boundaries)), with_hours_(tier == Span::kDay) {}

void OpenRows::enter(std::string_view prefix, const MinuteRange& minutes) {
  prefix_.assign(prefix);
  ++entered_;
  const Minute hour = boundaries_.hour_of(prefix);
  place(minutes_, prefix, {std::max(minutes.begin, hour), minutes.end});
  if (with_hours_) {
    place(hours_, prefix,
          {std::max(minutes.begin, boundaries_.day_of(prefix)), std::min(minutes.end, hour)});
  }
  settle();
}

void OpenRows::place(Source& source, std::string_view prefix, const MinuteRange& minutes) {
  source.wanted = !minutes.empty();
  if (!source.wanted) return;
  key_.assign(prefix);
  append_minute(key_, minutes.begin);
  source.end.assign(prefix);
  append_minute(source.end, minutes.end);
  if (!source.cursor) source.cursor = view_.moving_cursor(source.family);
  const bool bounded = entered_ <= kBoundedEntries;
  if (bounded || source.bounded) {
    source.bounded = bounded;
    source.cursor->seek_below(key_, bounded ? source.end : std::string("\xFF"));
  } else if (key_ < source.passed) {
    source.cursor->seek(key_);
  } else {
    // No other key lies between the last one that was passed and where the cursor stands.
    for (int step = 0; source.cursor->valid() && source.cursor->key() < key_; ++step) {
      if (step < kStepsBeforeSeek) {
        source.cursor->next();
      } else {
        source.cursor->seek(key_);
      }
    }
  }
  source.passed = key_;
}

// To the row that the hours stand on, if they do on one of the pair, or else the minutes.
void OpenRows::settle() {
  at_ = nullptr;
  for (Source* source : {&hours_, &minutes_}) {
    if (!source->wanted) continue;
    if (!source->cursor->valid()) {
      if (!source->cursor->status().ok()) return;
      continue;
    }
    const std::string_view key = source->cursor->key();
    if (key >= source->end || key.size() != prefix_.size() + kMinuteKeyBytes) continue;
    at_ = source;
    minute_ = read_minute(key.substr(prefix_.size()));
    return;
  }
}

std::string_view OpenRows::key() const { return at_->cursor->key(); }
std::string_view OpenRows::value() const { return at_->cursor->value(); }

void OpenRows::next() {
  at_->passed.assign(at_->cursor->key()).push_back('\0');
  at_->cursor->next();
  settle();
}

Result<void> OpenRows::status() const {
  for (const Source* source : {&hours_, &minutes_}) {
    if (!source->wanted) continue;
    if (auto status = source->cursor->status(); !status) return status;
  }
  return {};
}

}  // namespace minuted
