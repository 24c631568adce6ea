#include "query/raw_signs.hpp"

#include <algorithm>
#include <string>

#include "minuted/event.hpp"
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
    if (auto in_time = check_time_(); !in_time) return in_time;
    events_.clear();
    for (const std::string_view value : raw_->values()) {
      if (!decode_chunks(value, events_)) {
        return Error{ErrorCode::kCorruption, "a raw chunk cannot be read: " + shorten(raw_->key())};
      }
    }
    for (const ChunkEvent& event : events_) take(minute, event);
  }
  return {};
}

Result<void> for_each_open_host(OpenRows& open, std::string_view prefix, const MinuteRange& minutes,
                                const std::function<Result<void>()>& check,
                                const TakeOpenHost& take) {
  for (open.enter(prefix, minutes); open.valid(); open.next()) {
    if (auto checked = check(); !checked) return checked;
    HostsReader reader(open.value());
    std::string_view host;
    Rollup rollup;
    while (reader.next(host, rollup)) take(open.minute(), host, reader.seen());
    if (!reader.ok()) {
      return Error{ErrorCode::kCorruption, "a minute cannot be read: " + shorten(open.key())};
    }
  }
  return open.status();
}

Result<void> note_open_hosts(OpenRows& open, std::string_view prefix,
                             const std::function<Result<void>()>& check_time, HostStates& hosts) {
  return for_each_open_host(open, prefix, {{0}, {kMinuteMax.value + 1}}, check_time,
                            [&](Minute minute, std::string_view host, const SeenInMinute& seen) {
                              hosts.of(host).note(minute, seen);
                            });
}

Result<void> drop_past(const View& view, std::string_view prefix, Minute days_begin,
                       Minute archive_begin, HostStates& hosts) {
  const auto is_past = [&](const HostStates::Entry& e) { return minute_of(e.kept.last) < days_begin; };
  if (std::none_of(hosts.entries().begin(), hosts.entries().end(), is_past)) return {};
  std::string lower(prefix);
  append_minute(lower, archive_begin);
  const auto archived = view.cursor(Family::kArchive, lower, after_prefix(prefix));
  if (archived->valid()) return {};
  if (auto status = archived->status(); !status) return status;
  hosts.drop_if(is_past);
  return {};
}

}  // namespace minuted
