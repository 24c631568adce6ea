#include "inspection/inspection_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>
#include <vector>

#include "render/json_text.hpp"

namespace minuted::inspection {
namespace {

struct Fact {
  std::string name;
  std::string value;
  bool is_text = false;
};
using Facts = std::vector<Fact>;

std::string decimal(UInt128 number) {
  std::string digits;
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(number % 10)));
    number /= 10;
  } while (number != 0);
  return {digits.rbegin(), digits.rend()};
}

std::string one_decimal(double number) {
  char text[64];
  std::snprintf(text, sizeof text, "%.1f", number);
  return text;
}

// 2024-02-01T10:15Z.
std::string iso_minute(Minute minute) {
  constexpr std::size_t kUpToMinutes = 16;
  return format_iso8601(start_of(minute)).substr(0, kUpToMinutes) + "Z";
}

std::uint64_t bytes_of(const StoredKeys& keys) { return keys.table_bytes + keys.memtable_bytes; }

std::string per_row(std::uint64_t bytes, std::uint64_t rows) {
  return one_decimal(static_cast<double>(bytes) / static_cast<double>(rows));
}

bool has_pages(Tier tier) { return tier == Tier::kMinute || tier == Tier::kHour; }
bool has_rows(Tier tier) {
  return has_pages(tier) || tier == Tier::kDay || tier == Tier::kTotal || tier == Tier::kRepo;
}
std::uint64_t keys_of(const TierInspection& t) {
  return t.single.keys + t.pages.keys + t.sketches.keys;
}

void add(Facts& facts, std::string name, std::uint64_t number) {
  facts.push_back({std::move(name), std::to_string(number)});
}

void add_rows(Facts& facts, Tier tier, const TierInspection& t) {
  add(facts, "rows", t.rows_open + t.rows_sealed);
  if (has_pages(tier)) {
    add(facts, "rows_open", t.rows_open);
    add(facts, "rows_sealed", t.rows_sealed);
    add(facts, "spans_open", t.spans_open);
    add(facts, "spans_sealed", t.spans_sealed);
  }
  if (t.rows_open > 0) {
    const char* const name = has_pages(tier) ? "bytes_per_row_open" : "bytes_per_row";
    facts.push_back({name, per_row(bytes_of(t.single), t.rows_open)});
  }
  if (t.rows_sealed > 0) {
    const std::uint64_t pages = bytes_of(t.pages);
    facts.push_back({"bytes_per_row_sealed", per_row(pages + bytes_of(t.sketches), t.rows_sealed)});
    facts.push_back({"bytes_per_row_sealed_without_sketches", per_row(pages, t.rows_sealed)});
  }
}

Facts facts_of(Tier tier, const TierInspection& t, bool quick) {
  Facts facts;
  add(facts, quick ? "keys_about" : "keys", keys_of(t));
  if (has_pages(tier)) add(facts, quick ? "pages_about" : "pages", t.pages.keys);
  add(facts, "table_bytes", t.single.table_bytes + t.pages.table_bytes + t.sketches.table_bytes);
  add(facts, "memtable_bytes",
      t.single.memtable_bytes + t.pages.memtable_bytes + t.sketches.memtable_bytes);
  if (has_pages(tier)) add(facts, "sketch_bytes", bytes_of(t.sketches));
  if (quick) return facts;
  add(facts, "data_bytes", t.single.data_bytes + t.pages.data_bytes + t.sketches.data_bytes);
  if (tier == Tier::kRaw || tier == Tier::kArchive) {
    add(facts, "chunks", t.chunks);
    add(facts, "events", t.events);
  }
  if (tier == Tier::kRaw) add(facts, "folded_bytes", t.folded_bytes);
  if (has_rows(tier)) add_rows(facts, tier, t);
  if (t.minutes) {
    facts.push_back({"first_minute", iso_minute(t.minutes->first), true});
    facts.push_back({"last_minute", iso_minute(t.minutes->last), true});
  }
  add(facts, "damaged", t.damaged);
  if (t.damaged > 0) facts.push_back({"first_damaged", t.first_damaged, true});
  return facts;
}

Facts facts_of(const RepoInspection& repo) {
  Facts facts;
  facts.push_back({"id", repo.repo, true});
  add(facts, "buckets", repo.buckets);
  add(facts, "bytes_about", repo.bytes);
  add(facts, "requests", repo.requests);
  facts.push_back({"upl_bytes", decimal(repo.upl_bytes)});
  facts.push_back({"dwl_bytes", decimal(repo.dwl_bytes)});
  return facts;
}

Facts facts_of(const Inspection& found, std::string_view path) {
  Facts facts;
  facts.push_back({"directory", std::string(path), true});
  add(facts, "format", found.format);
  add(facts, "disk_bytes", found.disk_bytes);
  add(facts, "log_bytes", found.log_bytes);
  add(facts, "table_bytes", found.table_bytes);
  add(facts, "series", found.series);
  add(facts, "repos", found.repos);
  add(facts, "buckets", found.buckets);
  return facts;
}

void append_members(const Facts& facts, std::string& out) {
  for (std::size_t i = 0; i < facts.size(); ++i) {
    if (i > 0) out += ',';
    render::append_json_string(facts[i].name, out);
    out += ':';
    if (facts[i].is_text) {
      render::append_json_string(facts[i].value, out);
    } else {
      out += facts[i].value;
    }
  }
}

void append_lines(const std::string& prefix, const Facts& facts, std::string& out) {
  for (const Fact& fact : facts) out += prefix + fact.name + '\t' + fact.value + '\n';
}

using Cells = std::vector<std::string>;

// Characters, not bytes.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// The first `left` columns begin, the others end, under each other.
void append_table(const std::vector<Cells>& rows, std::size_t left, std::string& out) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Cells& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  for (const Cells& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string pad(widths[i] - width_of(row[i]), ' ');
      line += (i == 0 ? "" : "  ") + (i < left ? row[i] + pad : pad + row[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
}

Cells cells_of(Tier tier, const TierInspection& t, bool quick) {
  const std::uint64_t rows = t.rows_open + t.rows_sealed;
  const auto if_rows = [&](std::string text) { return quick || !has_rows(tier) ? "" : text; };
  const std::uint64_t memtables =
      t.single.memtable_bytes + t.pages.memtable_bytes + t.sketches.memtable_bytes;
  const bool paged = has_pages(tier) && !quick;
  return {std::string(kTierNames[static_cast<std::size_t>(tier)]),
          (quick ? "about " : "") + with_thousands(keys_of(t)),
          if_rows(with_thousands(rows)),
          paged ? with_thousands(t.rows_sealed) : "",
          paged ? with_thousands(t.spans_sealed) : "",
          paged ? with_thousands(t.spans_open) : "",
          human_bytes(t.bytes() - memtables),
          human_bytes(memtables),
          rows == 0 ? "" : per_row(t.bytes(), rows),
          rows == 0 || !paged ? "" : per_row(t.bytes() - bytes_of(t.sketches), rows),
          t.minutes ? iso_minute(t.minutes->first) : "",
          t.minutes ? iso_minute(t.minutes->last) : ""};
}

void append_repos(const Inspection& found, std::string& out) {
  if (found.largest_repos.empty()) return;
  std::vector<Cells> rows = {{"LARGEST REPOS", "BUCKETS", "REQUESTS", "UP", "DOWN", "TAKES ABOUT"}};
  for (const RepoInspection& repo : found.largest_repos) {
    rows.push_back({repo.repo, with_thousands(repo.buckets), with_thousands(repo.requests),
                    human_bytes(repo.upl_bytes), human_bytes(repo.dwl_bytes),
                    human_bytes(repo.bytes)});
  }
  out += '\n';
  append_table(rows, 1, out);
}

}  // namespace

std::string with_thousands(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

std::string human_bytes(UInt128 bytes) {
  constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  constexpr double kStep = 1024;
  if (bytes < static_cast<UInt128>(kStep)) return decimal(bytes) + " B";
  double number = static_cast<double>(bytes);
  std::size_t unit = 0;
  // So that nothing is shown as 1024.0 of a unit.
  for (; number >= kStep - 0.05 && unit + 1 < kUnits.size(); ++unit) number /= kStep;
  return one_decimal(number) + " " + kUnits[unit];
}

std::string to_table(const Inspection& found, std::string_view path) {
  std::string out = "The store in " + std::string(path) + ", format " +
                    std::to_string(found.format) + "\n" + human_bytes(found.disk_bytes) +
                    " on disk, of it tables " + human_bytes(found.table_bytes) + ", log " +
                    human_bytes(found.log_bytes) + "\n" + with_thousands(found.series) +
                    " series, " + with_thousands(found.repos) + " repos, " +
                    with_thousands(found.buckets) + " buckets\n\n";
  std::vector<Cells> rows = {{"TIER", "KEYS", "ROWS", "SEALED", "SPANS", "OPEN", "TABLES",
                              "MEMTABLES", "B/ROW", "NO SKETCH", "FIRST", "LAST"}};
  for (std::size_t i = 0; i < kTiers; ++i) {
    rows.push_back(cells_of(static_cast<Tier>(i), found.tiers[i], found.quick));
  }
  append_table(rows, 1, out);
  const TierInspection& raw = found.tier(Tier::kRaw);
  if (!found.quick) {
    out += "\n" + with_thousands(raw.events) + " events in " + with_thousands(raw.chunks) +
           " chunks wait for a fold\n";
    if (raw.folded_bytes != 0) {
      out += human_bytes(raw.folded_bytes) + " of raw events are folded and not dropped yet\n";
    }
  }
  for (std::size_t i = 0; i < kTiers; ++i) {
    const TierInspection& t = found.tiers[i];
    if (t.damaged == 0) continue;
    out += with_thousands(t.damaged) + " damaged in " + std::string(kTierNames[i]) +
           ", the first is " + t.first_damaged + "\n";
  }
  append_repos(found, out);
  return out;
}

std::string to_lines(const Inspection& found, std::string_view path) {
  std::string out;
  append_lines("", facts_of(found, path), out);
  for (std::size_t i = 0; i < kTiers; ++i) {
    append_lines(std::string(kTierNames[i]) + ".",
                 facts_of(static_cast<Tier>(i), found.tiers[i], found.quick), out);
  }
  for (std::size_t i = 0; i < found.largest_repos.size(); ++i) {
    append_lines("repo." + std::to_string(i + 1) + ".", facts_of(found.largest_repos[i]), out);
  }
  return out;
}

std::string to_json(const Inspection& found, std::string_view path) {
  std::string out = "{";
  append_members(facts_of(found, path), out);
  out += ",\"quick\":";
  out += found.quick ? "true" : "false";
  out += ",\"tiers\":{";
  for (std::size_t i = 0; i < kTiers; ++i) {
    if (i > 0) out += ',';
    render::append_json_string(kTierNames[i], out);
    out += ":{";
    append_members(facts_of(static_cast<Tier>(i), found.tiers[i], found.quick), out);
    out += '}';
  }
  out += "},\"largest_repos\":[";
  for (std::size_t i = 0; i < found.largest_repos.size(); ++i) {
    if (i > 0) out += ',';
    out += '{';
    append_members(facts_of(found.largest_repos[i]), out);
    out += '}';
  }
  out += "]}\n";
  return out;
}

}  // namespace minuted::inspection
