// Promise: tokens are 256 random bits, stored as SHA-256 only and compared in constant time; who
// has no good one is refused, and told which of the reasons it is.
#include "auth/tokens.hpp"

#include <gtest/gtest.h>

#include <set>

#include "server/auth/sample_tokens.hpp"
#include "support/printers.hpp"
#include "support/random.hpp"

namespace minuted::auth {
namespace {

TEST(TokensTest, HashIsSha256) {
  // FIPS 180-2, appendix B.1.
  const std::string hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  EXPECT_EQ(to_hex(digest_of("abc")), hex);
  EXPECT_EQ(parse_digest(hex), digest_of("abc"));
  EXPECT_EQ(fingerprint(digest_of("abc")), "ba7816bf");
}

TEST(TokensTest, HexIsSixtyFourDigitsOfEitherCase) {
  const std::string hex(64, 'a');
  EXPECT_EQ(parse_digest(hex), parse_digest(std::string(64, 'A')));
  for (const std::string& bad : {std::string(), std::string(63, 'a'), std::string(65, 'a'),
                                 "g" + std::string(63, 'a'), std::string(63, 'a') + " "}) {
    EXPECT_EQ(parse_digest(bad), std::nullopt) << bad;
  }
}

TEST(TokensTest, NewTokensAreFortyThreeRandomCharactersBehindTheirHead) {
  std::set<std::string> seen;
  std::set<char> characters;
  for (int i = 0; i < 200; ++i) {
    const auto text = make_token_text();
    ASSERT_TRUE(text.ok()) << text.error().message;
    EXPECT_EQ(text->size(), 47U);
    EXPECT_EQ(text->substr(0, 4), "mnt_");
    characters.insert(text->begin() + 4, text->end());
    seen.insert(*text);
  }
  EXPECT_EQ(seen.size(), 200U);
  // All of base64url's 64 and none besides: 8,600 draws miss one of them once in 10^57 runs.
  EXPECT_EQ(std::string(characters.begin(), characters.end()),
            "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz");
}

TEST(TokensTest, ScopesHaveNamesAndAnOrder) {
  EXPECT_EQ(to_string(ScopeSet{Scope::kAdmin, Scope::kIngest}), "ingest,admin");
  EXPECT_EQ(to_string(ScopeSet{}), "");
  for (const Scope scope : kScopes) EXPECT_EQ(parse_scope(to_string(scope)), scope);
  for (const char* const bad : {"", "Read", "write", "read "}) {
    EXPECT_EQ(parse_scope(bad), std::nullopt) << bad;
  }
}

TEST(TokensTest, ScopesDoNotIncludeEachOther) {
  for (const Scope one : kScopes) {
    for (const Scope other : kScopes) EXPECT_EQ(ScopeSet{one}.has(other), one == other);
  }
}

TEST(TokensTest, NamesAreVisibleAsciiWithoutCommas) {
  for (const std::string& good : {std::string("n"), std::string("node-7@eu/west\"\\'"),
                                  std::string(64, 'x'), std::string("!~")}) {
    EXPECT_EQ(check_token_name(good), std::nullopt) << good;
  }
  EXPECT_EQ(check_token_name(""), "must not be empty");
  EXPECT_EQ(check_token_name(std::string(65, 'x')), "is 65 bytes long; at most 64 are allowed");
  for (const std::string& bad :
       {std::string("a b"), std::string("a,b"), std::string("a\x7f"), std::string("caf\xc3\xa9"),
        std::string("a\nb"), std::string("a\0b", 3)}) {
    EXPECT_EQ(check_token_name(bad),
              "must be of visible ASCII characters, without spaces and commas")
        << bad;
  }
}

TEST(TokensTest, TokenSeesItsReposOnly) {
  const Token some = make_token("t", {Scope::kRead}, {"alpha", "beta", "delta"});
  for (const char* const repo : {"alpha", "beta", "delta"}) EXPECT_TRUE(some.sees(repo)) << repo;
  for (const char* const repo : {"", "alph", "alphaa", "Beta", "gamma", "zeta"}) {
    EXPECT_FALSE(some.sees(repo)) << repo;
    EXPECT_TRUE(make_token("t").sees(repo)) << repo;
  }
}

TEST(TokensTest, SearchFindsEveryPlace) {
  std::vector<Digest> digests;
  for (int i = 0; i < 50; ++i) digests.push_back(digest_of(std::to_string(i)));
  for (std::size_t i = 0; i < digests.size(); ++i) {
    EXPECT_EQ(find_digest(digests, digests[i]), i + 1);
  }
  EXPECT_EQ(find_digest(digests, digest_of("none of them")), 0U);
  EXPECT_EQ(find_digest({}, digests[0]), 0U);
}

// A search that stopped at what it found would give the first of several.
TEST(TokensTest, SearchGoesOnAfterAFind) {
  const Digest wanted = digest_of("wanted");
  const Digest other = digest_of("other");
  EXPECT_EQ(find_digest(std::vector{wanted, other, wanted, wanted, other}, wanted), 4U);
}

TEST(TokensTest, SearchComparesEveryBit) {
  const Digest wanted = digest_of("wanted");
  for (std::size_t bit = 0; bit < 8 * wanted.size(); ++bit) {
    Digest near = wanted;
    near[bit / 8] = static_cast<std::uint8_t>(near[bit / 8] ^ 1U << bit % 8);
    EXPECT_EQ(find_digest(std::vector{near}, wanted), 0U) << bit;
  }
}

TEST(TokensTest, ClashesAreFound) {
  Token a = make_token("a");
  Token b = make_token("b");
  EXPECT_FALSE(find_clash(std::vector{a, b}));
  Token renamed = b;
  renamed.name = "c";
  const auto same_hash = find_clash(std::vector{a, b, renamed});
  ASSERT_TRUE(same_hash);
  EXPECT_EQ(same_hash->first, 1U);
  EXPECT_EQ(same_hash->second, 2U);
  EXPECT_FALSE(same_hash->same_name);
  Token rival = make_token("x");
  rival.name = "a";
  const auto same_name = find_clash(std::vector{a, b, rival});
  ASSERT_TRUE(same_name);
  EXPECT_EQ(same_name->first, 0U);
  EXPECT_EQ(same_name->second, 2U);
  EXPECT_TRUE(same_name->same_name);
  for (Token* const one : {&a, &rival}) {
    one->revoked = kLater;
    EXPECT_FALSE(find_clash(std::vector{a, b, rival}));
  }
}

TEST(TokensTest, SetWithAClashIsABugOfOurs) {
  const Token token = make_token("a");
  EXPECT_DEATH(TokenSet(std::vector{token, token}), "");
}

std::string find_in(const TokenSet& set, std::string_view presented, Millis now) {
  static const std::map<Match, std::string> kNames{{Match::kUnknown, "unknown"},
                                                   {Match::kExpired, "expired"},
                                                   {Match::kRevoked, "revoked"},
                                                   {Match::kGood, "good"}};
  const Found found = set.find(presented, now);
  return kNames.at(found.match) + (found.token == nullptr ? "" : " " + found.token->name);
}

TEST(TokenSetTest, FindsWhoseTokenItIs) {
  Token ends = make_token("ends");
  ends.expires = kLater;
  Token revoked = make_token("revoked");
  revoked.revoked = kCreated;
  revoked.expires = kCreated;
  const TokenSet set({make_token("first"), ends, revoked, make_token("last")});
  EXPECT_EQ(find_in(set, secret_of("first"), kLater), "good first");
  EXPECT_EQ(find_in(set, secret_of("last"), kLater), "good last");
  EXPECT_EQ(find_in(set, secret_of("revoked"), kLater), "revoked revoked");
  EXPECT_EQ(find_in(set, secret_of("ends"), Millis{kLater.value - 1}), "good ends");
  EXPECT_EQ(find_in(set, secret_of("ends"), kLater), "expired ends");
  for (const std::string& other : {std::string(), secret_of("firs"), secret_of("first") + " ",
                                   secret_of("First"), to_hex(digest_of(secret_of("first")))}) {
    EXPECT_EQ(find_in(set, other, kLater), "unknown") << other;
  }
}

TEST(TokenSetTest, EmptySetKnowsNobody) {
  EXPECT_EQ(find_in(TokenSet(), secret_of("first"), kLater), "unknown");
  EXPECT_EQ(find_in(TokenSet(), "", kLater), "unknown");
}

TEST(TokenSetTest, LargestSetFindsAll) {
  std::vector<Token> tokens;
  for (std::size_t i = 0; i < kTokensMax; ++i) tokens.push_back(make_token(std::to_string(i)));
  const TokenSet set(std::move(tokens));
  test::Random random;
  for (int i = 0; i < 50; ++i) {
    const std::string name = std::to_string(random.below(kTokensMax));
    EXPECT_EQ(find_in(set, secret_of(name), kLater), "good " + name);
  }
}

}  // namespace
}  // namespace minuted::auth
