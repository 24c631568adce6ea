// Promise: 401 without a good token, 403 without the scope, and a token limited to repos neither
// sees nor learns of others.
#include "auth/access.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "server/auth/sample_tokens.hpp"
#include "support/printers.hpp"

namespace minuted::auth {
namespace {

constexpr std::array<Need, 6> kNeeds{Need::kNothing, Need::kIngest,     Need::kRead,
                                     Need::kAdmin,   Need::kAdminOfAll, Need::kMetrics};

Caller caller_with(ScopeSet scopes, std::vector<std::string> repos = {}) {
  return Caller::holder(std::make_shared<const Token>(make_token("t", scopes, std::move(repos))));
}

// One character per need, in the order of kNeeds: + allowed, 1 a 401, 3 a 403.
std::string verdicts(const Caller& caller) {
  std::string out;
  for (const Need need : kNeeds) {
    const auto refusal = caller.refuse(need);
    out += !refusal ? '+' : static_cast<char>('0' + refusal->status % 100);
  }
  return out;
}

TEST(AccessTest, ScopeDecides) {
  const std::vector<std::string> some{"a"};
  EXPECT_EQ(verdicts(caller_with({Scope::kIngest})), "++3333");
  EXPECT_EQ(verdicts(caller_with({Scope::kRead})), "+3+33+");
  EXPECT_EQ(verdicts(caller_with({Scope::kAdmin})), "+33+++");
  EXPECT_EQ(verdicts(caller_with({Scope::kIngest, Scope::kRead, Scope::kAdmin})), "++++++");
  EXPECT_EQ(verdicts(caller_with({Scope::kIngest}, some)), "++3333");
  EXPECT_EQ(verdicts(caller_with({Scope::kRead}, some)), "+3+333");
  EXPECT_EQ(verdicts(caller_with({Scope::kAdmin}, some)), "+33+3+");
}

TEST(AccessTest, WithoutTokensAnyoneMayDoEverything) {
  const Caller caller = identify(nullptr, "Basic nonsense", kLater);
  EXPECT_EQ(verdicts(caller), "++++++");
  EXPECT_EQ(verdicts(identify(nullptr, std::nullopt, kLater)), "++++++");
  EXPECT_EQ(caller.name(), "");
  EXPECT_TRUE(caller.sees("any"));
  EXPECT_EQ(caller.limited_to(), std::nullopt);
  EXPECT_EQ(caller.refuse_repo("any"), std::nullopt);
}

TEST(AccessTest, NobodyMayUseWhatIsOpenToAllOnly) {
  const Refusal why{401, "missing_token", "no", "Bearer"};
  const Caller caller = Caller::nobody(why);
  EXPECT_EQ(verdicts(caller), "+11111");
  EXPECT_EQ(caller.refuse(Need::kRead), why);
  EXPECT_EQ(caller.refuse_repo("any"), why);
  EXPECT_FALSE(caller.sees("any"));
  ASSERT_TRUE(caller.limited_to());
  EXPECT_TRUE(caller.limited_to()->empty());
}

TEST(AccessTest, EmptySetRefusesEveryone) {
  const auto set = std::make_shared<const TokenSet>();
  EXPECT_EQ(verdicts(identify(set, std::nullopt, kLater)), "+11111");
  EXPECT_EQ(verdicts(identify(set, "Bearer " + secret_of("t"), kLater)), "+11111");
}

TEST(AccessTest, LimitedTokenSeesItsReposOnly) {
  const Caller limited = caller_with({Scope::kRead, Scope::kAdmin}, {"a", "b"});
  EXPECT_TRUE(limited.sees("a"));
  EXPECT_FALSE(limited.sees("c"));
  ASSERT_TRUE(limited.limited_to());
  EXPECT_EQ(std::vector<std::string>(limited.limited_to()->begin(), limited.limited_to()->end()),
            (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(limited.refuse_repo("b"), std::nullopt);
  EXPECT_EQ(limited.refuse_repo("c"),
            (Refusal{403, "insufficient_scope",
                     "the token \"t\" is not for the repo \"c\"; use one "
                     "that is",
                     "Bearer realm=\"minuted\", error=\"insufficient_scope\""}));

  const Caller unlimited = caller_with({Scope::kRead});
  EXPECT_TRUE(unlimited.sees("c"));
  EXPECT_EQ(unlimited.limited_to(), std::nullopt);
  EXPECT_EQ(unlimited.refuse_repo("c"), std::nullopt);
}

TEST(AccessTest, RefusalNamesWhatIsThereAndWhatIsLacking) {
  const auto message = [](const Caller& caller, Need need) { return caller.refuse(need)->message; };
  const Caller limited = caller_with({Scope::kIngest, Scope::kRead}, {"a"});
  EXPECT_EQ(message(limited, Need::kAdmin),
            "the token \"t\" is for ingest,read of some repos; this request needs admin");
  EXPECT_EQ(
      message(limited, Need::kMetrics),
      "the token \"t\" is for ingest,read of some repos; this request needs admin, or read for "
      "all repos");
  EXPECT_EQ(message(caller_with({Scope::kAdmin}, {"a"}), Need::kAdminOfAll),
            "the token \"t\" is for admin of some repos; this request needs admin for all repos");
  EXPECT_EQ(message(caller_with({Scope::kAdmin}), Need::kRead),
            "the token \"t\" is for admin; this request needs read");
  EXPECT_EQ(message(caller_with({Scope::kAdmin}), Need::kIngest),
            "the token \"t\" is for admin; this request needs ingest");
}

TEST(AccessTest, HeaderIdentifiesTheHolder) {
  Token ends = make_token("ends");
  ends.expires = kLater;
  Token gone = make_token("gone");
  gone.revoked = kLater;
  const auto set = std::make_shared<const TokenSet>(std::vector{make_token("t"), ends, gone});
  const Caller caller = identify(set, "bearer " + secret_of("t"), kLater);
  EXPECT_EQ(caller.name(), "t");
  EXPECT_EQ(verdicts(caller), "+3+33+");

  const auto why = [&](std::optional<std::string_view> header) {
    return identify(set, header, kLater).refuse(Need::kRead);
  };
  EXPECT_EQ(why(std::nullopt), (Refusal{401, "missing_token",
                                        "the request has no Authorization header; send "
                                        "Authorization: Bearer TOKEN",
                                        "Bearer realm=\"minuted\""}));
  EXPECT_EQ(why("Basic abc"),
            (Refusal{401, "malformed_authorization",
                     "the Authorization header is not of the Bearer scheme; send Authorization: "
                     "Bearer TOKEN",
                     "Bearer realm=\"minuted\""}));
  const std::string_view challenge = "Bearer realm=\"minuted\", error=\"invalid_token\"";
  EXPECT_EQ(
      why("Bearer " + secret_of("none")),
      (Refusal{401, "unknown_token",
               "the token in the Authorization header is none of this daemon's; send one that "
               "`minuted token create` printed for it",
               challenge}));
  EXPECT_EQ(why("Bearer " + secret_of("ends")),
            (Refusal{401, "expired_token",
                     "the token \"ends\" expired at 2024-02-02T10:15:00.000Z; "
                     "ask the operator for a new one",
                     challenge}));
  EXPECT_EQ(why("Bearer " + secret_of("gone")),
            (Refusal{401, "revoked_token",
                     "the token \"gone\" was revoked at "
                     "2024-02-02T10:15:00.000Z; ask the operator for a new one",
                     challenge}));
}

TEST(AccessTest, CallerOutlivesTheSetItCameFrom) {
  auto set = std::make_shared<const TokenSet>(std::vector{make_token("t", {Scope::kRead}, {"a"})});
  const Caller caller = identify(set, "Bearer " + secret_of("t"), kLater);
  set = std::make_shared<const TokenSet>();
  EXPECT_EQ(caller.name(), "t");
  EXPECT_TRUE(caller.sees("a"));
}

}  // namespace
}  // namespace minuted::auth
