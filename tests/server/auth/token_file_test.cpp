// Promise: the file holds hashes only, is replaced whole, and loses no token however many are made
// at once.
#include "auth/token_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <thread>

#include "server/auth/sample_tokens.hpp"
#include "support/printers.hpp"
#include "support/temp_dir.hpp"

namespace minuted::auth {
namespace {

NewToken request(std::string name) { return {std::move(name), {Scope::kRead}, {}, std::nullopt}; }

mode_t mode_of(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

std::vector<Token> tokens_in(const std::string& path) {
  auto file = read_token_file(path);
  if (!file.ok() || !*file) {
    ADD_FAILURE() << (file.ok() ? "no such file" : file.error().message);
    return {};
  }
  return (*file)->tokens;
}

std::string create_message(const std::string& path, const NewToken& what, Millis now = kCreated) {
  const auto created = create_token(path, what, now);
  return created ? "made" : created.error().message;
}

std::string revoke_message(const std::string& path, const std::string& name) {
  const auto revoked = revoke_token(path, name, kLater);
  return revoked ? "revoked" : revoked.error().message;
}

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST(TokenFileTest, CreatedTokenIsFoundByItsTextOnly) {
  const test::TempDir dir;
  const std::string path = dir / "tokens.toml";
  const auto created = create_token(
      path, {"node-7", {Scope::kIngest, Scope::kRead}, {"b", "a", "b"}, kLater}, kCreated);
  ASSERT_TRUE(created.ok()) << created.error().message;

  Token expected = make_token("node-7", {Scope::kIngest, Scope::kRead}, {"a", "b"});
  expected.sha256 = digest_of(created->text);
  expected.expires = kLater;
  EXPECT_EQ(created->token, expected);
  EXPECT_EQ(tokens_in(path), std::vector{expected});

  const TokenSet set(tokens_in(path));
  EXPECT_EQ(set.find(created->text, kCreated).match, Match::kGood);
  EXPECT_EQ(read_file(path).find(created->text.substr(4)), std::string::npos);
}

TEST(TokenFileTest, NewFileIsTheOwnersAlone) {
  const test::TempDir dir;
  const std::string path = dir / "tokens.toml";
  ASSERT_EQ(create_message(path, request("n")), "made");
  EXPECT_EQ(mode_of(path), 0600U);
  EXPECT_EQ(mode_of(path + ".lock"), 0600U);
  EXPECT_EQ((*read_token_file(path))->warnings, std::vector<std::string>());
  // Nothing temporary stays.
  EXPECT_EQ(names_in(dir.path()), (std::vector<std::string>{"tokens.toml", "tokens.toml.lock"}));
}

TEST(TokenFileTest, ReplacedFileKeepsItsMode) {
  const test::TempDir dir;
  const std::string path = dir / "tokens.toml";
  ASSERT_EQ(create_message(path, request("n")), "made");
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  ASSERT_EQ(create_message(path, request("m")), "made");
  EXPECT_EQ(mode_of(path), 0640U);
}

TEST(TokenFileTest, ReplacedFileKeepsItsOwner) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const test::TempDir dir;
  const std::string path = dir / "tokens.toml";
  ASSERT_EQ(create_message(path, request("n")), "made");
  ASSERT_EQ(::chown(path.c_str(), 4321, 1234), 0);
  ASSERT_EQ(revoke_message(path, "n"), "revoked");
  struct stat status;
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 4321U);
  EXPECT_EQ(status.st_gid, 1234U);
}

// A reader that has the old file open goes on with it whole.
TEST(TokenFileTest, FileIsReplacedAndNotWrittenOver) {
  const test::TempDir dir;
  const std::string path = dir / "tokens.toml";
  ASSERT_EQ(create_message(path, request("n")), "made");
  std::filesystem::create_hard_link(path, dir / "old");
  const std::string before = read_file(path);
  ASSERT_EQ(create_message(path, request("m")), "made");
  EXPECT_EQ(read_file(dir / "old"), before);
  EXPECT_EQ(tokens_in(path).size(), 2U);
}

TEST(TokenFileTest, LinkToTheFileStaysALink) {
  const test::TempDir dir;
  ASSERT_TRUE(std::filesystem::create_directory(dir / "real"));
  write_file(dir / "real/t", "");
  std::filesystem::create_symlink("real/t", dir / "link");
  ASSERT_EQ(create_message(dir / "link", request("n")), "made");
  EXPECT_TRUE(std::filesystem::is_symlink(dir / "link"));
  EXPECT_EQ(tokens_in(dir / "real/t").size(), 1U);
}

TEST(TokenFileTest, FileOthersMayTouchIsWarnedOf) {
  const test::TempDir dir;
  const std::string path = dir / "t";
  write_file(path, "");
  const std::string read = path +
                           " can be read by everybody on this machine; chmod o-r keeps the "
                           "names and scopes of its tokens to those they concern";
  const std::string write = path +
                            " can be written by everybody on this machine, who can thus give "
                            "themselves a token; chmod o-w it";
  const std::vector<std::pair<mode_t, std::vector<std::string>>> cases = {
      {0600, {}}, {0660, {}}, {0604, {read}}, {0602, {write}}, {0666, {read, write}}};
  for (const auto& [mode, warnings] : cases) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    EXPECT_EQ((*read_token_file(path))->warnings, warnings) << mode;
  }
}

TEST(TokenFileTest, MissingFileIsNoError) {
  const test::TempDir dir;
  const auto file = read_token_file(dir / "none");
  ASSERT_TRUE(file.ok());
  EXPECT_FALSE(*file);
  const auto stamp = stamp_of(dir / "none");
  ASSERT_TRUE(stamp.ok());
  EXPECT_FALSE(*stamp);
}

TEST(TokenFileTest, WhatIsNotAFileIsRefused) {
  const test::TempDir dir;
  ASSERT_EQ(::mkfifo((dir / "pipe").c_str(), 0600), 0);
  for (const std::string& path : {dir.path(), dir / "pipe"}) {
    const auto file = read_token_file(path);
    ASSERT_FALSE(file.ok());
    EXPECT_EQ(file.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(file.error().message, path +
                                        " is not a file; give a tokens file as `minuted token "
                                        "create` makes it");
  }
}

TEST(TokenFileTest, FileOverItsBoundIsRefused) {
  const test::TempDir dir;
  write_file(dir / "t", std::string((8 << 20) + 1, '\n'));
  EXPECT_EQ(read_token_file(dir / "t").error().message,
            dir / "t" + " is larger than a tokens file may be, which is 8 MiB");
}

TEST(TokenFileTest, FileThatCannotBeReadIsAnIoError) {
  const test::TempDir dir;
  write_file(dir / "t", "");
  const auto file = read_token_file(dir / "t/below");
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().code, ErrorCode::kIoError);
  EXPECT_EQ(file.error().message, "cannot open " + dir / "t/below" + ": Not a directory");
  EXPECT_EQ(stamp_of(dir / "t/below").error().message,
            "cannot look at " + dir / "t/below" + ": Not a directory");
}

TEST(TokenFileTest, DirectoryIsNotMade) {
  const test::TempDir dir;
  EXPECT_EQ(create_message(dir / "none/t", request("n")),
            "cannot open " + std::filesystem::canonical(dir.path()).string() +
                "/none/t.lock: No such file or directory");
  EXPECT_EQ(names_in(dir.path()), std::vector<std::string>());
}

TEST(TokenFileTest, NameIsTakenUntilItsTokenIsRevoked) {
  const test::TempDir dir;
  const std::string path = dir / "t";
  NewToken ends = request("n");
  ends.expires = kLater;
  ASSERT_EQ(create_message(path, ends), "made");
  EXPECT_EQ(
      create_message(path, request("n")),
      path + " has a token named \"n\" already; choose another name, or revoke that one first");
  EXPECT_EQ(create_message(path, request("n"), kLater),
            path +
                " has a token named \"n\" already, which has expired; choose another name, or "
                "revoke that one first");
  EXPECT_EQ(revoke_message(path, "n"), "revoked");
  EXPECT_EQ(create_message(path, request("n"), kLater), "made");

  const auto tokens = tokens_in(path);
  ASSERT_EQ(tokens.size(), 2U);
  EXPECT_EQ(tokens[0].revoked, kLater);
  EXPECT_EQ(tokens[1].revoked, std::nullopt);
  // The name now means the second.
  ASSERT_EQ(revoke_message(path, "n"), "revoked");
  EXPECT_EQ(tokens_in(path)[1].revoked, kLater);
}

TEST(TokenFileTest, RevokedTokenIsToldFromAnUnknownOne) {
  const test::TempDir dir;
  const std::string path = dir / "t";
  const auto created = create_token(path, request("n"), kCreated);
  ASSERT_TRUE(created.ok());
  ASSERT_EQ(create_message(path, request("m")), "made");
  ASSERT_EQ(revoke_message(path, "n"), "revoked");
  const TokenSet set(tokens_in(path));
  EXPECT_EQ(set.find(created->text, kCreated).match, Match::kRevoked);
  EXPECT_EQ(set.tokens()[1].revoked, std::nullopt);
}

TEST(TokenFileTest, RevokingWhatIsNotThereSaysSo) {
  const test::TempDir dir;
  const std::string path = dir / "t";
  EXPECT_EQ(revoke_message(path, "n"),
            path + " has no token named \"n\"; `minuted token list` tells the names");
  ASSERT_EQ(create_message(path, request("n")), "made");
  ASSERT_EQ(revoke_message(path, "n"), "revoked");
  EXPECT_EQ(revoke_message(path, "n"), path + " has the token \"n\" as revoked already");
}

TEST(TokenFileTest, MalformedFileIsNotTouched) {
  const test::TempDir dir;
  const std::string path = dir / "t";
  const std::string text = "format = 1\nsurprise = true\n";
  write_file(path, text);
  const std::string message =
      "t:2: the key \"surprise\" is not known here; the file holds format = 1 and [[token]] tables";
  EXPECT_TRUE(create_message(path, request("n")).ends_with(message));
  EXPECT_TRUE(revoke_message(path, "n").ends_with(message));
  EXPECT_EQ(read_file(path), text);
}

TEST(TokenFileTest, TokenTheFileCouldNotHoldIsNotWritten) {
  const test::TempDir dir;
  const std::string path = dir / "t";
  NewToken bad = request("n");
  bad.repos = {"a,b"};
  const std::string message = create_message(path, bad);
  EXPECT_TRUE(message.starts_with("the change cannot be made, the file would be refused: "))
      << message;
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TokenFileTest, FullFileTakesNoMore) {
  const test::TempDir dir;
  const std::string path = dir / "t";
  std::string text = "format = 1\n";
  for (std::size_t i = 0; i < kTokensMax; ++i) {
    text += "[[token]]\nname = \"" + std::to_string(i) + "\"\nsha256 = \"" +
            to_hex(digest_of(std::to_string(i))) +
            "\"\nscopes = [\"read\"]\ncreated = 2024-02-01T10:15:00Z\n";
  }
  write_file(path, text);
  EXPECT_EQ(create_message(path, request("n")),
            path + " holds 4096 tokens, as many as it may; delete revoked ones from it by hand");
}

TEST(TokenFileTest, ConcurrentCreatesLoseNone) {
  constexpr int kThreads = 8;
  constexpr int kEach = 10;
  const test::TempDir dir;
  const std::string path = dir / "t";
  std::vector<std::vector<std::string>> made(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const std::string name = std::to_string(t) + "-" + std::to_string(i);
        auto created = create_token(path, request(name), kCreated);
        if (created) made[static_cast<std::size_t>(t)].push_back(created->text);
        if (i % 2 == 0) continue;
        EXPECT_EQ(revoke_message(path, name), "revoked");
      }
    });
  }
  // A reader sees whole files only, and never fewer tokens than before.
  std::size_t seen = 0;
  while (seen < kThreads * kEach && !testing::Test::HasFailure()) {
    const auto file = read_token_file(path);
    ASSERT_TRUE(file.ok()) << file.error().message;
    if (!*file) continue;
    ASSERT_GE((*file)->tokens.size(), seen);
    seen = (*file)->tokens.size();
  }
  for (std::thread& thread : threads) thread.join();
  const TokenSet set(tokens_in(path));
  EXPECT_EQ(set.tokens().size(), std::size_t{kThreads * kEach});
  for (const auto& texts : made) {
    ASSERT_EQ(texts.size(), std::size_t{kEach});
    for (std::size_t i = 0; i < texts.size(); ++i) {
      EXPECT_EQ(set.find(texts[i], kCreated).match, i % 2 == 1 ? Match::kRevoked : Match::kGood);
    }
  }
}

}  // namespace
}  // namespace minuted::auth
