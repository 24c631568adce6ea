// Promise: `minuted token create` prints the new token, once, as the last line, and leaves hashes
// only in the file; a command line that makes no sense is told so and changes nothing.
#include "auth/token_command.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "auth/token_file.hpp"
#include "server/auth/sample_tokens.hpp"
#include "support/manual_clock.hpp"
#include "support/printers.hpp"
#include "support/temp_dir.hpp"

namespace minuted::auth {
namespace {

class TokenCommandTest : public ::testing::Test {
 protected:
  struct Ran {
    int exit_code;
    std::string out;
    std::string err;
  };

  Ran run(const std::vector<std::string>& arguments, bool terminal = false) {
    std::ostringstream out;
    std::ostringstream err;
    const int exit_code = run_token_command(arguments, {out, err, terminal}, clock_);
    return {exit_code, out.str(), err.str()};
  }

  Ran create(const std::string& name, std::vector<std::string> more) {
    more.insert(more.begin(), {"create", "--tokens", path_, "--name", name});
    return run(more);
  }

  // The complaint about a command line, which must have changed nothing.
  std::string complaint(std::vector<std::string> arguments) {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.exit_code, 2) << ran.err;
    EXPECT_EQ(ran.out, "");
    EXPECT_FALSE(std::filesystem::exists(path_));
    return ran.err;
  }

  const test::TempDir dir_;
  const std::string path_ = dir_ / "tokens.toml";
  test::ManualClock clock_{kCreated};
};

TEST_F(TokenCommandTest, CreatePrintsTheTokenAndNothingElse) {
  const Ran ran = create("node-7", {"--scope", "ingest,read", "--repo", "b,a", "--expires", "30"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.err, "made the token node-7 in " + path_ +
                         ": ingest,read of 2 repos, until 2024-03-02T10:15:00.000Z\n"
                         "Keep it now: this is the only time it is shown.\n");
  ASSERT_EQ(ran.out.size(), 48U);
  EXPECT_EQ(ran.out.back(), '\n');
  const std::string secret = ran.out.substr(0, 47);

  const auto file = read_token_file(path_);
  ASSERT_TRUE(file.ok() && *file);
  Token expected = make_token("node-7", {Scope::kIngest, Scope::kRead}, {"a", "b"});
  expected.sha256 = digest_of(secret);
  expected.expires = Millis{kCreated.value + 30 * kMillisPerDay};
  EXPECT_EQ((*file)->tokens, std::vector{expected});
  EXPECT_EQ(read_file(path_).find(secret.substr(4)), std::string::npos);
}

TEST_F(TokenCommandTest, CreateDefaultsToAllReposForEver) {
  EXPECT_EQ(create("n", {"--scope", "admin"}).err,
            "made the token n in " + path_ +
                ": admin of all repos, without an end\n"
                "Keep it now: this is the only time it is shown.\n");
  EXPECT_EQ(create("m", {"--scope=read", "--scope=ingest", "--repo=r"}).err,
            "made the token m in " + path_ +
                ": ingest,read of 1 repo, without an end\n"
                "Keep it now: this is the only time it is shown.\n");
}

TEST_F(TokenCommandTest, CreateRefusesWhatMakesNoSense) {
  const auto create_complaint = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"create", "--tokens", path_});
    return complaint(more);
  };
  const std::string head = "minuted token: ";
  EXPECT_EQ(create_complaint({"--name", "", "--scope", "read"}),
            head + "--name \"\" must not be empty\n");
  EXPECT_EQ(
      create_complaint({"--name", "a b", "--scope", "read"}),
      head + "--name \"a b\" must be of visible ASCII characters, without spaces and commas\n");
  for (const char* const scope : {"", "write", "Read"}) {
    EXPECT_EQ(
        create_complaint({"--name", "n", "--scope", scope}),
        head + "--scope \"" + scope + "\" is no scope; give one or more of ingest,read,admin\n");
  }
  EXPECT_EQ(create_complaint({"--name", "n", "--scope", "read,"}),
            head + "--scope \"\" is no scope; give one or more of ingest,read,admin\n");
  for (const char* const repo : {"", "a,", ",a", "a,,b"}) {
    EXPECT_EQ(create_complaint({"--name", "n", "--scope", "read", "--repo", repo}),
              head + "--repo \"\" must not be empty\n")
        << repo;
  }
  for (const char* const days : {"0", "-1", "36501", "1.5", "30d", "99999999999999999999", "x"}) {
    EXPECT_EQ(create_complaint({"--name", "n", "--scope", "read", "--expires", days}),
              head + "--expires \"" + days +
                  "\" is not a number of days; give 1 to 36500, or leave it out: the token then "
                  "lasts until it is revoked\n");
  }
  EXPECT_EQ(create_complaint({"--name", "n", "--scope", "read", "--expires", ""}),
            head + "--expires is empty; give a number of days from 1 to 36500\n");
}

TEST_F(TokenCommandTest, CommandLinesThatAreNoneAreRefused) {
  const std::vector<std::vector<std::string>> lines = {
      {},
      {"make"},
      {"create"},
      {"create", "--tokens", path_, "--name", "n"},
      {"create", "--tokens", path_, "--scope", "read"},
      {"create", "--name", "n", "--scope", "read"},
      {"create", "--tokens", path_, "--name", "n", "--scope"},
      {"create", "--tokens", path_, "--name", "n", "--name", "m", "--scope", "read"},
      {"create", "--tokens", path_, "--name", "n", "--scope", "read", "ingest"},
      {"create", "--tokens", path_, "--name", "n", "--scope", "read", "--expire", "3"},
      {"create", "--tokens", "", "--name", "n", "--scope", "read"},
      {"list"},
      {"list", "create"},
      {"revoke", "--tokens", path_},
  };
  for (const auto& line : lines) {
    const std::string err = complaint(line);
    EXPECT_TRUE(err.starts_with("minuted token: ")) << err;
    EXPECT_GT(err.size(), 30U);
  }
}

TEST_F(TokenCommandTest, UnknownCommandIsNamed) {
  EXPECT_EQ(complaint({"creat", "--tokens", path_}),
            "minuted token: there is no command \"creat\"; give create, list or revoke\n");
}

TEST_F(TokenCommandTest, HelpTellsUnitsAndDefaults) {
  const Ran ran = run({"create", "--help"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.err, "");
  for (const char* const part :
       {"--tokens FILE", "--name NAME", "--scope SCOPE", "--repo ID", "--expires DAYS",
        "Days from now", "1 to 36500. Default: never", "Default: all repos"}) {
    EXPECT_NE(ran.out.find(part), std::string::npos) << part << "\n" << ran.out;
  }
  const Ran all = run({"--help"});
  EXPECT_EQ(all.exit_code, 0);
  for (const char* const part : {"minuted token", "create", "list", "revoke"}) {
    EXPECT_NE(all.out.find(part), std::string::npos) << part << "\n" << all.out;
  }
}

TEST_F(TokenCommandTest, TakenNameIsAFailure) {
  ASSERT_EQ(create("n", {"--scope", "read"}).exit_code, 0);
  const Ran ran = create("n", {"--scope", "read"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err,
            "minuted token: " + path_ +
                " has a token named \"n\" already; choose another name, or revoke that one "
                "first\n");
}

TEST_F(TokenCommandTest, TokenThatCannotBePrintedIsAFailure) {
  std::ostringstream out;
  std::ostringstream err;
  out.setstate(std::ios::badbit);
  const std::vector<std::string> line{"create", "--tokens", path_, "--name",
                                      "n",      "--scope",  "read"};
  EXPECT_EQ(run_token_command(line, {out, err, false}, clock_), 1);
  EXPECT_TRUE(err.str().ends_with(
      "minuted token: the token could not be printed; revoke n and make another\n"));
}

class TokenListTest : public TokenCommandTest {
 protected:
  void SetUp() override {
    create("long-name", {"--scope", "read,ingest", "--repo", "b,a"});
    create("ends", {"--scope", "admin", "--expires", "1"});
    create("gone", {"--scope", "read"});
    clock_.set_now(kLater);
    EXPECT_EQ(run({"revoke", "--tokens", path_, "--name", "gone"}).exit_code, 0);
    const auto file = read_token_file(path_);
    ASSERT_TRUE(file.ok() && *file);
    for (const Token& token : (*file)->tokens) hashes_.push_back(to_hex(token.sha256));
    ASSERT_EQ(hashes_.size(), 3U);
  }

  std::string short_hash(std::size_t i) const { return hashes_[i].substr(0, 8); }

  std::vector<std::string> hashes_;
};

TEST_F(TokenListTest, ProgramsGetTabSeparatedLines) {
  const Ran ran = run({"list", "--tokens", path_});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.out, "long-name\t" + short_hash(0) +
                         "\tactive\tingest,read\t2024-02-01T10:15:00.000Z\t\ta,b\n"
                         "ends\t" +
                         short_hash(1) +
                         "\texpired\tadmin\t2024-02-01T10:15:00.000Z\t2024-02-02T10:15:00.000Z\t\n"
                         "gone\t" +
                         short_hash(2) + "\trevoked\tread\t2024-02-01T10:15:00.000Z\t\t\n");
}

TEST_F(TokenListTest, EyesGetATable) {
  const Ran ran = run({"list", "--tokens", path_}, true);
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(
      ran.out,
      "NAME       HASH      STATE    SCOPES       CREATED                   EXPIRES                "
      "   "
      "REPOS\n"
      "long-name  " +
          short_hash(0) +
          "  active   ingest,read  2024-02-01T10:15:00.000Z  never                     a,b\n"
          "ends       " +
          short_hash(1) +
          "  expired  admin        2024-02-01T10:15:00.000Z  2024-02-02T10:15:00.000Z  (all)\n"
          "gone       " +
          short_hash(2) +
          "  revoked  read         2024-02-01T10:15:00.000Z  never                     (all)\n");
}

TEST_F(TokenListTest, HashesAreNeverShownInFull) {
  std::string all;
  for (const bool terminal : {false, true}) {
    const Ran ran = run({"list", "--tokens", path_}, terminal);
    all += ran.out + ran.err;
  }
  for (const std::string& hash : hashes_) {
    EXPECT_EQ(all.find(hash.substr(0, 9)), std::string::npos);
  }
}

TEST_F(TokenListTest, WarningsGoBesideTheList) {
  std::filesystem::permissions(path_, std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  const Ran ran = run({"list", "--tokens", path_});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_TRUE(ran.err.starts_with("warning: " + path_ + " can be read by everybody")) << ran.err;
}

TEST_F(TokenCommandTest, ListOfAMissingFileIsAFailure) {
  const Ran ran = run({"list", "--tokens", path_});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_EQ(ran.err,
            "minuted token: " + path_ + " does not exist; `minuted token create` makes it\n");
}

TEST_F(TokenCommandTest, RevokeSaysWhatItDid) {
  const Ran made = create("n", {"--scope", "read"});
  const std::string secret = made.out.substr(0, 47);
  const Ran ran = run({"revoke", "--tokens", path_, "--name", "n"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.out, "revoked the token n (" + fingerprint(digest_of(secret)) +
                         "); a running daemon refuses it once it has read the file again, within "
                         "seconds or on SIGHUP\n");
  const Ran again = run({"revoke", "--tokens", path_, "--name", "n"});
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_EQ(again.err, "minuted token: " + path_ + " has the token \"n\" as revoked already\n");
}

}  // namespace
}  // namespace minuted::auth
