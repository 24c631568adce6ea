#include "chunk/chunk_codec.hpp"

#include <algorithm>
#include <functional>
#include <type_traits>

#include "codec/bytes.hpp"

namespace minuted {
namespace {

// How a column is written. Persisted.
enum Column : std::uint8_t {
  kEmpty = 0x00,        // all zero, or none present
  kValues = 0x01,       // one value an event
  kSameAsUpl = 0x02,    // size_change only
  kWithAbsent = 0x02,   // latency only: value + 1, 0 = absent
};

using Rows = std::vector<const EventBatch::Row*>;

void put_column(std::string& out, Column column) { out.push_back(static_cast<char>(column)); }

template <class Get>
void put_unsigned_column(std::string& out, const Rows& rows, Get get) {
  if (std::all_of(rows.begin(), rows.end(), [&](const auto* r) { return get(*r) == 0; })) {
    put_column(out, kEmpty);
    return;
  }
  put_column(out, kValues);
  for (const auto* r : rows) put_varint(out, get(*r));
}

void put_size_change(std::string& out, const Rows& rows) {
  bool zero = true;
  bool same = true;
  for (const auto* r : rows) {
    zero &= r->size_change == 0;
    same &= r->size_change >= 0 && static_cast<std::uint64_t>(r->size_change) == r->upl_bytes;
  }
  put_column(out, zero ? kEmpty : same ? kSameAsUpl : kValues);
  if (zero || same) return;
  for (const auto* r : rows) put_varint(out, zigzag(r->size_change));
}

void put_latency(std::string& out, const Rows& rows) {
  const auto present = std::count_if(rows.begin(), rows.end(),
                                     [](const auto* r) { return r->latency_us >= 0; });
  const bool all = present == static_cast<std::ptrdiff_t>(rows.size());
  put_column(out, present == 0 ? kEmpty : all ? kValues : kWithAbsent);
  if (present == 0) return;
  for (const auto* r : rows) put_varint(out, static_cast<std::uint64_t>(r->latency_us + !all));
}

// Reads the columns of `events`, already as long as the chunk says.
class ColumnReader {
 public:
  ColumnReader(ByteReader& in, std::span<ChunkEvent> events) : in_(in), events_(events) {}

  void hosts() {
    const auto names = dictionary([&] { return in_.string(kIdBytesMax); });
    for_each_index(names.size(), [&](ChunkEvent& e, std::size_t i) {
      e.host = names[i];
      e.host_number = static_cast<std::uint32_t>(i);
    });
    for (const std::string_view name : names) {
      if (name.empty()) in_.fail();
    }
  }

  void codes() {
    struct Code {
      OpClass op;
      std::uint16_t status;
    };
    const auto codes = dictionary([&] {
      const std::uint8_t op = in_.byte();
      if (op >= kOpClasses) in_.fail();
      return Code{static_cast<OpClass>(op),
                  static_cast<std::uint16_t>(in_.varint_up_to(kStatusMax))};
    });
    for_each_index(codes.size(), [&](ChunkEvent& e, std::size_t i) {
      e.op = codes[i].op;
      e.status = codes[i].status;
    });
  }

  void times() {
    std::int64_t ms = 0;
    bool first = true;
    for (ChunkEvent& e : events_) {
      const std::uint64_t read = in_.varint_up_to(2 * kMillisPerMinute);
      ms = first ? static_cast<std::int64_t>(read) : ms + unzigzag(read);
      first = false;
      if (ms < 0 || ms >= kMillisPerMinute) {
        in_.fail();
        return;
      }
      e.ms_in_minute = static_cast<std::uint16_t>(ms);
    }
  }

  void bytes(std::uint64_t ChunkEvent::*field) {
    const std::uint8_t column = in_.byte();
    if (column > kValues) in_.fail();
    if (column != kValues) return;
    for (ChunkEvent& e : events_) e.*field = in_.varint_up_to(kBytesMax);
  }

  void size_changes() {
    const std::uint8_t column = in_.byte();
    if (column > kSameAsUpl) in_.fail();
    for (ChunkEvent& e : events_) {
      if (column == kValues) e.size_change = unzigzag(in_.varint());
      if (column == kSameAsUpl) e.size_change = static_cast<std::int64_t>(e.upl_bytes);
    }
  }

  void latencies() {
    const std::uint8_t column = in_.byte();
    if (column > kWithAbsent) in_.fail();
    if (column == kEmpty) return;
    const std::uint64_t shift = column == kWithAbsent ? 1 : 0;
    for (ChunkEvent& e : events_) {
      e.latency_us = static_cast<std::int64_t>(in_.varint_up_to(kLatencyUsMax + shift)) -
                     static_cast<std::int64_t>(shift);
    }
  }

  void ids() {
    const std::uint8_t column = in_.byte();
    if (column > kValues) in_.fail();
    if (column != kValues) return;
    for (ChunkEvent& e : events_) e.id = in_.string(kEventIdBytesMax);
  }

 private:
  // A count of entries, then the entries. There are no more of them than events.
  template <class Take>
  std::vector<std::invoke_result_t<Take&>> dictionary(Take take) {
    std::vector<std::invoke_result_t<Take&>> entries;
    const std::uint64_t count = in_.varint_up_to(events_.size());
    if (count == 0) in_.fail();
    for (std::uint64_t i = 0; i < count && in_.ok(); ++i) entries.push_back(take());
    return entries;
  }

  // Calls set(event, index) with each event's index below `entries`; with one entry none is stored.
  template <class Set>
  void for_each_index(std::size_t entries, Set set) {
    if (!in_.ok()) return;
    for (ChunkEvent& e : events_) {
      const std::uint64_t index = entries == 1 ? 0 : in_.varint_up_to(entries - 1);
      if (!in_.ok()) return;
      set(e, static_cast<std::size_t>(index));
    }
  }

  ByteReader& in_;
  std::span<ChunkEvent> events_;
};

}  // namespace

void ChunkEncoder::collect(std::span<const ChunkSource> sources) {
  rows_.clear();
  ids_.clear();
  hosts_.clear();
  host_table_.clear();
  host_of_.clear();
  for (const Code& code : codes_) code_numbers_[slot_of(code)] = 0;
  codes_.clear();
  code_of_.clear();
  for (const ChunkSource& source : sources) {
    for (const std::uint32_t number : hosts_seen_) host_numbers_[number] = 0;
    hosts_seen_.clear();
    for (const EventBatch::Row& row : source.rows) {
      if (row.host >= host_numbers_.size()) host_numbers_.resize(row.host + 1U, 0);
      std::uint32_t& number = host_numbers_[row.host];
      if (number == 0) {
        number = host_number(source.batch->host(row.host)) + 1;
        hosts_seen_.push_back(row.host);
      }
      host_of_.push_back(number - 1);

      const Code code{row.op, row.status};
      std::uint32_t& code_number = code_numbers_[slot_of(code)];
      if (code_number == 0) {
        codes_.push_back(code);
        code_number = static_cast<std::uint32_t>(codes_.size());
      }
      code_of_.push_back(code_number - 1);

      rows_.push_back(&row);
      ids_.push_back(source.batch->id(row));
    }
  }
}

std::uint32_t ChunkEncoder::host_number(std::string_view name) {
  const std::uint64_t hash = std::hash<std::string_view>{}(name);
  std::uint32_t number =
      host_table_.find(hash, [&](std::uint32_t n) { return hosts_[n] == name; });
  if (number == IndexTable::kNone) {
    number = static_cast<std::uint32_t>(hosts_.size());
    hosts_.push_back(name);
    host_table_.insert(hash, number);
  }
  return number;
}

std::size_t ChunkEncoder::slot_of(const Code& code) {
  return std::size_t{code.status} * kOpClasses + static_cast<std::size_t>(code.op);
}

void ChunkEncoder::put_dictionaries(std::string& out) const {
  put_varint(out, std::uint64_t{hosts_.size()});
  for (const std::string_view host : hosts_) put_string(out, host);
  if (hosts_.size() > 1) {
    for (const std::uint32_t number : host_of_) put_varint(out, number);
  }
  put_varint(out, std::uint64_t{codes_.size()});
  for (const Code& code : codes_) {
    out.push_back(static_cast<char>(code.op));
    put_varint(out, std::uint32_t{code.status});
  }
  if (codes_.size() > 1) {
    for (const std::uint32_t number : code_of_) put_varint(out, number);
  }
}

void ChunkEncoder::put_columns(std::string& out) const {
  std::int64_t previous = 0;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const std::int64_t ms = rows_[i]->ms_in_minute;
    put_varint(out, i == 0 ? static_cast<std::uint64_t>(ms) : zigzag(ms - previous));
    previous = ms;
  }
  put_unsigned_column(out, rows_, [](const EventBatch::Row& r) { return r.upl_bytes; });
  put_unsigned_column(out, rows_, [](const EventBatch::Row& r) { return r.dwl_bytes; });
  put_size_change(out, rows_);
  put_latency(out, rows_);
  const bool any_id = std::any_of(ids_.begin(), ids_.end(), [](auto id) { return !id.empty(); });
  put_column(out, any_id ? kValues : kEmpty);
  if (any_id) {
    for (const std::string_view id : ids_) put_string(out, id);
  }
}

void ChunkEncoder::encode(const ChunkHeader& header, std::span<const ChunkSource> sources,
                          std::string& out) {
  collect(sources);
  out.push_back(static_cast<char>(kChunkVersion));
  put_fixed64(out, header.epoch);
  put_varint(out, header.sequence);
  put_varint(out, std::uint64_t{rows_.size()});
  put_dictionaries(out);
  put_columns(out);
}

EventView ChunkEvent::view(std::string_view repo, std::string_view bucket, Minute minute) const {
  EventView event;
  event.repo = repo;
  event.bucket = bucket;
  event.host = host;
  event.timestamp = Millis{start_of(minute).value + ms_in_minute};
  event.op = op;
  event.status = status;
  event.upl_bytes = upl_bytes;
  event.dwl_bytes = dwl_bytes;
  event.size_change = size_change;
  if (latency_us >= 0) event.latency_us = static_cast<std::uint64_t>(latency_us);
  event.id = id;
  return event;
}

namespace {

// Appends the chunk's events.
bool append_chunk(std::string_view bytes, ChunkHeader& header, std::vector<ChunkEvent>& events) {
  ByteReader in(bytes);
  if (in.byte() != kChunkVersion) return false;
  header.epoch = in.fixed64();
  header.sequence = in.varint();
  const std::uint64_t n = in.varint();
  // Each event takes at least its byte of time, so a wild count cannot allocate wildly.
  if (!in.ok() || n == 0 || n > in.remaining()) return false;
  const std::size_t before = events.size();
  events.resize(before + static_cast<std::size_t>(n));
  ColumnReader columns(in, std::span(events).subspan(before));
  columns.hosts();
  columns.codes();
  columns.times();
  columns.bytes(&ChunkEvent::upl_bytes);
  columns.bytes(&ChunkEvent::dwl_bytes);
  columns.size_changes();
  columns.latencies();
  columns.ids();
  return in.done();
}

}  // namespace

bool decode_chunk(std::string_view bytes, ChunkHeader& header, std::vector<ChunkEvent>& events) {
  events.clear();
  return append_chunk(bytes, header, events);
}

std::optional<std::size_t> count_chunks(std::string_view raw_value) {
  ByteReader in(raw_value);
  std::size_t chunks = 0;
  while (in.ok() && !in.done()) {
    (void)in.string();
    ++chunks;
  }
  if (!in.ok() || chunks == 0) return std::nullopt;
  return chunks;
}

std::optional<std::size_t> decode_chunks(std::string_view raw_value,
                                         std::vector<ChunkEvent>& events) {
  ByteReader in(raw_value);
  ChunkHeader header;
  std::size_t chunks = 0;
  do {
    const std::string_view chunk = in.string();
    if (!in.ok() || !append_chunk(chunk, header, events)) return std::nullopt;
    ++chunks;
  } while (!in.done());
  return chunks;
}

}  // namespace minuted
