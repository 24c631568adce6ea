// Validated events on their way to the store, grouped by (repo, bucket, minute) as they will lie
// there. Filled by one thread (a decoder), then moved into Engine::append, whose commit thread
// reads it. Ids are interned once per batch; adding an event allocates nothing once the buffers have
// grown, and clear() keeps them. Not safe for concurrent use; distinct batches are independent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "minuted/event.hpp"
#include "minuted/index_table.hpp"
#include "minuted/time.hpp"

namespace minuted {

class EventBatch {
 public:
  // One event without its group's ids. Strings are referred to by number.
  struct Row {
    std::uint64_t upl_bytes;
    std::uint64_t dwl_bytes;
    std::int64_t size_change;
    std::int64_t latency_us;   // -1 = none
    std::uint32_t host;        // see host()
    std::uint32_t id_offset;   // see id()
    std::uint32_t index;       // of the event in its body
    std::uint16_t ms_in_minute;
    std::uint16_t status;      // 0 = none
    OpClass op;
    std::uint8_t id_bytes;     // 0 = none
  };

  // The events of one (repo, bucket, minute), in the order they were added.
  struct Group {
    std::string_view prefix;  // "repo\0bucket\0", owned by the batch
    Minute minute;
    std::span<const Row> rows;
  };

  // A (repo, bucket, host) that occurs in the batch. The views are the batch's.
  struct Series {
    std::string_view prefix;  // "repo\0bucket\0"
    std::string_view host;
  };

  EventBatch() = default;
  // Moving keeps every view valid; what was moved from may only be cleared or assigned to. Not
  // copied: a copy's groups would look into the original.
  EventBatch(EventBatch&&) noexcept = default;
  EventBatch& operator=(EventBatch&&) noexcept = default;
  EventBatch(const EventBatch&) = delete;
  EventBatch& operator=(const EventBatch&) = delete;

  // Copies the event in; ungroups the batch. `index` is its place in whatever body it came from, for
  // errors about it; by default its place in the batch. An event whose fields do not satisfy event.hpp is
  // left out, and the batch is then refused as a whole: see fault().
  void add(const EventView& event) { add(event, static_cast<std::uint32_t>(rows_.size())); }
  void add(const EventView& event, std::uint32_t index);

  // Sorts the events into groups, ascending by (prefix bytes, minute). Idempotent. Call it on the
  // filling thread, so that the commit thread need not; append() calls it otherwise.
  void group();

  // Valid after group(), until the next add() or clear().
  std::span<const Group> groups() const { return groups_; }
  std::vector<Series> series() const;

  // Takes the events of some series, named by their places in series(), out of the batch, and groups
  // it. The indexes of the events removed, ascending.
  std::vector<std::uint32_t> remove_series(std::span<const std::size_t> places);

  // Takes events out, named by their places among the rows of all groups() in a row, and groups the
  // rest. Their series stay in series().
  void remove_rows(std::span<const std::uint32_t> places);

  // Why an event was left out by add().
  struct Fault {
    std::uint32_t index;  // of the event
    const char* field;    // of EventView
    std::string message;  // the end of a sentence that begins with the field: its value, and what is wrong
  };
  // The first; nullopt if there is none.
  const std::optional<Fault>& fault() const { return fault_; }

  // Whether any event has an id.
  bool has_ids() const { return has_ids_; }

  // The time of the last event added with EventView::timed_on_receipt, whether or not it is still in the
  // batch; nullopt if there was none.
  std::optional<Millis> receipt_time() const { return receipt_time_; }

  std::size_t size() const { return rows_.size(); }
  bool empty() const { return rows_.empty(); }
  // Heap memory the batch holds, bytes; what the commit queue's bound counts.
  std::size_t memory_bytes() const;

  std::string_view host(std::uint32_t number) const { return text_of(hosts_[number]); }
  std::string_view id(const Row& row) const {
    return {text_.data() + row.id_offset, row.id_bytes};
  }

  void clear();

 private:
  struct Text {
    std::uint32_t offset;
    std::uint32_t bytes;
  };
  struct GroupKey {
    std::uint32_t pair;
    Minute minute;
    std::uint32_t rows;
  };

  std::string_view text_of(Text t) const { return {text_.data() + t.offset, t.bytes}; }
  Text keep(std::string_view text);
  void refuse(std::uint32_t index, const char* field, std::string message);
  bool check_numbers(const EventView& event, std::uint32_t index);
  bool check_new_id(std::uint32_t index, const char* field, std::string_view id);
  // kNone: it is refused.
  std::uint32_t pair_number(std::string_view repo, std::string_view bucket, std::uint32_t index);
  std::uint32_t host_number(std::string_view host, std::uint32_t index);
  std::uint32_t group_number(std::uint32_t pair, Minute minute);
  std::uint32_t series_place(std::uint64_t series) const;
  template <class Leaves>
  void keep_rows(Leaves leaves);
  void index_groups();

  // Every id's bytes, each pair as "repo\0bucket\0". A vector, since moving a short string would
  // leave the groups' views behind.
  std::vector<char> text_;
  std::vector<Text> pairs_;
  std::vector<std::uint32_t> pair_repo_bytes_;
  std::vector<Text> hosts_;
  std::vector<std::uint64_t> series_;      // pair << 32 | host
  std::vector<GroupKey> group_keys_;
  std::vector<Row> rows_;                  // as added, or by group once grouped_
  std::vector<Row> rows_spare_;
  std::vector<std::uint32_t> row_group_;   // group number of rows_[i], while not grouped_
  std::vector<Group> groups_;
  IndexTable pair_table_;
  IndexTable host_table_;
  IndexTable group_table_;
  IndexTable series_table_;
  std::uint32_t last_pair_ = UINT32_MAX;
  std::uint32_t last_host_ = UINT32_MAX;
  std::uint32_t last_group_ = UINT32_MAX;
  bool grouped_ = false;
  bool has_ids_ = false;
  std::optional<Millis> receipt_time_;
  std::optional<Fault> fault_;
};

}  // namespace minuted
