#include "maintenance/remove/tier_rows.hpp"

#include <string>
#include <vector>

#include "page/page_codec.hpp"
#include "schema/keys.hpp"

namespace minuted {
namespace {

std::string key_of(std::string_view prefix, Minute minute) {
  std::string key(prefix);
  append_minute(key, minute);
  return key;
}

Error damaged(std::string_view what, std::string_view key) {
  return {ErrorCode::kCorruption, std::string(what) + " cannot be read: " + shorten(key)};
}

// The pages that overlap `minutes`: calls `take` with the first minute and the rows of each.
template <class Take>
Result<void> for_each_page(const View& view, const SealedTier& tier, std::string_view prefix,
                           const MinuteRange& minutes, Take take) {
  const auto pages =
      view.cursor(tier.pages, key_of(prefix, floor_to(minutes.begin, tier.page_minutes)),
                  key_of(prefix, minutes.end));
  for (; pages->valid(); pages->next()) {
    const std::string key(pages->key());
    const auto sketches = view.get(tier.sketches, key);
    if (!sketches) return sketches.error();
    const std::string_view sketch_bytes = sketches->has_value() ? **sketches : std::string_view();
    PageReader page;
    if (!page.open(pages->value()) || !page.open_sketches(sketch_bytes)) {
      return damaged("a page", key);
    }
    const Minute first = read_minute(std::string_view(key).substr(prefix.size()));
    RowsByMinute rows;
    std::uint32_t slot = 0;
    std::string_view host;
    Rollup rollup;
    while (page.next(slot, host, rollup)) {
      rows[{first.value + slot * tier.row_minutes}].of(host).merge(rollup);
    }
    if (!page.ok()) return damaged("a page", key);
    take(first, rows);
  }
  return pages->status();
}

void put_page(const SealedTier& tier, std::string_view prefix, Minute first,
              const RowsByMinute& kept, WriteSet& set) {
  const std::string key = key_of(prefix, first);
  std::vector<PageRow> rows;
  for (const auto& [minute, hosts] : kept) {
    for (const HostRollups::Entry& e : hosts.entries()) {
      rows.push_back({(minute.value - first.value) / tier.row_minutes, e.host, &e.rollup});
    }
  }
  std::string page;
  std::string sketches;
  if (!rows.empty()) encode_page(rows, page, sketches);
  const auto put = [&](Family family, const std::string& value) {
    if (value.empty()) {
      set.remove(family, key);
    } else {
      set.put(family, key, value);
    }
  };
  put(tier.pages, page);
  put(tier.sketches, sketches);
}

}  // namespace

Result<RowsByMinute> read_rows(const View& view, const SealedTier& tier, std::string_view prefix,
                               const MinuteRange& minutes) {
  RowsByMinute rows;
  auto read = for_each_page(view, tier, prefix, minutes, [&](Minute, const RowsByMinute& page) {
    for (const auto& [minute, hosts] : page) {
      if (minutes.contains(minute)) rows[minute].merge(hosts);
    }
  });
  if (!read) return read.error();
  const auto single = view.cursor(tier.rows, key_of(prefix, minutes.begin),
                                  key_of(prefix, minutes.end));
  for (; single->valid(); single->next()) {
    const Minute minute = read_minute(single->key().substr(prefix.size()));
    if (!merge_encoded_hosts(single->value(), rows[minute])) {
      return damaged("a row", single->key());
    }
  }
  if (auto status = single->status(); !status) return status.error();
  return rows;
}

Result<void> replace_rows(const View& view, const SealedTier& tier, std::string_view prefix,
                          const MinuteRange& minutes, const RowsByMinute& rows, WriteSet& set) {
  RowsByMinute left = rows;  // that no page has taken
  auto paged = for_each_page(view, tier, prefix, minutes, [&](Minute first, RowsByMinute& page) {
    const MinuteRange span{first, {first.value + tier.page_minutes}};
    for (auto at = page.begin(); at != page.end();) {
      at = minutes.contains(at->first) ? page.erase(at) : std::next(at);
    }
    for (auto at = left.lower_bound(span.begin); at != left.end() && at->first < span.end;) {
      page[at->first] = std::move(at->second);
      at = left.erase(at);
    }
    put_page(tier, prefix, first, page, set);
  });
  if (!paged) return paged;
  const auto single = view.cursor(tier.rows, key_of(prefix, minutes.begin),
                                  key_of(prefix, minutes.end));
  for (; single->valid(); single->next()) set.remove(tier.rows, single->key());
  if (auto status = single->status(); !status) return status;
  std::string value;
  for (const auto& [minute, hosts] : left) {
    value.clear();
    encode_hosts(hosts, value);
    set.put(tier.rows, key_of(prefix, minute), value);
  }
  return {};
}

}  // namespace minuted
