#include "query/raw_signs.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "rollup/rollup_codec.hpp"
#include "schema/keys.hpp"

namespace minuted {

Result<void> RawSigns::for_each(std::string_view prefix, const MinuteRange& minutes,
                                const Take& take) {
  if (!raw_) return {};
  std::string key(prefix);
  append_minute(key, minutes.begin);
  for (raw_->seek(key); raw_->valid() && raw_->key().starts_with(prefix); raw_->next()) {
    const Minute minute = read_minute(raw_->key().substr(prefix.size()));
    if (minute >= minutes.end) return {};
    if (auto in_time = context_.check(); !in_time) return in_time;
    events_.clear();
    for (const std::string_view value : raw_->values()) {
      if (!decode_chunks(value, events_)) return cannot_be_read("a raw chunk", raw_->key());
    }
    for (const ChunkEvent& event : events_) take(minute, event);
  }
  return {};
}

Result<void> RawSigns::open() {
  if (open_minutes_) return {};
  auto open = context_.open_rows(Span::kHour);
  if (!open) return open.error();
  open_minutes_ = std::move(*open);
  return {};
}

Result<void> RawSigns::for_each_open_host(std::string_view prefix, const MinuteRange& minutes,
                                          const TakeHost& take, const AfterMinute& after_minute) {
  if (auto opened = open(); !opened) return opened;
  OpenRows& rows = *open_minutes_;
  for (rows.enter(prefix, minutes); rows.valid(); rows.next()) {
    if (auto in_time = context_.check(); !in_time) return in_time;
    HostsReader reader(rows.value());
    std::string_view host;
    Rollup rollup;
    while (reader.next(host, rollup)) take(rows.minute(), host, reader.seen());
    if (!reader.ok()) return cannot_be_read("a minute", rows.key());
    if (auto gone_on = after_minute(); !gone_on) return gone_on;
  }
  return rows.status();
}

Result<void> RawSigns::add_to(std::string_view prefix, HostStates& hosts) {
  const auto note_open = [&](Minute minute, std::string_view host, const SeenInMinute& seen) {
    hosts.of(host).note(minute, seen);
  };
  auto open = for_each_open_host(prefix, kEveryMinute, note_open, [] { return Result<void>(); });
  if (!open) return open;
  return for_each(prefix, kEveryMinute, [&](Minute minute, const ChunkEvent& event) {
    hosts.of(event.host).note(minute, Millis{start_of(minute).value + event.ms_in_minute},
                              event.latency_us);
  });
}

Result<void> drop_past(ReadContext& context, std::string_view prefix, HostStates& hosts) {
  const Minute days_begin = context.horizon(Span::kDay);
  const auto is_past = [&](const HostStates::Entry& e) { return minute_of(e.kept.last) < days_begin; };
  if (std::none_of(hosts.entries().begin(), hosts.entries().end(), is_past)) return {};
  std::string lower(prefix);
  append_minute(lower, context.archive_begin());
  const auto archived = context.view().cursor(Family::kArchive, lower, after_prefix(prefix));
  if (archived->valid()) return {};
  if (auto status = archived->status(); !status) return status;
  hosts.drop_if(is_past);
  return {};
}

}  // namespace minuted
