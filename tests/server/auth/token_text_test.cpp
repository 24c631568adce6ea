// Promise: the tokens file is for people too: it reads back what was written, keeps their comments
// through the program's edits, and a mistake in it is told by line and never taken for something
// else.
#include "auth/token_text.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "server/auth/sample_tokens.hpp"
#include "support/printers.hpp"
#include "support/random.hpp"

namespace minuted::auth {
namespace {

const std::string kHash(64, 'a');

// A file with one token, of which `lines` replace or follow the usual ones.
std::string file_with(const std::string& lines) { return "format = 1\n[[token]]\n" + lines; }

std::string good_token(const std::string& name, char hash_digit) {
  return "[[token]]\nname = \"" + name + "\"\nsha256 = \"" + std::string(64, hash_digit) +
         "\"\nscopes = [\"read\"]\ncreated = 2024-02-01T10:15:00Z\n";
}

std::string refusal(const std::string& text) {
  const auto document = read_token_text(text, "f");
  return document ? "accepted" : document.error().message;
}

std::vector<Token> tokens_in(std::string_view text) {
  auto document = read_token_text(text, "f");
  if (!document) {
    ADD_FAILURE() << document.error().message << "\n" << text;
    return {};
  }
  return document->tokens;
}

std::string add(std::string_view text, const Token& token) {
  const auto document = read_token_text(text, "f");
  EXPECT_TRUE(document.ok());
  return with_token(text, *document, token);
}

TEST(TokenTextTest, FormatOneIsFrozen) {
  Token token = make_token("node-7", {Scope::kIngest, Scope::kAdmin}, {"a \"quoted\" one", "b\\c"});
  token.sha256 = *parse_digest(kHash);
  token.expires = Millis{kCreated.value + 1};
  token.revoked = kLater;
  const std::string text =
      "# The tokens of a minuted daemon, made by `minuted token create`: hashes, not the tokens.\n"
      "# Read again on SIGHUP and when the file has changed.\n"
      "format = 1\n"
      "\n"
      "[[token]]\n"
      "name = \"node-7\"\n"
      "sha256 = \"" +
      kHash +
      "\"\n"
      "scopes = [\"ingest\", \"admin\"]\n"
      "repos = [\"a \\\"quoted\\\" one\", \"b\\\\c\"]\n"
      "expires = 2024-02-01T10:15:00.001Z\n"
      "revoked = 2024-02-02T10:15:00.000Z\n"
      "created = 2024-02-01T10:15:00.000Z\n";
  EXPECT_EQ(add("", token), text);
  EXPECT_EQ(tokens_in(text), std::vector{token});
}

TEST(TokenTextTest, NothingButCommentsIsAFileWithoutTokens) {
  for (const char* const text :
       {"", "\n\n", "# none yet\n", "\xEF\xBB\xBF", "format = 1", "format = 1\n"}) {
    EXPECT_EQ(tokens_in(text), std::vector<Token>()) << text;
    EXPECT_EQ(tokens_in(add(text, make_token("n"))), std::vector{make_token("n")}) << text;
  }
}

TEST(TokenTextTest, PeopleMayWriteItInOtherWays) {
  const auto tokens = tokens_in(
      "format = 0x1\r\n"
      "[[token]]  # ours\r\n"
      "created = 2024-02-01 12:15:00.0009+02:00\r\n"
      "scopes = [ 'read',\r\n  'read', ]\r\n"
      "repos = ['b', 'a', 'b']\r\n"
      "sha256 = '" +
      std::string(64, 'A') +
      "'\r\n"
      "'name' = '''n'''");
  Token expected = make_token("n", {Scope::kRead}, {"a", "b"});
  expected.sha256 = *parse_digest(kHash);
  EXPECT_EQ(tokens, std::vector{expected});
}

// Whatever names, repos and times the rules allow, in files of many tokens.
TEST(TokenTextTest, RandomTokensReadBackAsWritten) {
  test::Random random;
  for (int round = 0; round < 100; ++round) {
    std::string text;
    std::vector<Token> tokens;
    const std::uint64_t count = random.between(1, 10);
    for (std::uint64_t i = 0; i < count; ++i) {
      Token token;
      token.name = std::to_string(i);
      while (token.name.size() < random.between(1, 64)) {
        const char c = static_cast<char>(random.between('!', '~'));
        if (c != ',') token.name.push_back(c);
      }
      token.sha256 = digest_of(random.bytes(8));
      for (const Scope scope : kScopes) {
        if (random.chance(50)) token.scopes.add(scope);
      }
      if (token.scopes.empty()) token.scopes.add(random.pick(kScopes));
      const std::uint64_t repos = random.below(4);
      while (token.repos.size() < repos) token.repos.push_back(random.id());
      std::sort(token.repos.begin(), token.repos.end());
      token.repos.erase(std::unique(token.repos.begin(), token.repos.end()), token.repos.end());
      const auto time = [&] {
        return Millis{static_cast<std::int64_t>(
            random.between(0, static_cast<std::uint64_t>(kMillisMax.value)))};
      };
      token.created = time();
      if (random.chance(50)) token.expires = time();
      if (random.chance(20)) token.revoked = time();
      text = add(text, token);
      tokens.push_back(token);
    }
    ASSERT_EQ(tokens_in(text), tokens) << text;
    const auto document = read_token_text(text, "f");
    const std::size_t i = static_cast<std::size_t>(random.below(count));
    if (tokens[i].revoked) continue;
    tokens[i].revoked = kLater;
    ASSERT_EQ(tokens_in(with_revoked(text, *document, i, kLater)), tokens) << text;
  }
}

TEST(TokenTextTest, EditsLeaveCommentsAlone) {
  const std::string text =
      "format = 1 # keep\n"
      "# the fleet\n"
      "[[token]]\n"
      "# who: Ada\n"
      "name = '''n'''   # rack 3\n"
      "sha256 = \"" +
      kHash +
      "\"\n"
      "scopes = [\"read\"]\n"
      "created = 2024-02-01T10:15:00Z\n"
      "\n"
      "# the end, without a line's end";
  EXPECT_EQ(add(text, make_token("x")).substr(0, text.size() + 1), text + "\n");
  const auto document = read_token_text(text, "f");
  ASSERT_TRUE(document.ok());
  std::string expected = text;
  expected.insert(text.find("sha256"), "revoked = 2024-02-02T10:15:00.000Z\n");
  EXPECT_EQ(with_revoked(text, *document, 0, kLater), expected);
}

TEST(TokenTextTest, RevokingFindsTheEndOfALongName) {
  std::string text = file_with("sha256 = \"" + kHash +
                               "\"\nscopes = [\"read\"]\ncreated = 2024-02-01T10:15:00Z\n"
                               "name = \"\"\"\\\n  n\\\n  \"\"\"");
  const auto document = read_token_text(text, "f");
  ASSERT_TRUE(document.ok()) << document.error().message;
  EXPECT_EQ(with_revoked(text, *document, 0, kLater),
            text + "\nrevoked = 2024-02-02T10:15:00.000Z\n");
}

TEST(TokenTextTest, FileLevelMistakesAreToldByLine) {
  EXPECT_EQ(refusal(good_token("n", 'a')),
            "f:1: the file does not name its format; begin it with format = 1");
  EXPECT_EQ(
      refusal("\nformat = 2\n"),
      "f:2: the file is of format 2, this build reads and writes format 1 only; use the build "
      "that wrote it");
  EXPECT_EQ(refusal("format = \"1\"\n"), "f:1: format is not a whole number; write format = 1");
  EXPECT_EQ(refusal("format = 1.0\n"), "f:1: format is not a whole number; write format = 1");
  EXPECT_EQ(refusal("format = 1\ntokens = []\n"),
            "f:2: the key \"tokens\" is not known here; the file holds format = 1 and [[token]] "
            "tables");
  EXPECT_EQ(refusal("format = 1\n[token]\nname = \"n\"\n"),
            "f:2: token is not a list; write each token as [[token]]");
  EXPECT_EQ(refusal("format = 1\n\ntoken = [{name = \"n\"}]\n"),
            "f:3: a token is written inside a line; write each token as [[token]]");
  EXPECT_EQ(refusal("token = []\nformat = 1\n"),
            "f:1: token is an empty list; leave it out, and write each token as [[token]]");
  EXPECT_EQ(refusal("format = 1\ntoken = [1]\n"),
            "f:2: a token is written inside a line; write each token as [[token]]");
}

TEST(TokenTextTest, FormatOfAnotherBuildHasItsCode) {
  EXPECT_EQ(read_token_text("format = 2", "f").error().code, ErrorCode::kUnsupportedFormat);
  EXPECT_EQ(read_token_text("format = true", "f").error().code, ErrorCode::kInvalidArgument);
}

TEST(TokenTextTest, WhatIsNotTomlIsToldByLine) {
  for (const char* const line : {"format = 1", "[[token", "name = mnt_aVerySecretToken",
                                 "sha256 = \"mnt_aVerySecretToken"}) {
    const std::string message = refusal("format = 1\n" + std::string(line) + "\n");
    EXPECT_TRUE(message.starts_with("f:2: the file is not TOML (")) << message;
    EXPECT_TRUE(
        message.ends_with("); mend the line, or make the file anew with `minuted token create`"))
        << message;
    EXPECT_EQ(message.find("VerySecret"), message.npos) << message;
  }
}

TEST(TokenTextTest, WhatIsNotUtf8IsToldByLine) {
  EXPECT_EQ(refusal("format = 1\n# caf\xC3\xA9\n# caf\xE9\n"),
            "f:3: the line is not UTF-8; save the file as UTF-8");
  EXPECT_EQ(refusal("# \xED\xA0\x80"), "f:1: the line is not UTF-8; save the file as UTF-8");
}

TEST(TokenTextTest, TokenMistakesAreToldByLine) {
  const std::string name = "name = \"n\"\n";
  const std::string hash = "sha256 = \"" + kHash + "\"\n";
  const std::string scopes = "scopes = [\"read\"]\n";
  const std::string created = "created = 2024-02-01T10:15:00Z\n";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"\n", "2: the token has no name; add name = \"…\""},
      {"name = 7\n", "3: the token's name is not a string; write name = \"…\""},
      {"name = \"\"\n", "3: the token's name \"\" must not be empty"},
      {"name = \"a,b\"\n",
       "3: the token's name \"a,b\" must be of visible ASCII characters, without spaces and "
       "commas"},
      {name,
       "2: the token has no sha256; give the token's SHA-256 as 64 hexadecimal digits, as "
       "`minuted token create` does"},
      {name + "sha256 = 1\n",
       "4: sha256 is not a string; give the token's SHA-256 as 64 hexadecimal "
       "digits, as `minuted token create` does"},
      {name + "sha256 = \"mnt_secret\"\n",
       "4: sha256 has 10 bytes that are not a hash; give the token's SHA-256 as 64 hexadecimal "
       "digits, as `minuted token create` does"},
      {name + hash,
       "2: the token has no scopes; write scopes = [\"ingest\", \"read\", \"admin\"] or "
       "some of them"},
      {name + hash + "scopes = \"read\"\n",
       "5: scopes is not a list; write scopes = [\"ingest\", \"read\", \"admin\"] or some of them"},
      {name + hash + "scopes = []\n",
       "5: scopes is empty; write scopes = [\"ingest\", \"read\", \"admin\"] or some of them"},
      {name + hash + "scopes = [\"read\",\n\"write\"]\n",
       "6: there is no scope \"write\"; scopes are ingest, read, admin"},
      {name + hash + "scopes = [1]\n",
       "5: a scope is not a string; write scopes = [\"ingest\", \"read\", \"admin\"] or some of "
       "them"},
      {name + hash + scopes + "repos = []\n",
       "6: repos is empty; write repos = [\"…\"], or leave repos out for all of them"},
      {name + hash + scopes + "repos = \"a\"\n",
       "6: repos is not a list; write repos = [\"…\"], or leave repos out for all of them"},
      {name + hash + scopes + "repos = [\"a\", 2]\n",
       "6: a repo is not a string; write repos = [\"…\"], or leave repos out for all of them"},
      {name + hash + scopes + "repos = [\"a\", \"\"]\n", "6: the repo \"\" must not be empty"},
      {name + hash + scopes,
       "2: the token does not say when it was created; write created = "
       "2024-02-01T10:15:00Z"},
      {name + hash + scopes + "created = 1706782500\n",
       "6: created is not a date and time with a zone; write created = 2024-02-01T10:15:00Z, "
       "without "
       "quotes"},
      {name + hash + scopes + created + "expires = 2024-02-01\n",
       "7: expires is not a date and time with a zone; write expires = 2024-02-01T10:15:00Z, "
       "without "
       "quotes"},
      {name + hash + scopes + created + "expires = 2024-02-01T10:15:00\n",
       "7: expires is not a date and time with a zone; write expires = 2024-02-01T10:15:00Z, "
       "without "
       "quotes"},
      {name + hash + scopes + created + "revoked = true\n",
       "7: revoked is not a date and time with a zone; write revoked = 2024-02-01T10:15:00Z, "
       "without "
       "quotes"},
      {name + hash + scopes + created + "revoked = 1970-01-01T00:00:00+00:01\n",
       "7: revoked is not within the years 1970 to 9999"},
      {name + hash + scopes + created + "expire = 2024-02-01T10:15:00Z\n",
       "7: the key \"expire\" is not a token's; those are name, sha256, scopes, repos, created, "
       "expires and revoked"},
  };
  for (const auto& [lines, message] : cases) {
    EXPECT_EQ(refusal(file_with(lines)), "f:" + message) << lines;
  }
  EXPECT_EQ(refusal(file_with(name + hash + scopes + created)), "accepted");
}

TEST(TokenTextTest, ClashesAreToldByBothLines) {
  const std::string first = "format = 1\n" + good_token("n", 'a');
  EXPECT_EQ(
      refusal(first + good_token("n", 'b')),
      "f:8: the name \"n\" is that of the token of line 3 too; of tokens with one name, all but "
      "one must be revoked");
  EXPECT_EQ(refusal(first + good_token("m", 'a')),
            "f:8: the token \"m\" has the sha256 of the token of line 3; make another token");
  EXPECT_EQ(refusal(first + "revoked = 2024-02-01T10:15:00Z\n" + good_token("n", 'b')), "accepted");
}

TEST(TokenTextTest, SizesAreBounded) {
  std::string many = "format = 1\n";
  for (std::size_t i = 0; i <= kTokensMax; ++i) many += good_token("n", 'a');
  EXPECT_EQ(refusal(many), "f:2: the file holds 4097 tokens; at most 4096 are allowed");
  std::string repos = "\"r\"";
  for (std::size_t i = 0; i < kReposPerTokenMax; ++i) repos += ",\"r\"";
  EXPECT_EQ(refusal("format = 1\n" + good_token("n", 'a') + "repos = [" + repos + "]\n"),
            "f:7: the token lists 1001 repos; at most 1000 are allowed");
  EXPECT_EQ(refusal(std::string(kTokenFileBytesMax + 1, '\n')),
            "f is larger than a tokens file may be, which is 8 MiB");
  EXPECT_EQ(refusal(std::string(kTokenFileBytesMax, '\n')), "accepted");
}

// A file cut short by anything is refused, or cut between entries; no token loses its limits by it.
TEST(TokenTextTest, EveryTruncationIsRefusedOrHoldsWholeTokens) {
  Token first = make_token("first", {Scope::kRead}, {"a"});
  first.expires = kLater;
  Token second = make_token("second", {Scope::kIngest, Scope::kRead}, {"a", "b"});
  second.expires = kLater;
  second.revoked = kLater;
  const std::string two = add(add("", first), second);
  int whole = 0;
  for (std::size_t bytes = 0; bytes <= two.size(); ++bytes) {
    const auto document = read_token_text(two.substr(0, bytes), "f");
    if (!document) continue;
    std::vector<Token> expected{first, second};
    ASSERT_LE(document->tokens.size(), 2U);
    expected.resize(document->tokens.size());
    EXPECT_EQ(document->tokens, expected) << bytes;
    if (!expected.empty()) ++whole;
  }
  // After the first entry's Z, its line's end and the blank line; after the second's Z and line.
  EXPECT_EQ(whole, 5);
}

TEST(TokenTextTest, AnyBytesAreReadWithoutHarm) {
  test::Random random;
  const std::string good = add("", make_token("n", {Scope::kRead}, {"a"}));
  for (int i = 0; i < 3'000; ++i) {
    std::string bad = good;
    const std::uint64_t changes = random.between(1, 4);
    for (std::uint64_t k = 0; k < changes; ++k) {
      bad[static_cast<std::size_t>(random.below(bad.size()))] = static_cast<char>(random.bits());
    }
    const auto document = read_token_text(bad, "f");
    if (document) continue;
    EXPECT_TRUE(document.error().message.starts_with("f:")) << bad;
  }
}

}  // namespace
}  // namespace minuted::auth
