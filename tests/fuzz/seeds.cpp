// minuted_fuzz_seeds DIRECTORY: writes the seeds of every target into DIRECTORY/TARGET. Each is what the
// product's own encoders make of random values, or a text that people write. MINUTED_TEST_SEED tells which.
#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chunk/chunk_codec.hpp"
#include "chunk/raw_commit.hpp"
#include "minuted/event_batch.hpp"
#include "nodes/signs.hpp"
#include "page/page_codec.hpp"
#include "page/repo_page_codec.hpp"
#include "page/sketch_codec.hpp"
#include "render/event_json.hpp"
#include "render/page_cursor.hpp"
#include "rollup/rollup_codec.hpp"
#include "schema/keys.hpp"
#include "schema/meta_records.hpp"
#include "store/idempotency.hpp"
#include "store/node_book.hpp"
#include "support/random.hpp"

namespace minuted::fuzz {
namespace {

namespace fs = std::filesystem;

class Seeds {
 public:
  explicit Seeds(fs::path directory) : directory_(std::move(directory)) {}

  void add(const std::string& target, std::string_view bytes) {
    fs::create_directories(directory_ / target);
    const fs::path path = directory_ / target / ("seed-" + std::to_string(++numbers_[target]));
    std::ofstream out(path, std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!out.flush()) throw std::runtime_error(path.string() + " cannot be written");
  }
  void add_all(const std::string& target, std::initializer_list<std::string_view> texts) {
    for (const std::string_view text : texts) add(target, text);
  }

 private:
  const fs::path directory_;
  std::map<std::string, int> numbers_;
};

std::string word(std::size_t value);

// The operand three times, for the merge operator of that number.
std::string merged(char which, const std::string& operand) {
  const std::string one = word(operand.size()) + operand;
  return std::string(1, which) + '\1' + one + one + one;
}

std::string raw_commit_of(std::string_view chunk) {
  RawCommitEncoder commit;
  commit.add(pair_prefix("repo", "bucket"), Minute{28'000'000}, chunk);
  commit.add(pair_prefix("repo", "bucket"), Minute{28'000'001}, chunk);
  commit.add(pair_prefix("repo", "bucket-2"), Minute{27'999'999}, chunk);
  return std::string(commit.part(0));
}

std::string word(std::size_t value) {
  return {static_cast<char>(value), static_cast<char>(value >> 8)};
}

std::string number(std::uint64_t value) {
  std::string out;
  put_fixed64(out, value);
  return out;
}

std::string zstd_of(std::string_view plain) {
  std::string out(ZSTD_compressBound(plain.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), 1));
  return out;
}

std::string gzip_of(std::string_view plain) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
  std::string out(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

void add_texts(Seeds& seeds) {
  seeds.add_all("iso8601", {"2024-02-01", "2024-02-29T10:15:30.123456Z", "2016-12-31T23:59:60Z",
                            "2024-02-01 10:15:30,5+02:00", "0000-01-01t00:00z", "9999-12-31T23:59:59-2359"});
  seeds.add_all("bearer", {"Bearer mnt_abc-._~+/=", "bearer  x", "Basic YTpi", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
                           std::string_view("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c", 16), "PRI * HTTP/2.0\r\n\r\n",
                           "\x16\x03\x01\x02\x00\x01", "GET / HTTP/1.1\r\n"});
  seeds.add_all("query", {"repoId=a&bucketId=b,c&hosts=h1,h2&startDate=2024-02-01&endDate=2024-02-02T10:15:00%2B02:00",
                          "unitId=%C3%A9&groupBy=repo,bucket&fields=*&format=csv&integers=string",
                          "limit=100&cursor=AAAA", "strict=true", "scope=repo&id=a&window=24h",
                          "search=x&limit=5", "startDate=15012024&endDate=16012024&bucketId=b", "a=1&&b=+%20"});
  seeds.add_all("settings_text", {"1500ms", "48h", "64KiB", "10MB", "0", "[::1]:3000", "127.0.0.1:0",
                                  "localhost:65535", "192.0.2.0/24", "2001:db8::/32", "::ffff:1.2.3.4",
                                  "https://grafana.example:8443", "*", "http://[::1]:80"});
  seeds.add_all("settings_file", {"fold-interval = \"2s\"\ndata = \"/var/lib/minuted\"\n",
                                  "listen = \"127.0.0.1:3000\"\nretention = [\"minute=90d\", \"hour=2y\"]\n",
                                  "accept-clock = true\nnew-series-per-minute-max = 100000\n# comment\n",
                                  "[table]\nx = 1\n", "fold-intervall = 2\n", "memory = \"512MiB\""});
  const std::string hash(64, 'a');
  seeds.add("tokens_file", "format = 1\n\n[[token]]\nname = \"node-7\"\nsha256 = \"" + hash +
                               "\"\nscopes = [\"ingest\", \"read\"]\nrepos = [\"a \\\"q\\\"\", \"b\"]\n"
                               "expires = 2025-02-01T00:00:00.000Z\ncreated = 2024-02-01T10:15:00.000Z\n");
  seeds.add("tokens_file", "format = 1  # of the file\n[[token]]\nname = 'x'\nsha256 = '" + hash +
                               "'\nscopes = ['admin']\ncreated = 2024-02-01T10:15:00Z\n"
                               "revoked = 2024-06-01T08:00:00+02:00\n");
  seeds.add_all("tokens_file", {"# nothing yet\n", "format = 2\n", "token = [{name = \"a\"}]\nformat = 1\n"});
  seeds.add_all("small_bodies",
                {R"({"latency_ms":12.5,"status":"ok","ip":"192.0.2.1"})",
                 R"({"endpoint":"https://n1","region":"eu","storageType":"ssd","provider":"p","version":"1"})",
                 R"({"day":"2024-01-15T00:00:00.000Z"})", R"({"workspace":"w","provider":""})", "", "\xEF\xBB\xBF{}",
                 R"({"a":[[{"b":"\u00e9\ud83d\ude00"}]],"latency_ms":"1e3"})",
                 std::string_view("\xFF\xFE{\0}\0", 6), "\x1F\x8B\x08", "\x28\xB5\x2F\xFD"});
}

void add_events(Seeds& seeds, test::Random& random) {
  seeds.add_all("events",
                {R"([{"repoId":"r","bucketId":"b","host":"h","timestamp":"2024-02-01T10:15:07.5Z","op":"PUT",)"
                 R"("upl_bytes":"4096","size_change":-1.0,"latency_ms":12.5,"status":200,"id":"e1"},{}])",
                 R"({"events":[{"repoId":"r","unitId":"b","host":"h"}],"note":[null,true,1e3]})",
                 "{\"repoId\":\"r\",\"bucketId\":\"b\",\"host\":\"h\"}\r\n\n{\"repoId\":3}\nx\n",
                 "\xEF\xBB\xBF[]", std::string_view("\xFE\xFF\0[\0]", 6), "\x1F\x8B\x08", "[[[[[[[[[[[[[[[[[["});
  const test::Names names = random.names(2, 2, 3);
  for (int i = 0; i < 8; ++i) {
    std::vector<test::Event> events;
    for (int n = 0; n < 1 + i; ++n) {
      events.push_back(random.event(names, Millis{1'699'999'980'000}, kMillisPerMinute));
      events.back().repo = names.repos.front();
      events.back().bucket = names.buckets.front();
    }
    std::string lines;
    for (const test::Event& e : events) {
      render::append_event_line(e.view(), {.unit_id = i % 2 == 1, .quoted_bytes = i % 3 == 1}, lines);
    }
    seeds.add("events", lines);
    seeds.add("compressed_body", gzip_of(lines));
    seeds.add("compressed_body", zstd_of(lines) + zstd_of("[]"));

    EventBatch batch;
    for (const test::Event& e : events) batch.add(e.view());
    batch.group();
    const ChunkSource source{&batch, batch.groups()[0].rows};
    std::string chunk;
    ChunkEncoder().encode({random.bits(), random.bits()}, {&source, 1}, chunk);
    seeds.add("chunk", chunk);
    std::string raw_value;
    put_string(raw_value, chunk);
    put_string(raw_value, chunk);
    seeds.add("chunk", raw_value);
    seeds.add("raw_commit", raw_commit_of(chunk));
  }
  seeds.add("compressed_body", gzip_of(std::string(5000, 'x')));
  seeds.add("compressed_body", zstd_of(std::string(5000, 'x')));
}

void add_rollups(Seeds& seeds, test::Random& random) {
  for (int i = 0; i < 12; ++i) {
    const test::Names names = random.names(1, 1, 1 + random.below(3));
    HostRollups hosts;
    RepoRollup repo;
    std::vector<Rollup> rollups;
    for (const std::string& host : names.hosts) {
      rollups.push_back(random.rollup(20));
      rollups.back().ops[0] += 1;
      hosts.of(host) = rollups.back();
      repo.add(rollups.back());
    }
    std::string bytes;
    encode_hosts(hosts, bytes);
    seeds.add("hosts", bytes);
    seeds.add("merge", merged('\0', bytes));
    bytes.clear();
    encode_repo(repo, bytes);
    seeds.add("hosts", bytes);
    seeds.add("merge", merged('\0', bytes));

    std::map<std::pair<std::uint32_t, std::string>, Rollup> rows;
    for (std::uint32_t slot = 0; slot < kPageSlotsMax; slot += static_cast<std::uint32_t>(random.between(100, 400))) {
      for (const std::string& host : names.hosts) {
        if (i % 2 == 0) {
          rows[{slot, host}] = random.rollup(12);
        } else {
          rows[{slot, host}] = rollups.front();
        }
      }
    }
    std::vector<PageRow> list;
    for (const auto& [place, rollup] : rows) list.push_back({place.first, place.second, &rollup});
    std::string page;
    std::string sketches;
    encode_page(list, page, sketches);
    if (page.size() <= 0xFFFF) {
      seeds.add("page", word(random.below(700)) + word(random.between(700, kPageSlotsMax)) +
                            word(page.size()) + page + sketches);
    }

    std::vector<RepoSlot> slots;
    for (std::uint32_t slot = static_cast<std::uint32_t>(i); slot < 60; slot += 7) slots.push_back({slot, repo});
    bytes.clear();
    encode_repo_page(slots, bytes);
    seeds.add("repo_page", word(10) + word(40) + bytes);

    Rollup r;
    for (std::uint64_t n = random.between(3, 40); n != 0; --n) {
      EventView event;
      event.latency_us = random.wide(30);
      r.add(event);
    }
    const std::string head = word(r.latency_count) + number(r.latency_min_us) + number(r.latency_max_us);
    bytes.clear();
    encode_sketch(r.sketch, bytes);
    seeds.add("sketch", head + bytes);
    bytes.clear();
    pack_sketch(r, bytes);
    seeds.add("sketch", head + bytes);
  }
}

void add_nodes(Seeds& seeds, test::Random& random) {
  for (int i = 0; i < 8; ++i) {
    const test::Names names = random.names(1, 1, 1 + random.below(3));
    DaySigns signs;
    HostStates states;
    for (const std::string& host : names.hosts) {
      // A few minutes, or so many that they are kept as bits.
      for (std::uint64_t n = i % 2 == 0 ? 3 : 700; n != 0; --n) {
        signs.of(host).add(static_cast<std::uint32_t>(random.below(kMinutesPerDay)));
      }
      const Millis at{1'700'000'000'000 + static_cast<std::int64_t>(random.below(1'000'000))};
      states.of(host).note(minute_of(at), at, random.chance(50) ? -1 : 1500);
    }
    HeartbeatDay day;
    day.minutes.add(static_cast<std::uint32_t>(random.below(kMinutesPerDay)));
    day.latency_count = random.below(2);
    if (day.latency_count != 0) day.latency_sum_us = random.wide(40);
    std::string bytes;
    encode_value(signs, bytes);
    seeds.add("signs", bytes);
    seeds.add("merge", merged('\1', bytes));
    bytes.clear();
    encode_value(states, bytes);
    seeds.add("signs", bytes);
    seeds.add("merge", merged('\2', bytes));
    bytes.clear();
    encode_value(day, bytes);
    seeds.add("signs", bytes);
    seeds.add("merge", merged('\3', bytes));

    NodeRecord node;
    node.facts.endpoint = "https://node-1";
    node.facts.region = random.id();
    if (i % 2 == 0) {
      node.heartbeat.emplace();
      node.heartbeat->at = Millis{1'700'000'000'000};
      node.heartbeat->said.status = "ok";
    }
    seeds.add("records", encode_node(node));
    IdempotencyRecord record;
    record.committed_at = Millis{1'700'000'000'000};
    record.body = {random.bits(), random.bits()};
    record.receipt.accepted = random.below(1000);
    if (i % 2 == 0) record.receipt.errors.push_back({3, "host", "host is missing"});
    seeds.add("records", encode_record(record));
  }
  const std::string pair = pair_prefix("repo", "bucket");
  const std::string raw = row_key(pair, Minute{28'000'000});
  seeds.add_all(
      "records",
      {CommitRecord{7, random.bits()}.encode(), FoldMarkRecord{1, {3, raw, 5, 7}}.encode(),
       UnreadableKey{raw, 7}.encode(), RollBoundaries{{{2880}, {3000}}, {{1440}, {2880}}, pair}.encode(),
       RepoRowsRecord{}.encode(), ClockRecord{1, 2, 3}.encode(),
       RemovalRecord{"repo", "bucket", MinuteRange{{1}, {2}}, Minute{0}, 7}.encode()});
}

void add_keys(Seeds& seeds, test::Random& random) {
  for (int i = 0; i < 6; ++i) {
    const test::Names names = random.names(1, 1, 1);
    const std::string pair = pair_prefix(names.repos[0], names.buckets[0]);
    std::string minute = pair;
    append_minute(minute, Minute{28'000'000});
    seeds.add_all("keys", {pair, minute, repo_key(names.repos[0], RepoSpan::kHour, Minute{60}),
                           repo_key(kAllRepos, RepoSpan::kTotal, Minute{0}), series_key(pair, names.hosts[0])});
    render::PageCursor cursor;
    cursor.last = {names.repos[0], names.buckets[0], Minute{7}, names.hosts[0]};
    seeds.add("cursor", render::encode_cursor(cursor, SecretKey{}));
    seeds.add("cursor", random.bytes(15) + "\x03" "abc" "\x02" "de" "\x01" "f");
    // How many records, each a byte that tells its writes and one its size, and some fragments.
    seeds.add("log_scan", "\x01" + std::string(static_cast<std::size_t>(2 * i), '\x05'));
    seeds.add("log_scan", std::string("\x01\x05\x03\x90\x02\x04") + "abcd" + "\x05\x01");
    // Two slots of the file of marks, 4096 bytes apart, as store/watermark.hpp has them.
    const auto slot = [&](std::uint64_t writing) {
      std::string bytes = number(2) + number(writing);
      for (int n = 0; n < 4; ++n) bytes += number(random.below(100));
      return bytes + number(XXH3_64bits(bytes.data(), bytes.size()));
    };
    const std::string first = slot(2);
    seeds.add("watermark", random.bytes(32) + first + std::string(4096 - first.size(), '\0') + slot(3));
  }
}

}  // namespace
}  // namespace minuted::fuzz

int main(int argc, char** argv) {
  using namespace minuted::fuzz;
  if (argc != 2) {
    std::fprintf(stderr, "usage: minuted_fuzz_seeds DIRECTORY\n");
    return 2;
  }
  Seeds seeds(argv[1]);
  minuted::test::Random random;
  add_texts(seeds);
  add_events(seeds, random);
  add_rollups(seeds, random);
  add_nodes(seeds, random);
  add_keys(seeds, random);
  return 0;
}
