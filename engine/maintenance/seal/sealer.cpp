#include "maintenance/seal/sealer.hpp"

#include <algorithm>

#include "page/page_codec.hpp"
#include "schema/keys.hpp"
#include "store/roll_boundaries.hpp"

namespace minuted {
namespace {

// Pairs looked at in one step, at most: those whose spans are all open cost a seek each.
constexpr std::size_t kPairsPerStep = 2'000;

}  // namespace

Sealer::Sealer(Store& store, SealCounters& counters, Options options)
    : store_(store),
      counters_(counters),
      options_(std::move(options)),
      next_pass_ms_(options_.clock->steady_ms() + options_.interval_ms),
      set_(store) {}

// The spans of the tier that begin before it are closed, and rolled.
Minute Sealer::closed_before(const SealedTier& tier) const {
  const std::int64_t closed_ms = options_.clock->now().value - options_.after_ms;
  const auto minute = std::clamp<std::int64_t>(closed_ms / kMillisPerMinute, 0, kMinuteMax.value);
  const auto boundaries = read_roll_boundaries(store_);
  if (!boundaries) return Minute{0};  // reported by whoever rolls
  const Minute rolled = tier.span == Span::kMinute ? boundaries->hour.current : boundaries->day.current;
  return floor_to(std::min(Minute{static_cast<std::uint32_t>(minute)}, rolled), tier.page_minutes);
}

bool Sealer::due() const {
  if (passing_ || options_.clock->steady_ms() < next_pass_ms_) return false;
  const Minute closed = closed_before(kSealedTiers.front());
  return closed > closed_ || oldest_written_ < closed;
}

void Sealer::begin() {
  passing_ = true;
  tier_ = 0;
  position_.clear();
  closed_ = closed_before(kSealedTiers.front());
  oldest_written_ = kMinuteMax;
  next_pass_ms_ = options_.clock->steady_ms() + options_.interval_ms;
}

Result<bool> Sealer::step() {
  if (!passing_) return false;
  auto more = step_in(kSealedTiers[tier_]);
  if (!more) {
    counters_.last_error.set(more.error().message);
    ++counters_.failures;
    // What cannot be written now is tried again with the next pass.
    if (more.error().code != ErrorCode::kCorruption) passing_ = false;
    return more;
  }
  if (*more) return true;
  position_.clear();
  if (++tier_ < kSealedTiers.size()) return true;
  passing_ = false;
  ++counters_.passes;
  return false;
}

// True if the tier has more.
Result<bool> Sealer::step_in(const SealedTier& tier) {
  set_.clear();
  rows_ = pages_ = 0;
  const Minute closed = closed_before(tier);
  const auto view = store_.view();
  const auto rows = view->cursor(tier.rows, position_, {});
  std::optional<Error> damaged;
  for (std::size_t pairs = 0; rows->valid() && !damaged;) {
    const auto pair = split_pair(rows->key());
    if (!pair || rows->key().size() != pair->prefix.size() + kMinuteKeyBytes) {
      position_.assign(rows->key()).push_back('\0');
      return Error{ErrorCode::kCorruption, "a key names no row: " + shorten(rows->key())};
    }
    if (pair->prefix != prefix_) ++pairs;
    prefix_ = pair->prefix;
    const Minute first =
        floor_to(read_minute(rows->key().substr(prefix_.size())), tier.page_minutes);
    position_ = prefix_;
    append_minute(position_, first);
    const bool full = !set_.empty() && set_.bytes() >= options_.batch_bytes;
    if (full || pairs > kPairsPerStep) {
      auto written = write();
      if (!written) return written.error();
      return true;
    }
    if (first >= closed) {
      rows->seek(after_prefix(prefix_));
      continue;
    }
    page_key_ = position_;
    auto taken = take_rows(tier, first, *rows);
    if (taken.ok() && *taken) taken = take_page(tier, *view);
    if (!taken) {
      damaged = taken.error();
    } else if (*taken) {
      put_page(tier);
    }
    // Behind the span, whether or not it was sealed.
    position_ = prefix_;
    append_minute(position_, {first.value + tier.page_minutes});
    if (rows->valid() && rows->key() < position_) rows->seek(position_);
  }
  const auto status = damaged ? Result<void>(*damaged) : rows->status();
  if (auto written = write(); !written) return written.error();
  if (!status) return status.error();
  return false;
}

// Reads the rows of a span; false if they are too many.
Result<bool> Sealer::take_rows(const SealedTier& tier, Minute first, StoreCursor& rows) {
  slots_.clear();
  slot_rows_ = 0;
  row_keys_.clear();
  for (; rows.valid(); rows.next()) {
    const std::string_view key = rows.key();
    if (key.size() != prefix_.size() + kMinuteKeyBytes ||
        key.substr(0, prefix_.size()) != prefix_) {
      break;
    }
    const Minute minute = read_minute(key.substr(prefix_.size()));
    if (minute.value >= first.value + tier.page_minutes) break;
    HostRollups& hosts = slots_[(minute.value - first.value) / tier.row_minutes];
    if (!merge_encoded_hosts(rows.value(), hosts)) {
      return Error{ErrorCode::kCorruption, "a row cannot be read, and so its span is not sealed: " +
                                               shorten(key)};
    }
    slot_rows_ += hosts.entries().size();
    if (slot_rows_ > kPageRowsMax) return false;
    row_keys_.emplace_back(key);
  }
  if (auto status = rows.status(); !status) return status.error();
  return true;
}

// Adds what the span's page holds, if it has one; false if it is then too much.
Result<bool> Sealer::take_page(const SealedTier& tier, const View& view) {
  const auto page = view.get(tier.pages, page_key_);
  if (!page) return page.error();
  if (!page->has_value()) return true;
  const auto sketches = view.get(tier.sketches, page_key_);
  if (!sketches) return sketches.error();
  PageReader reader;
  const auto damaged = [&] {
    return Error{ErrorCode::kCorruption,
                 "a page cannot be read, and stays as it is: " + shorten(page_key_)};
  };
  const std::string_view sketch_bytes = sketches->has_value() ? **sketches : std::string_view();
  if (!reader.open(**page) || !reader.open_sketches(sketch_bytes)) {
    return damaged();
  }
  if (slot_rows_ + reader.rows() > kPageRowsMax) return false;
  std::uint32_t slot = 0;
  std::string_view host;
  Rollup rollup;
  while (reader.next(slot, host, rollup)) slots_[slot].of(host).merge(rollup);
  if (!reader.ok()) return damaged();
  return true;
}

void Sealer::put_page(const SealedTier& tier) {
  std::vector<PageRow> rows;
  for (const auto& [slot, hosts] : slots_) {
    for (const HostRollups::Entry& e : hosts.entries()) rows.push_back({slot, e.host, &e.rollup});
  }
  std::string page;
  std::string sketches;
  encode_page(rows, page, sketches);
  set_.put(tier.pages, page_key_, page);
  if (sketches.empty()) {
    set_.remove(tier.sketches, page_key_);
  } else {
    set_.put(tier.sketches, page_key_, sketches);
  }
  for (const std::string& key : row_keys_) set_.remove(tier.rows, key);
  rows_ += slot_rows_;
  ++pages_;
}

Result<void> Sealer::write() {
  if (set_.empty()) return {};
  // Buffered: if it is lost in a crash, the rows it removed are back as well.
  auto written = store_.write(set_, Durability::kBuffered);
  if (!written) {
    options_.on_write_failure(written.error());
    return written;
  }
  counters_.rows += rows_;
  counters_.pages += pages_;
  set_.clear();
  return {};
}

}  // namespace minuted
