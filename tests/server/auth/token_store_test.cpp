// Promise: at start an empty or missing file refuses everyone; on reload a missing, unreadable or
// malformed one keeps the old set, is reported and counted, and one without tokens refuses
// everyone.
#include "auth/token_store.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <optional>
#include <thread>

#include "auth/token_text.hpp"
#include "server/auth/sample_tokens.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_dir.hpp"

namespace minuted::auth {
namespace {

// Far past any file's time, so that a stamp counts as settled; and far before it.
constexpr Millis kLongAfter{kMillisMax};
constexpr Millis kLongBefore{0};

std::string text_of(const std::vector<std::string>& names) {
  std::string text = "format = 1\n";
  for (const std::string& name : names) {
    const auto document = read_token_text(text, "f");
    text = with_token(text, *document, make_token(name));
  }
  return text;
}

class TokenStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<TokenStore> open() {
    auto store = TokenStore::open(path_, clock_);
    if (!store) {
      ADD_FAILURE() << store.error().message;
      return nullptr;
    }
    return std::move(*store);
  }

  // As an editor does it: another inode.
  void replace(const std::string& text) {
    write_file(path_ + ".new", text);
    std::filesystem::rename(path_ + ".new", path_);
  }

  static std::string names(const TokenStore& store) {
    std::string out;
    for (const Token& token : store.current()->tokens()) {
      out += (out.empty() ? "" : ",") + token.name;
    }
    return out;
  }

  static std::string describe(const ReloadOutcome& outcome) {
    switch (outcome.kind) {
      case ReloadOutcome::Kind::kUnchanged:
        return "unchanged";
      case ReloadOutcome::Kind::kLoaded:
        return "loaded " + std::to_string(outcome.tokens);
      case ReloadOutcome::Kind::kKeptOld:
        return "kept old: " + outcome.error->message;
    }
    return "?";
  }

  const test::TempDir dir_;
  const std::string path_ = dir_ / "tokens.toml";
  test::ManualClock clock_{kLongAfter};
};

TEST_F(TokenStoreTest, MissingFileAtStartRefusesEveryoneUntilItIsMade) {
  const auto store = open();
  EXPECT_EQ(names(*store), "");
  EXPECT_EQ(store->first_warnings(),
            std::vector{path_ + " does not exist: every request is refused until `minuted token "
                                "create` has made it"});
  EXPECT_EQ(describe(store->reload_if_changed()), "unchanged");
  EXPECT_EQ(describe(store->reload()), "kept old: " + path_ + " does not exist");
  replace(text_of({"a"}));
  EXPECT_EQ(describe(store->reload_if_changed()), "loaded 1");
  EXPECT_EQ(store->current()->find(secret_of("a"), kLater).match, Match::kGood);
}

TEST_F(TokenStoreTest, FileWithoutTokensAtStartRefusesEveryone) {
  for (const char* const text : {"", "# none yet\n", "format = 1\n"}) {
    write_file(path_, text);
    ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
    const auto store = open();
    EXPECT_EQ(names(*store), "");
    EXPECT_EQ(store->current()->find("", kLater).match, Match::kUnknown);
    EXPECT_EQ(store->first_warnings(),
              std::vector{path_ + " holds no tokens: every request is refused until `minuted token "
                                  "create` has made one"});
  }
}

TEST_F(TokenStoreTest, FileThatCannotBeTrustedAtStartIsAnError) {
  write_file(path_, "format = 2");
  EXPECT_EQ(TokenStore::open(path_, clock_).error().code, ErrorCode::kUnsupportedFormat);
  write_file(path_, "tokens");
  EXPECT_EQ(TokenStore::open(path_, clock_).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(TokenStore::open(dir_.path(), clock_).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(TokenStore::open(path_ + "/below", clock_).error().code, ErrorCode::kIoError);
}

TEST_F(TokenStoreTest, FileOthersMayReadIsWarnedOf) {
  write_file(path_, text_of({"a"}));
  ASSERT_EQ(::chmod(path_.c_str(), 0604), 0);
  const auto store = open();
  ASSERT_EQ(store->first_warnings().size(), 1U);
  EXPECT_EQ(store->reload().warnings, store->first_warnings());
}

// Every way a file may be found on reload, asked for and noticed.
TEST_F(TokenStoreTest, ReloadKeepsTheOldSetUnlessTheFileIsWellFormed) {
  struct Case {
    const char* situation;
    std::optional<std::string> text;  // absent = no file
    std::string outcome;
    std::string names;
  };
  const std::vector<Case> cases = {
      {"other tokens", text_of({"b", "c"}), "loaded 2", "b,c"},
      {"no tokens", "format = 1\n", "loaded 0", ""},
      {"comments", "# all gone\n", "loaded 0", ""},
      {"empty", "", "loaded 0", ""},
      {"missing", std::nullopt, "kept old: " + path_ + " does not exist", "a"},
      {"malformed", "format = 1\nx = 1\n",
       "kept old: " + path_ +
           ":2: the key \"x\" is not known here; the file holds format = 1 and "
           "[[token]] tables",
       "a"},
      {"another format", "format = 2\n",
       "kept old: " + path_ +
           ":1: the file is of format 2, this build reads and writes format 1 "
           "only; use the build that wrote it",
       "a"},
  };
  for (const Case& c : cases) {
    for (const bool asked_for : {true, false}) {
      SCOPED_TRACE(std::string(c.situation) + (asked_for ? ", asked for" : ", noticed"));
      replace(text_of({"a"}));
      const auto store = open();
      if (c.text) {
        replace(*c.text);
      } else {
        std::filesystem::remove(path_);
      }
      const auto outcome = asked_for ? store->reload() : store->reload_if_changed();
      EXPECT_EQ(describe(outcome), c.outcome);
      EXPECT_EQ(outcome.tokens, store->current()->tokens().size());
      EXPECT_EQ(names(*store), c.names);
      const bool loaded = outcome.kind == ReloadOutcome::Kind::kLoaded;
      EXPECT_EQ(store->reloads(), loaded ? 1U : 0U);
      EXPECT_EQ(store->failed_reloads(), loaded ? 0U : 1U);
    }
  }
}

TEST_F(TokenStoreTest, UnreadableFileKeepsTheOldSet) {
  write_file(path_, text_of({"a"}));
  const auto store = open();
  std::filesystem::remove(path_);
  std::filesystem::create_symlink(path_, path_);  // a loop: nobody can open it, not even root
  EXPECT_EQ(describe(store->reload()),
            "kept old: cannot look at " + path_ + ": Too many levels of symbolic links");
  EXPECT_EQ(names(*store), "a");
}

TEST_F(TokenStoreTest, FileThatStaysIsLeftAlone) {
  write_file(path_, text_of({"a"}));
  const auto store = open();
  const auto before = store->current();
  EXPECT_EQ(describe(store->reload_if_changed()), "unchanged");
  EXPECT_EQ(store->current(), before);
  EXPECT_EQ(store->reloads(), 0U);
  // Who asks wants to hear that it was done.
  EXPECT_EQ(describe(store->reload()), "loaded 1");
  EXPECT_EQ(store->reloads(), 1U);
}

TEST_F(TokenStoreTest, NewModeAloneChangesNothing) {
  write_file(path_, text_of({"a"}));
  const auto store = open();
  ASSERT_EQ(::chmod(path_.c_str(), 0640), 0);
  EXPECT_EQ(describe(store->reload_if_changed()), "unchanged");
  EXPECT_EQ(store->reloads(), 0U);
}

// Same inode, same size, and its times set back to what they were: all that is left is the inode's
// change time.
TEST_F(TokenStoreTest, ChangeThatHidesItsTimesIsNoticed) {
  write_file(path_, text_of({"a"}));
  const auto time = std::filesystem::last_write_time(path_);
  const auto store = open();
  const auto stamp_before = *stamp_of(path_);
  // The change time has ticks; wait for the next one by changing until it shows.
  do {
    write_file(path_, text_of({"b"}));
    std::filesystem::last_write_time(path_, time);
  } while (*stamp_of(path_) == stamp_before);
  EXPECT_EQ(describe(store->reload_if_changed()), "loaded 1");
  EXPECT_EQ(names(*store), "b");
}

// A file system whose clock stands still: no change shows in the stamp.
constexpr std::int64_t kTickMs = 1'700'000'000'000;
Result<std::optional<FileStamp>> stamp_of_one_tick(const std::string&) {
  return std::optional<FileStamp>({1, 2, 3, kTickMs * 1'000'000, kTickMs * 1'000'000});
}

TEST_F(TokenStoreTest, SecondChangeWithinATickIsNoticed) {
  write_file(path_, text_of({"a"}));
  clock_.set_now(Millis{kTickMs});
  auto opened = TokenStore::open(path_, clock_, stamp_of_one_tick);
  ASSERT_TRUE(opened.ok());
  TokenStore& store = **opened;
  for (const char* const name : {"b", "c"}) {
    write_file(path_, text_of({name}));
    EXPECT_EQ(describe(store.reload_if_changed()), "loaded 1");
    EXPECT_EQ(names(store), name);
    EXPECT_EQ(describe(store.reload_if_changed()), "unchanged");
    clock_.set_now(Millis{kTickMs + kSettleMs});
  }
}

// The other half: once a stamp has settled, the file is not read at every look.
TEST_F(TokenStoreTest, SettledStampIsTrusted) {
  write_file(path_, text_of({"a"}));
  clock_.set_now(Millis{kTickMs + kSettleMs + 1});
  auto opened = TokenStore::open(path_, clock_, stamp_of_one_tick);
  ASSERT_TRUE(opened.ok());
  write_file(path_, text_of({"b"}));
  EXPECT_EQ(describe((*opened)->reload_if_changed()), "unchanged");
  EXPECT_EQ(describe((*opened)->reload()), "loaded 1");
  EXPECT_EQ(names(**opened), "b");
}

// What the system refused it may grant later, the file being the same.
TEST_F(TokenStoreTest, RefusalOfTheSystemIsTriedAgain) {
  write_file(path_, text_of({"a"}));
  auto opened = TokenStore::open(path_, clock_, stamp_of_one_tick);
  ASSERT_TRUE(opened.ok());
  TokenStore& store = **opened;
  std::filesystem::rename(path_, path_ + ".away");
  std::filesystem::create_symlink(path_, path_);
  EXPECT_EQ(describe(store.reload()),
            "kept old: cannot open " + path_ + ": Too many levels of symbolic links");
  EXPECT_EQ(describe(store.reload_if_changed()), "unchanged");
  std::filesystem::rename(path_ + ".away", path_);
  EXPECT_EQ(describe(store.reload_if_changed()), "loaded 1");
  EXPECT_EQ(store.failed_reloads(), 1U);
}

TEST(FileStampTest, SettlesTwoSecondsAfterTheYoungestOfItsTimes) {
  constexpr std::int64_t kNanos = 1'000'000;
  for (const auto& [modified_ms, changed_ms] : {std::pair{9'000, 10'000}, {10'000, 9'000}}) {
    const FileStamp stamp{1, 2, 3, modified_ms * kNanos + 999'999, changed_ms * kNanos + 999'999};
    EXPECT_FALSE(is_settled(stamp, Millis{0}));
    EXPECT_FALSE(is_settled(stamp, Millis{12'000}));
    EXPECT_TRUE(is_settled(stamp, Millis{12'001}));
  }
  EXPECT_TRUE(is_settled(std::nullopt, Millis{0}));
}

TEST_F(TokenStoreTest, LastingFailureIsReportedOnce) {
  for (const Millis now : {kLongBefore, kLongAfter}) {
    clock_.set_now(now);
    replace(text_of({"a"}));
    const auto store = open();
    replace("x = 1");
    EXPECT_TRUE(describe(store->reload_if_changed()).starts_with("kept old: "));
    EXPECT_EQ(describe(store->reload_if_changed()), "unchanged");
    replace("x = 1\n");
    EXPECT_EQ(describe(store->reload_if_changed()), "unchanged");
    EXPECT_EQ(store->failed_reloads(), 1U);
    // Another failure is news; so is being asked.
    replace("y = 1");
    EXPECT_TRUE(describe(store->reload_if_changed()).starts_with("kept old: "));
    EXPECT_TRUE(describe(store->reload()).starts_with("kept old: "));
    EXPECT_EQ(store->failed_reloads(), 3U);
    EXPECT_EQ(names(*store), "a");
    // And so is its end, be it with the same tokens as before.
    replace(text_of({"a"}));
    EXPECT_EQ(describe(store->reload_if_changed()), "loaded 1");
    EXPECT_EQ(describe(store->reload_if_changed()), "unchanged");
  }
}

TEST_F(TokenStoreTest, FileThatComesBackIsLoaded) {
  write_file(path_, text_of({"a"}));
  const auto store = open();
  std::filesystem::rename(path_, path_ + ".away");
  EXPECT_EQ(describe(store->reload_if_changed()), "kept old: " + path_ + " does not exist");
  EXPECT_EQ(describe(store->reload_if_changed()), "unchanged");
  std::filesystem::rename(path_ + ".away", path_);
  EXPECT_EQ(describe(store->reload_if_changed()), "loaded 1");
}

TEST_F(TokenStoreTest, OldSetLivesAsLongAsSomebodyHasIt) {
  write_file(path_, text_of({"a"}));
  const auto store = open();
  const auto old = store->current();
  const Found found = old->find(secret_of("a"), kLater);
  replace(text_of({"b"}));
  ASSERT_EQ(describe(store->reload()), "loaded 1");
  EXPECT_EQ(found.token->name, "a");
  EXPECT_EQ(names(*store), "b");
}

TEST_F(TokenStoreTest, RequestsAndReloadsGoTogether) {
  replace(text_of({"a"}));
  const auto store = open();
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        const auto set = store->current();
        const bool a = set->find(secret_of("a"), kLater).match == Match::kGood;
        const bool b = set->find(secret_of("b"), kLater).match == Match::kGood;
        EXPECT_NE(a, b);
      }
    });
  }
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) store->reload();
  });
  for (int i = 0; i < 100; ++i) {
    replace(text_of({i % 2 == 0 ? "b" : "a"}));
    store->reload_if_changed();
  }
  other.join();
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_GE(store->reloads(), 100U);
  EXPECT_EQ(names(*store), "a");
}

}  // namespace
}  // namespace minuted::auth
