// Promise: engine/FORMAT.md is true. Its table of families is the code's, and every example on the
// page has the bytes that the encoders write; no key or record lacks an example.
#include <gtest/gtest.h>
#include <rocksdb/env.h>

#include <array>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chunk/chunk_codec.hpp"
#include "chunk/raw_commit.hpp"
#include "nodes/signs.hpp"
#include "page/page_codec.hpp"
#include "page/repo_page_codec.hpp"
#include "rollup/rollup_codec.hpp"
#include "schema/columns.hpp"
#include "schema/families.hpp"
#include "schema/keys.hpp"
#include "schema/meta_records.hpp"
#include "store/catalog.hpp"
#include "store/event_ids.hpp"
#include "store/idempotency.hpp"
#include "store/node_book.hpp"
#include "store/repo_facts.hpp"
#include "store/store.hpp"
#include "store/watermark.hpp"
#include "support/hex.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

// The page's examples are of one minute of one series.
constexpr Minute kMinute{28'400'000};
constexpr Minute kDay{28'399'680};
constexpr Millis kTime{kMinute.value * kMillisPerMinute + 1'500};
constexpr std::uint64_t kCommit = 7;

std::string pair() { return pair_prefix("repo", "pics"); }

// A cell of a table, without its blanks.
std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(' ');
  if (begin == text.npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(' ') - begin + 1));
}

// The text of a cell that is code; nullopt if it is none.
std::optional<std::string> code_of(const std::string& cell) {
  if (cell.size() < 2 || cell.front() != '`' || cell.back() != '`') return std::nullopt;
  return cell.substr(1, cell.size() - 2);
}

// All rows of the page's tables, as cells.
std::vector<std::vector<std::string>> rows_of_page() {
  std::ifstream in(std::string(MINUTED_SOURCE_DIR) + "/engine/FORMAT.md");
  EXPECT_TRUE(in.good()) << "engine/FORMAT.md cannot be read";
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("|")) continue;
    std::vector<std::string> cells;
    std::istringstream row(line.substr(1));
    for (std::string cell; std::getline(row, cell, '|');) cells.push_back(trimmed(cell));
    rows.push_back(std::move(cells));
  }
  return rows;
}

std::string text_of(KeyShape shape) {
  switch (shape) {
    case KeyShape::kName:
      return "name";
    case KeyShape::kCommitPart:
      return "commit, part";
    case KeyShape::kPair:
      return "pair";
    case KeyShape::kPairMinute:
      return "pair, minute";
    case KeyShape::kPairMinuteCommit:
      return "pair, minute, commit";
    case KeyShape::kRepoSlot:
      return "span, minute, repo";
    case KeyShape::kCatalog:
      return "letter, ids";
    case KeyShape::kNode:
      return "letter, host";
    case KeyShape::kHash:
      return "hash";
    case KeyShape::kMinuteHashes:
      return "minute, hashes";
  }
  return {};
}

std::string text_of(Expiry expiry) {
  switch (expiry) {
    case Expiry::kNever:
      return "never";
    case Expiry::kFolded:
      return "once folded";
    case Expiry::kIdempotencyWindow:
      return "after the idempotency window";
    case Expiry::kMinuteRetention:
      return "with the retention of minutes";
    case Expiry::kHourRetention:
      return "with the retention of hours";
    case Expiry::kDayRetention:
      return "with the retention of days";
    case Expiry::kArchiveRetention:
      return "with the retention of raw events";
    case Expiry::kTierRetention:
      return "with the retention of the span's tier";
    case Expiry::kWithSeries:
      return "with the last series";
  }
  return {};
}

// A row of the page's table, from the code.
std::vector<std::string> row_of(const FamilyInfo& info) {
  const auto code = [](std::string_view text) { return "`" + std::string(text) + "`"; };
  const char* const merge = merge_operator_name(info.merge);
  return {code(info.disk_name), code(info.metric_name), text_of(info.key),
          merge == nullptr ? "" : code(merge), text_of(info.expiry)};
}

TEST(FormatPageTest, TheTableOfFamiliesIsTheCodes) {
  std::vector<std::vector<std::string>> expected;
  for (const FamilyInfo& info : kFamilyTable) expected.push_back(row_of(info));
  std::vector<std::vector<std::string>> found;
  for (auto& row : rows_of_page()) {
    if (row.size() == 5 && code_of(row[0])) found.push_back(std::move(row));
  }
  EXPECT_EQ(found, expected);
}

EventView example_event() {
  EventView event;
  event.repo = "repo";
  event.bucket = "pics";
  event.host = "n1";
  event.timestamp = kTime;
  event.op = OpClass::kPut;
  event.status = 200;
  event.upl_bytes = 4096;
  event.size_change = 4096;
  event.latency_us = 12'500;
  return event;
}

Rollup example_rollup() {
  Rollup rollup;
  rollup.add(example_event());
  EventView failed = example_event();
  failed.op = OpClass::kGet;
  failed.status = 404;
  failed.upl_bytes = 0;
  failed.size_change = 0;
  failed.latency_us = 2'500;
  rollup.add(failed);
  return rollup;
}

RepoRollup example_repo() {
  RepoRollup repo;
  repo.add(example_rollup());
  return repo;
}

std::string example_hosts(bool seen) {
  HostRollups hosts;
  hosts.of("n1") = example_rollup();
  if (seen) hosts.entry_of("n1").seen.note(1'500, 12'500);
  std::string bytes;
  encode_hosts(hosts, bytes);
  return bytes;
}

// Two minutes of the host, the second with a third latency, so that it has a sketch.
std::pair<std::string, std::string> example_page() {
  const Rollup first = example_rollup();
  Rollup second = first;
  second.add(example_event());
  const std::array<PageRow, 2> rows{PageRow{3, "n1", &first}, PageRow{5, "n1", &second}};
  std::pair<std::string, std::string> page;
  encode_page(rows, page.first, page.second);
  return page;
}

std::string example_chunk() {
  EventBatch batch;
  batch.add(example_event());
  batch.group();
  const ChunkSource source{&batch, batch.groups().front().rows};
  std::string chunk;
  ChunkEncoder().encode({0x1122334455667788, kCommit}, {&source, 1}, chunk);
  return chunk;
}

std::string example_raw_value(bool of_family) {
  RawCommitEncoder encoder;
  encoder.add(pair(), kMinute, example_chunk());
  return std::string(of_family ? encoder.part(0) : encoder.raw_value(0));
}

template <class Value>
std::string encoded(const Value& value) {
  std::string bytes;
  encode_value(value, bytes);
  return bytes;
}

// What a store holds under a key after `change`.
std::string stored(Family family, const std::string& key,
                   const std::function<void(Store&, WriteSet&)>& change) {
  const TempDir dir;
  StoreOptions options;
  options.path = dir / "store";
  const auto store = Store::open(options);
  EXPECT_TRUE(store.ok());
  if (!store.ok()) return {};
  WriteSet set(**store);
  change(**store, set);
  EXPECT_TRUE((*store)->write(set, Durability::kBuffered).ok());
  const auto view = (*store)->view();
  const auto cursor = view->cursor(family, key, {});
  EXPECT_TRUE(cursor->valid());
  EXPECT_TRUE(cursor->valid() && cursor->key().starts_with(key)) << to_hex(key);
  return cursor->valid() ? std::string(cursor->value()) : std::string();
}

std::string example_mark() {
  const TempDir dir;
  rocksdb::Env& env = *rocksdb::Env::Default();
  const std::string& path = dir.path();
  EXPECT_TRUE(Watermark::create(env, path, {7, 12, 5, 1'500}).ok());
  std::string bytes;
  EXPECT_TRUE(rocksdb::ReadFileToString(&env, path + "/acknowledged", &bytes).ok());
  EXPECT_EQ(bytes.size(), 8192U);
  return bytes.substr(0, 56);
}

std::string example_marker() {
  const TempDir dir;
  StoreOptions options;
  options.path = dir / "store";
  EXPECT_TRUE(Store::open(options).ok());
  std::ifstream in(options.path + "/minuted.store");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::map<std::string, std::string> key_examples() {
  const EventIdKey id =
      event_id_key(kMinute, event_id_pair(0x1122334455667788, 0x99AABBCCDDEEFF00),
                   0x0102030405060708, 0xA1A2A3A4A5A6A7A8);
  return {
      {"pair prefix", pair()},
      {"raw", raw_key(kCommit, 0)},
      {"row", row_key(pair(), kMinute)},
      {"archive", archive_key(pair(), kMinute, kCommit)},
      {"repo slot", repo_key("repo", RepoSpan::kFiveMinutes, kMinute)},
      {"series key", series_key(pair(), "n1")},
      {"bucket index", bucket_index_key(pair())},
      {"host index", host_index_key(pair(), "n1")},
      {"repo metadata", repo_metadata_key("repo")},
      {"workspace index", workspace_index_key("team", "repo")},
      {"node", node_key("n1")},
      {"node day", node_day_key("n1", kDay)},
      {"idempotency", idempotency_key(0x1122334455667788, 0x99AABBCCDDEEFF00)},
      {"event id", {id.data(), id.size()}},
  };
}

std::map<std::string, std::string> record_examples() {
  const std::string raw_key = row_key(pair(), kMinute);
  return {
      {std::string(CommitRecord::kKey), CommitRecord{kCommit, 0x1122334455667788}.encode()},
      {std::string(RawFloorRecord::kKey), RawFloorRecord{kCommit}.encode()},
      {std::string(FoldMarkRecord::kKey),
       FoldMarkRecord{0x1122334455667788, {3, raw_key, 5, kCommit}}.encode()},
      {std::string(UnreadableKey::kPrefix),
       UnreadableKey{raw_key, kCommit}.encode().substr(UnreadableKey::kPrefix.size())},
      {std::string(RollBoundaries::kKey),
       RollBoundaries{{{28'399'980}, {28'400'040}}, {kDay, kDay}, pair()}.encode()},
      {std::string(RepoRowsRecord::kKey), RepoRowsRecord{{kMinute, kDay, kDay, kDay}}.encode()},
      {std::string(ClockRecord::kKey), ClockRecord{kTime.value, kTime.value, 60'000}.encode()},
      {std::string(SeriesCountRecord::kKey), SeriesCountRecord{2}.encode()},
      {std::string(NodeCountRecord::kKey), NodeCountRecord{1}.encode()},
      {std::string(RemovalRecord::kKey),
       RemovalRecord{"repo", "pics", MinuteRange{kDay, kMinute}, kDay, kCommit}.encode()},
  };
}

std::map<std::string, std::string> value_examples() {
  std::string repo;
  encode_repo(example_repo(), repo);
  std::string repo_page;
  const std::array<RepoSlot, 2> slots{RepoSlot{3, example_repo()}, RepoSlot{5, example_repo()}};
  encode_repo_page(slots, repo_page);
  DaySigns activity;
  activity.of("n1").add(320);
  activity.of("n1").add(321);
  HostStates states;
  states.of("n1").note(kMinute, kTime, 12'500);
  HeartbeatDay beats;
  beats.minutes.add(320);
  beats.latency_count = 1;
  beats.latency_sum_us = 2'500;
  const NodeRecord node{{"http://n1", "eu", "", "", "1.2"},
                        LastHeartbeat{kTime, {2'500, "OK", "10.0.0.1"}, kTime}};
  return {
      {"minuted.store", example_marker()},
      {"acknowledged", example_mark()},
      {"hosts value", example_hosts(false)},
      {"minute value", example_hosts(true)},
      {"repo value", repo},
      {"page", example_page().first},
      {"sketches of a page", example_page().second},
      {"repo page", repo_page},
      {"chunk", example_chunk()},
      {"raw value", example_raw_value(false)},
      {"part of a commit", example_raw_value(true)},
      {"activity of a day", encoded(activity)},
      {"host states", encoded(states)},
      {"heartbeats of a day", encoded(beats)},
      {"node record", encode_node(node)},
      {"idempotency record",
       encode_record({kTime, {0x1122334455667788, 0x99AABBCCDDEEFF00}, {2, 0, 1, {}, false}})},
      {"catalog record", stored(Family::kCatalog, series_key(pair(), "n1"),
                                [](Store& store, WriteSet& set) {
                                  SeriesCatalog catalog(store);
                                  catalog.add(catalog.name(pair(), "n1"), set);
                                })},
      {"repo metadata record", stored(Family::kCatalog, repo_metadata_key("repo"),
                                      [](Store& store, WriteSet& set) {
                                        RepoFactsTable table(store);
                                        EXPECT_TRUE(table.apply("repo", {"team", "aws"}, set).ok());
                                      })},
      {"event id record", stored(Family::kEventId, event_id_begin(kMinute, {}),
                                 [](Store& store, WriteSet& set) {
                                   EventIds ids(store, 1);
                                   ids.add(ids.key_of(ids.pair_of(pair()), {"n1", kMinute, "e1"}));
                                   ids.put(kTime, kCommit, set);
                                 })},
  };
}

// The examples of the page: in a table of three columns, a name, a description, and the bytes.
std::map<std::string, std::string> examples_of_page() {
  std::map<std::string, std::string> examples;
  for (const auto& row : rows_of_page()) {
    if (row.size() != 3 || row[0].empty() || row[0] == "name" || row[0].starts_with("-")) continue;
    const std::string name = code_of(row[0]).value_or(row[0]);
    std::string bytes = code_of(row[2]).value_or("no code");
    if (bytes.find_first_not_of("0123456789abcdef ") != bytes.npos) {
      ADD_FAILURE() << name << " has no bytes: " << row[2];
      continue;
    }
    std::erase(bytes, ' ');
    EXPECT_TRUE(examples.emplace(name, bytes).second) << name << " has two examples";
  }
  return examples;
}

TEST(FormatPageTest, EveryExampleHasTheBytesThatAreWritten) {
  auto found = examples_of_page();
  for (const auto& examples : {key_examples(), record_examples(), value_examples()}) {
    for (const auto& [name, bytes] : examples) {
      EXPECT_EQ(found[name], to_hex(bytes)) << name;
      found.erase(name);
    }
  }
  for (const auto& [name, bytes] : found) ADD_FAILURE() << "no such thing is written: " << name;
}

// The secret is 192 random bytes, of which there is no example.
TEST(FormatPageTest, EveryRecordOfTheMetaFamilyHasAnExample) {
  const auto examples = examples_of_page();
  for (const std::string_view key : kMetaKeys) {
    if (key == SecretRecord::kKey) continue;
    EXPECT_TRUE(examples.contains(std::string(key))) << key;
  }
}

// The drawings name each column of the rollup and of the repos' sums.
TEST(FormatPageTest, EveryColumnIsNamed) {
  std::ifstream in(std::string(MINUTED_SOURCE_DIR) + "/engine/FORMAT.md");
  const std::string page{std::istreambuf_iterator<char>(in), {}};
  const auto expect_named = [&](std::string_view name) {
    EXPECT_NE(page.find("`" + std::string(name) + "`"), page.npos) << name;
  };
  for_each_column<kColumns>([&](auto index) { expect_named(std::get<index>(kColumns).name); });
  for_each_column<kRepoColumns>(
      [&](auto index) { expect_named(std::get<index>(kRepoColumns).name); });
}

TEST(FormatPageTest, TheVersionIsNamed) {
  std::ifstream in(std::string(MINUTED_SOURCE_DIR) + "/engine/FORMAT.md");
  std::string title;
  std::getline(in, title);
  EXPECT_EQ(title, "# The format of the store, version " + std::to_string(kFormatVersion));
}

}  // namespace
}  // namespace minuted::test
