#include "query/row_iterator.hpp"

#include <algorithm>
#include <utility>

#include "minuted/event.hpp"
#include "schema/keys.hpp"
#include "schema/tiers.hpp"

namespace minuted {
namespace {

// A host's sums in a minute, without its sketch.
constexpr std::size_t kMergedHostBytes = 320;

Family family_of(Span span) {
  return span == Span::kMinute ? Family::kMinute
         : span == Span::kHour ? Family::kHour
                               : Family::kDay;
}

}  // namespace

RowIterator::RowIterator(ReadContext& context, ReadMemory& memory, const QuerySpec& spec)
    : context_(context), memory_(memory), plan_(plan_query(spec)) {
  plan_.minutes.begin = std::max(plan_.minutes.begin, context_.horizon(spec.span));
}

void RowIterator::release() {
  folded_.reset();
  pages_.reset();
  open_.reset();
  raw_.reset();
  pairs_.reset();
  reader_.reset();
  page_ = {};
  page_sketches_ = {};
  events_ = {};
}

// What is decoded at the moment. The last row's rollup is still the caller's to read.
Result<void> RowIterator::account() {
  std::size_t bytes = kCursorBytes + page_.memory_bytes() + page_sketches_.capacity() +
                      events_.capacity() * sizeof(ChunkEvent) +
                      merged_.entries().size() * kMergedHostBytes;
  if (pairs_) bytes += pairs_->memory_bytes();
  return memory_.hold(bytes);
}

Result<bool> RowIterator::next(Row& row) {
  if (!folded_ && plan_.minutes.empty()) return false;
  if (auto in_time = context_.check(); !in_time) return in_time.error();
  if (!folded_) {
    if (auto opened = open_cursors(); !opened) return opened.error();
  }
  for (;;) {
    std::string_view host;
    if (source_ == Source::kPage) {
      if (next_page_row(row)) return true;
      if (!page_.ok()) return corrupt(page_first_, "the page");
    } else if (source_ == Source::kFolded) {
      while (reader_->next(host, rollup_)) {
        if (!wanted(host)) continue;
        row = {repo_, bucket_, host, minute_, &rollup_};
        return true;
      }
      if (!reader_->ok()) return corrupt(minute_, "the folded value");
      folded_->next();
    } else if (source_ == Source::kMerged) {
      while (next_merged_ < merged_.entries().size()) {
        const HostRollups::Entry& e = merged_.entries()[next_merged_++];
        if (!wanted(e.host)) continue;
        row = {repo_, bucket_, e.host, minute_, &e.rollup};
        return true;
      }
    }
    source_ = Source::kNone;
    const auto found = next_span();
    if (!found.ok() || !*found) return found;
  }
}

// Steps to the next span that has anything, in this pair or a later one, and opens it.
Result<bool> RowIterator::next_span() {
  for (;;) {
    if (auto in_time = context_.check(); !in_time) return in_time.error();
    if (!in_pair_) {
      const auto found = next_pair();
      if (!found.ok() || !*found) return found;
    }
    // Past every minute asked for, where there is nothing.
    Minute page = plan_.minutes.end;
    Minute folded = plan_.minutes.end;
    Minute raw = plan_.minutes.end;
    Minute open = plan_.minutes.end;
    const auto has_page = at_page(page);
    if (!has_page) return has_page.error();
    const bool has_folded = at_pair(folded_.get(), folded);
    const bool has_raw = at_pair(raw_.get(), raw);
    const bool has_open = at_open(open);
    if (!*has_page && !has_folded && !has_raw && !has_open) {
      if (auto status = folded_->status(); !status) return status.error();
      if (open_) {
        if (auto status = open_->status(); !status) return status.error();
      }
      in_pair_ = false;
      continue;
    }
    const Minute unfolded = std::min(raw, open);
    if (page < std::min(folded, unfolded)) {
      page_end_ = std::min(folded, unfolded);
      source_ = Source::kPage;
      return true;
    }
    if (folded < std::min(page, unfolded)) {
      minute_ = folded;
      reader_ = std::make_unique<HostsReader>(folded_->value(), sketches());
      source_ = Source::kFolded;
      return true;
    }
    minute_ = std::min({page, folded, unfolded});
    merged_.clear();
    next_merged_ = 0;
    if (page == minute_ && !merge_page_rows()) return corrupt(minute_, "the page");
    if (folded == minute_) {
      if (!merge_hosts(folded_->value())) return corrupt(minute_, "the folded value");
      folded_->next();
    }
    if (open == minute_ && !merge_open()) return corrupt(minute_, "a finer row");
    if (auto read = merge_raw(); !read) return read.error();
    if (auto held = account(); !held) return held.error();
    source_ = Source::kMerged;
    return true;
  }
}

// Whether the cursor stands on a key of the pair at hand within the minutes asked for, and in which
// span.
template <class Stepped>
bool RowIterator::at_pair(const Stepped* cursor, Minute& first) const {
  if (!cursor || !cursor->valid()) return false;
  const std::string_view key = cursor->key();
  if (key.size() != prefix_.size() + kMinuteKeyBytes || key.substr(0, prefix_.size()) != prefix_) {
    return false;
  }
  const Minute minute = read_minute(key.substr(prefix_.size()));
  if (minute >= plan_.minutes.end) return false;
  first = floor_to(minute, minutes_in(plan_.span));
  return true;
}

// Whether a page of the pair at hand has a row left within the minutes asked for, and in which span.
// Opens pages as it comes to them.
Result<bool> RowIterator::at_page(Minute& first) {
  if (!pages_) return false;
  const SealedTier& tier = *sealed_tier(plan_.span);
  for (;;) {
    if (page_open_) {
      if (page_.next_slot()) {
        first = page_minute();
        return true;
      }
      page_open_ = false;
      pages_->next();
    }
    if (!pages_->valid()) {
      if (auto status = pages_->status(); !status) return status.error();
      return false;
    }
    const std::string_view key = pages_->key();
    if (key.size() != prefix_.size() + kMinuteKeyBytes ||
        key.substr(0, prefix_.size()) != prefix_) {
      return false;
    }
    page_first_ = read_minute(key.substr(prefix_.size()));
    if (page_first_ >= plan_.minutes.end) return false;
    // The slots asked for. Both ends of the range are whole rows.
    const auto slot_of = [&](Minute minute) {
      const std::uint32_t first_minute = page_first_.value;
      const std::uint32_t last = first_minute + tier.page_minutes;
      return (std::clamp(minute.value, first_minute, last) - first_minute) / tier.row_minutes;
    };
    const PagePart part{slot_of(plan_.minutes.begin), slot_of(plan_.minutes.end),
                        plan_.columns == Columns::kSums, sketches()};
    const auto opened = open_page(key, part);
    if (!opened) return opened.error();
    if (!*opened) return corrupt(page_first_, "the page");
    if (auto held = account(); !held) return held.error();
    page_open_ = true;
  }
}

// The page at pages_, whose key is `key`; false if its bytes are no page.
Result<bool> RowIterator::open_page(std::string_view key, const PagePart& part) {
  if (!page_.open(pages_->value(), part)) return false;
  if (!part.sketches || page_.rows() == 0) return true;
  auto sketches = context_.view().get(sealed_tier(plan_.span)->sketches, key);
  if (!sketches) return sketches.error();
  page_sketches_ = std::move(*sketches).value_or(std::string());
  return page_.open_sketches(page_sketches_);
}

Minute RowIterator::page_minute() const {
  return {page_first_.value + *page_.next_slot() * minutes_in(plan_.span)};
}

bool RowIterator::next_page_row(Row& row) {
  std::uint32_t slot = 0;
  std::string_view host;
  while (page_.next_slot()) {
    minute_ = page_minute();
    if (minute_ >= page_end_) return false;
    if (!page_.next(slot, host, rollup_)) return false;
    if (!wanted(host)) continue;
    row = {repo_, bucket_, host, minute_, &rollup_};
    return true;
  }
  return false;
}

// Adds the page's rows of the span at hand to what is merged.
bool RowIterator::merge_page_rows() {
  std::uint32_t slot = 0;
  std::string_view host;
  while (page_.next_slot() && page_minute() == minute_) {
    if (!page_.next(slot, host, rollup_)) return false;
    merged_.of(host).merge(rollup_);
  }
  return page_.ok();
}

// Whether a finer row of the pair at hand is left that no row of this tier has, and in which span.
bool RowIterator::at_open(Minute& first) const {
  if (!open_ || !open_->valid()) return false;
  first = floor_to(open_->minute(), minutes_in(plan_.span));
  return true;
}

// Adds those of the span at hand to what is merged.
bool RowIterator::merge_open() {
  for (Minute first{}; at_open(first) && first == minute_; open_->next()) {
    if (!merge_hosts(open_->value())) return false;
  }
  return true;
}

// Adds a value of the span at hand to what is merged.
bool RowIterator::merge_hosts(std::string_view value) {
  HostsReader reader(value, sketches());
  std::string_view host;
  while (reader.next(host, rollup_)) merged_.of(host).merge(rollup_);
  return reader.ok();
}

bool RowIterator::wanted(std::string_view host) const {
  return names(plan_.hosts, host) && is_after(plan_, prefix_, minute_, host);
}

// Adds every raw chunk of the span to what is merged.
Result<void> RowIterator::merge_raw() {
  Minute first{};
  while (at_pair(raw_.get(), first) && first == minute_) {
    if (auto in_time = context_.check(); !in_time) return in_time;
    events_.clear();
    for (const std::string_view value : raw_->values()) {
      if (!decode_chunks(value, events_)) return corrupt(minute_, "a raw chunk");
    }
    for (const ChunkEvent& event : events_) {
      Rollup& rollup = merged_.of(event.host);
      const EventView view = event.view(repo_, bucket_, minute_);
      sketches() ? rollup.add(view) : rollup.add_sums(view);
    }
    raw_->next();
  }
  return {};
}

Result<bool> RowIterator::next_pair() {
  const auto found = pairs_->next(prefix_);
  if (found.ok() && *found) enter_pair();
  return found;
}

void RowIterator::enter_pair() {
  const auto pair = split_pair(prefix_);
  repo_ = pair->repo;
  bucket_ = pair->bucket;
  const bool resumed = plan_.after && prefix_ == plan_.after_prefix;
  const Minute begin = resumed ? std::max(plan_.minutes.begin, plan_.after->minute)
                               : plan_.minutes.begin;
  key_ = prefix_;
  append_minute(key_, begin);
  end_key_ = prefix_;
  append_minute(end_key_, plan_.minutes.end);
  folded_->seek_below(key_, end_key_);
  if (open_) open_->enter(prefix_, {begin, plan_.minutes.end});
  if (raw_ && raw_->valid() && raw_->key() < key_) raw_->seek(key_);
  if (pages_) {
    key_.resize(prefix_.size());
    append_minute(key_, floor_to(begin, sealed_tier(plan_.span)->page_minutes));
    pages_->seek_below(key_, end_key_);
    page_open_ = false;
  }
  in_pair_ = true;
}

// The rows' and pages' cursors are placed pair by pair, and look no further than the pair's range: what
// lies behind may be the minute that is being written, whose operands a seek onto it would add up.
Result<void> RowIterator::open_cursors() {
  if (auto held = memory_.hold(kCursorBytes); !held) return held;
  pairs_ = std::make_unique<PairWalk>(context_, plan_);
  if (auto opened = pairs_->open(); !opened) return opened;
  if (auto held = account(); !held) return held;
  folded_ = context_.view().moving_cursor(family_of(plan_.span));
  if (const SealedTier* tier = sealed_tier(plan_.span)) {
    pages_ = context_.view().moving_cursor(tier->pages);
  }
  auto open = context_.open_rows(plan_.span, plan_.minutes);
  if (!open) return open.error();
  open_ = std::move(*open);
  raw_ = context_.unfolded();
  if (raw_) raw_->seek(pairs_->bounds().lower);
  return {};
}

Error RowIterator::corrupt(Minute minute, std::string_view what) const {
  return {ErrorCode::kCorruption, std::string(what) + " of repo " + shorten(repo_) + ", bucket " +
                                      shorten(bucket_) + ", minute " +
                                      format_iso8601(start_of(minute)) + " cannot be read"};
}

}  // namespace minuted
