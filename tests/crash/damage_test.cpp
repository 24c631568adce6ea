// Holds up "corruption is never silent" and "a refused start changes nothing": one bit is flipped in, or
// the end is cut off, one file of a store that was killed or closed, in its first life or a later one. The
// engine then has everything, or refuses to open, or a read fails; and once the file is as it was, a store
// that was refused opens with everything. Commits that were acknowledged less than a second before a kill
// may go with a cut of the log's end, which nothing can tell from a crash. By default a sample; with
// MINUTED_TEST_LONG=1 ten thousand.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "crash/scripted_run.hpp"
#include "crash/stored_state.hpp"
#include "engine_over.hpp"
#include "minuted/engine.hpp"
#include "store/store.hpp"
#include "support/long_form.hpp"
#include "support/manual_clock.hpp"
#include "support/random.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kCommits = 60;
constexpr std::size_t kSampled = sampled(60);
constexpr std::size_t kLong = 10'000;
constexpr std::int64_t kNeverMs = 3'600'000;
constexpr std::int64_t kFirstEventMs = 1'700'000'000'000;
const MinuteRange kAlways{{0}, {kMinuteMax.value + 1}};

enum class Ending { kKilled, kKilledInABurst, kClosed };

struct Kind {
  const char* name;
  bool old;  // it was folded, sealed, written out and opened again before
  Ending ending;
};
constexpr Kind kKinds[] = {
    {"young, killed", false, Ending::kKilled},
    {"young, killed in a burst", false, Ending::kKilledInABurst},
    {"young, closed", false, Ending::kClosed},
    {"old, killed", true, Ending::kKilled},
    {"old, killed in a burst", true, Ending::kKilledInABurst},
    {"old, closed", true, Ending::kClosed},
};

Options options_of(const std::string& path, const Clock& clock, std::int64_t mark_interval_ms) {
  Options options = script_options(path, clock);
  options.mark_interval_ms = mark_interval_ms;
  return options;
}

// One event in a minute of its own, so that each commit is a row.
AppendRequest commit_number(std::size_t i) {
  EventView event;
  event.repo = "repo";
  event.bucket = i % 2 == 0 ? "even" : "odd";
  event.host = "node";
  event.timestamp = Millis{kFirstEventMs + static_cast<std::int64_t>(i) * kMillisPerMinute};
  event.op = OpClass::kPut;
  event.upl_bytes = 1'000 + i;
  AppendRequest request;
  request.batch.add(event);
  request.idempotency = IdempotencyKey{"scope", "key-" + std::to_string(i), {0, i}};
  return request;
}

void must(const Result<void>& done) {
  if (!done) throw std::runtime_error(done.error().message);
}

std::unique_ptr<Engine> must_open(const Options& options) {
  auto engine = Engine::open(options);
  if (!engine) throw std::runtime_error(engine.error().message);
  return std::move(*engine);
}

void append(Engine& engine, std::size_t first, std::size_t count) {
  for (std::size_t i = first; i < first + count; ++i) {
    const auto receipt = engine.append_and_wait(commit_number(i));
    if (!receipt) throw std::runtime_error(receipt.error().message);
  }
  // What follows the answers on the commit thread is done before this one is answered.
  AppendRequest question;
  question.only_if_known = true;
  (void)engine.append_and_wait(std::move(question));
}

// Makes the store in `work` and leaves its files in `path`.
void make_store(const Kind& kind, const std::string& work, const std::string& path,
                ManualClock& clock) {
  const bool burst = kind.ending == Ending::kKilledInABurst;
  const std::size_t before = kind.old ? kCommits / 2 : 0;
  if (kind.old) {
    auto engine = must_open(options_of(work, clock, 0));
    append(*engine, 0, before / 3);
    must(engine->fold());
    must(store_below(*engine).flush());
    append(*engine, before / 3, before / 3);
    must(engine->fold());
    must(engine->seal());
    must(store_below(*engine).compact());
    append(*engine, before / 3 * 2, before - before / 3 * 2);
    engine.reset();
  }
  auto engine = must_open(options_of(work, clock, burst ? kNeverMs : 0));
  append(*engine, before, (kCommits - before) / 2);
  if (!burst) must(engine->fold());
  if (kind.old && !burst) must(store_below(*engine).flush());
  append(*engine, before + (kCommits - before) / 2, kCommits - before - (kCommits - before) / 2);
  if (kind.ending == Ending::kClosed) engine.reset();
  fs::copy(work, path, fs::copy_options::recursive);
}

std::string contents(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

void write_file(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// A kind of file: its name up to the first digit.
std::string kind_of(const fs::path& path) {
  const std::string name = path.filename();
  if (name.ends_with(".log") || name.ends_with(".sst")) return name.substr(name.size() - 4);
  return name.substr(0, name.find_first_of("0123456789"));
}

struct Damage {
  fs::path file;
  std::string before;
  bool cut = false;
  std::string text;
};

class DamageTest : public testing::Test {
 protected:
  DamageTest() : random_(4) {}

  Damage inflict(const std::string& store) {
    std::map<std::string, std::vector<fs::path>> files;
    for (const auto& entry : fs::recursive_directory_iterator(store)) {
      if (entry.is_regular_file() && entry.file_size() > 0) {
        files[kind_of(entry.path())].push_back(entry.path());
      }
    }
    std::vector<std::string> kinds;
    for (const auto& [kind, ignored] : files) kinds.push_back(kind);
    std::sort(kinds.begin(), kinds.end());
    auto& chosen = files[random_.pick(kinds)];
    std::sort(chosen.begin(), chosen.end());
    Damage damage;
    damage.file = random_.pick(chosen);
    damage.before = contents(damage.file);
    std::string bytes = damage.before;
    const std::uint64_t at = random_.between(0, bytes.size() - 1);
    damage.cut = random_.between(0, 1) == 0;
    if (damage.cut) {
      bytes.resize(at);
    } else {
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << random_.between(0, 7)));
    }
    damage.text = damage.file.filename().string() + (damage.cut ? " cut to " : ", a bit of byte ") +
                  std::to_string(at) + " of " + std::to_string(damage.before.size());
    write_file(damage.file, bytes);
    return damage;
  }

  // How many commits are there, in every tier and by their keys; a sentence if what is there is wrong, or an
  // empty Error if a read says that something is damaged.
  struct Content {
    std::size_t commits = 0;
    bool read_failed = false;
    std::string wrong;
  };
  static Content content_of(Engine& engine) {
    Content content;
    Violations violations;
    UInt128 bytes = 0;
    for (const Span span : {Span::kMinute, Span::kHour, Span::kDay}) {
      QuerySpec spec{kAlways, {}, {}, {}};
      spec.span = span;
      auto cursor = engine.query(spec);
      if (!cursor) return {0, true, ""};
      UInt128 sum = 0;
      std::uint64_t requests = 0;
      Row row;
      for (;;) {
        const auto more = (*cursor)->next(row);
        if (!more) return {0, true, ""};
        if (!*more) break;
        sum += row.rollup->upl_bytes;
        requests += row.rollup->requests();
      }
      if (span == Span::kMinute) {
        bytes = sum;
        content.commits = requests;
        UInt128 expected = 0;
        for (std::size_t i = 0; i < content.commits; ++i) expected += 1'000 + i;
        if (sum != expected) return {0, false, "the minutes are not those of the first commits"};
      } else if (sum != bytes || requests != content.commits) {
        return {0, false, "the hours or days do not have what the minutes have"};
      }
    }
    // Each commit that is there is known by its key, and no other is.
    for (const std::size_t i : {std::size_t{0}, content.commits - 1}) {
      if (content.commits == 0) break;
      AppendRequest question;
      question.only_if_known = true;
      question.idempotency = commit_number(i).idempotency;
      const auto known = engine.append_and_wait(std::move(question));
      if (known) continue;
      if (known.error().code != ErrorCode::kInvalidArgument) return {0, true, ""};
      return {0, false, "the key of commit " + std::to_string(i) + " is not known"};
    }
    check_tiers(store_below(engine), violations);
    if (!violations.empty()) {
      const bool unreadable = violations.front().find("orruption") != std::string::npos;
      return {0, unreadable, unreadable ? "" : violations.front()};
    }
    return content;
  }

  // One damage to a copy of the store at `original`.
  void try_one(const Kind& kind, const std::string& original) {
    const TempDir dir;
    const std::string store = dir / "store";
    fs::copy(original, store, fs::copy_options::recursive);
    const Damage damage = inflict(store);
    const std::string where = std::string(kind.name) + ": " + damage.text;
    ++tried_;
    {
      auto engine = Engine::open(options_of(store, clock_, 0));
      if (engine) {
        judge(kind, damage, content_of(**engine), where);
        return;
      }
    }
    ++refused_;
    write_file(damage.file, damage.before);
    auto engine = Engine::open(options_of(store, clock_, 0));
    if (!engine) {
      ADD_FAILURE() << where << ": the refused start cost data: " << engine.error().message;
      return;
    }
    const Content content = content_of(**engine);
    EXPECT_EQ(content.wrong, "") << where << ", mended";
    EXPECT_EQ(content.commits, kCommits) << where << ", mended";
  }

  void judge(const Kind& kind, const Damage& damage, const Content& content,
             const std::string& where) {
    if (content.read_failed) {
      ++unreadable_;
      return;
    }
    EXPECT_EQ(content.wrong, "") << where;
    if (content.commits == kCommits) {
      ++whole_;
      return;
    }
    // The last two writes are followed by none that says they were synced.
    const bool in_the_last_second =
        kind.ending == Ending::kKilledInABurst && damage.file.extension() == ".log";
    const bool excepted =
        in_the_last_second && (damage.cut || content.commits + 2 >= kCommits);
    EXPECT_TRUE(excepted) << where << ": " << content.commits << " commits of " << kCommits
                          << " are there, without a word";
    ++short_;
  }

  void print(const char* when) const {
    std::fprintf(stderr,
                 "damage, %s: %zu tried, %zu harmless, %zu refused, %zu read errors, %zu of the last "
                 "second short, %.1f s\n",
                 when, tried_, whole_, refused_, unreadable_, short_,
                 std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count());
  }

  Random random_;
  ManualClock clock_;
  std::size_t tried_ = 0;
  std::size_t whole_ = 0;
  std::size_t refused_ = 0;
  std::size_t unreadable_ = 0;
  std::size_t short_ = 0;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

TEST_F(DamageTest, IsNeverSilentAndARefusalCostsNothing) {
  const TempDir dir;
  for (const Kind& kind : kKinds) {
    make_store(kind, dir / (std::string(kind.name) + ", at work"), dir / kind.name, clock_);
  }
  const std::size_t count = long_form() ? kLong : kSampled;
  for (std::size_t i = 0; i < count; ++i) {
    const Kind& kind = kKinds[i % std::size(kKinds)];
    try_one(kind, dir / kind.name);
    if (tried_ % 1'000 == 0) print("so far");
    if (HasFailure() && !long_form()) break;
  }
  print("in all");
  EXPECT_GT(refused_, 0U);
  EXPECT_GT(whole_, 0U);
}

}  // namespace
}  // namespace minuted::test
