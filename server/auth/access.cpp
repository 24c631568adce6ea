#include "auth/access.hpp"

#include <utility>
#include <variant>

#include "auth/bearer.hpp"
#include "minuted/event.hpp"

namespace minuted::auth {
namespace {

constexpr std::string_view kChallenge = "Bearer realm=\"minuted\"";
constexpr std::string_view kBadToken = "Bearer realm=\"minuted\", error=\"invalid_token\"";
constexpr std::string_view kTooLittle = "Bearer realm=\"minuted\", error=\"insufficient_scope\"";

Refusal unauthorized(std::string_view code, std::string message, std::string_view challenge) {
  return {401, code, std::move(message), challenge};
}

Refusal forbidden(std::string message) {
  return {403, "insufficient_scope", std::move(message), kTooLittle};
}

// Names the token and not its text: whoever sent it knows the one, and logs may show the other.
Refusal refusal_of(const Found& found) {
  switch (found.match) {
    case Match::kExpired:
      return unauthorized("expired_token",
                          "the token " + shorten(found.token->name) + " expired at " +
                              format_iso8601(*found.token->expires) +
                              "; ask the operator for a new one",
                          kBadToken);
    case Match::kRevoked:
      return unauthorized("revoked_token",
                          "the token " + shorten(found.token->name) + " was revoked at " +
                              format_iso8601(*found.token->revoked) +
                              "; ask the operator for a new one",
                          kBadToken);
    case Match::kUnknown:
    case Match::kGood:
      break;
  }
  return unauthorized("unknown_token",
                      "the token in the Authorization header is none of this daemon's; send one "
                      "that `minuted token create` printed for it",
                      kBadToken);
}

// What `token` lacks for `need`, as a route's wants it named, or empty: nothing.
std::string_view lacking(const Token& token, Need need) {
  const bool reads = token.scopes.has(Scope::kRead);
  const bool administers = token.scopes.has(Scope::kAdmin);
  switch (need) {
    case Need::kNothing:
      return {};
    case Need::kIngest:
      return token.scopes.has(Scope::kIngest) ? "" : "ingest";
    case Need::kRead:
      return reads ? "" : "read";
    case Need::kAdmin:
      return administers ? "" : "admin";
    case Need::kAdminOfAll:
      return administers && token.all_repos() ? "" : "admin for all repos";
    case Need::kMetrics:
      return administers || (reads && token.all_repos()) ? "" : "admin, or read for all repos";
  }
  return "a scope that no token has";
}

}  // namespace

Caller Caller::holder(std::shared_ptr<const Token> token) {
  Caller caller;
  caller.token_ = std::move(token);
  return caller;
}

Caller Caller::nobody(Refusal why) {
  Caller caller;
  caller.refusal_ = std::move(why);
  return caller;
}

std::optional<std::span<const std::string>> Caller::limited_to() const {
  if (refusal_) return std::span<const std::string>();
  if (!token_ || token_->all_repos()) return std::nullopt;
  return std::span<const std::string>(token_->repos);
}

std::optional<Refusal> Caller::refuse(Need need) const {
  if (need == Need::kNothing) return std::nullopt;
  if (refusal_) return refusal_;
  if (!token_) return std::nullopt;
  const std::string_view lack = lacking(*token_, need);
  if (lack.empty()) return std::nullopt;
  return forbidden("the token " + shorten(token_->name) + " is for " + to_string(token_->scopes) +
                   (token_->all_repos() ? "" : " of some repos") + "; this request needs " +
                   std::string(lack));
}

std::optional<Refusal> Caller::refuse_repo(std::string_view repo) const {
  if (refusal_) return refusal_;
  if (sees(repo)) return std::nullopt;
  return forbidden("the token " + shorten(token_->name) + " is not for the repo " + shorten(repo) +
                   "; use one that is");
}

Caller identify(const std::shared_ptr<const TokenSet>& tokens,
                std::optional<std::string_view> authorization, Millis now) {
  if (!tokens) return Caller::anyone();
  if (!authorization) {
    return Caller::nobody(unauthorized(
        "missing_token",
        "the request has no Authorization header; send Authorization: Bearer TOKEN", kChallenge));
  }
  const auto bearer = parse_bearer(*authorization);
  if (const auto* fault = std::get_if<BearerFault>(&bearer)) {
    return Caller::nobody(
        unauthorized("malformed_authorization", std::string(explain(*fault)), kChallenge));
  }
  const Found found = tokens->find(std::get<std::string_view>(bearer), now);
  if (found.match != Match::kGood) return Caller::nobody(refusal_of(found));
  return Caller::holder({tokens, found.token});
}

}  // namespace minuted::auth
