// Who asks, and what they may do: pure decisions, which the HTTP layer turns into answers. Third
// stop of a request's journey; after it, handlers ask which repos a caller sees. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "auth/tokens.hpp"
#include "minuted/time.hpp"

namespace minuted::auth {

// A request turned away.
struct Refusal {
  std::uint16_t status;        // 401 or 403
  std::string_view code;       // the contract's error_code; never renamed
  std::string message;         // one sentence; never holds a token
  std::string_view challenge;  // the WWW-Authenticate header (RFC 6750, section 3), empty = none
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

// What a route asks of its caller. For some repos is enough unless it says otherwise; which ones is
// then Caller::sees()'s business.
enum class Need : std::uint8_t {
  kNothing,  // open to all
  kIngest,
  kRead,
  kAdmin,
  kAdminOfAll,  // admin for all repos: what concerns the whole store
  kMetrics,     // admin, or read for all repos
};

// On whose behalf a request is answered. Holds its token for as long as the request lives, whatever
// reloads come.
class Caller {
 public:
  // Of a daemon without tokens: may do everything.
  static Caller anyone() { return {}; }
  // `token` is good now.
  static Caller holder(std::shared_ptr<const Token> token);
  // No good token, and why. May use what is open to all.
  static Caller nobody(Refusal why);

  // The token's; empty without one. What idempotency keys belong to.
  std::string_view name() const { return token_ ? std::string_view(token_->name) : ""; }
  // Whether rows, events and settings of `repo` are the caller's to see and to change.
  bool sees(std::string_view repo) const { return token_ ? token_->sees(repo) : !refusal_; }
  // The repos it is limited to, ascending; nullopt = not limited. Nobody is limited to none. The
  // view lives as long as the caller.
  std::optional<std::span<const std::string>> limited_to() const;

  // Why the caller may not use a route that needs `need`, or nullopt: it may.
  std::optional<Refusal> refuse(Need need) const;
  // Why it may not do to `repo` what it may do to others (a 403), or nullopt. For requests that
  // name their repo in the path; the answer is the same whether the repo exists or not.
  std::optional<Refusal> refuse_repo(std::string_view repo) const;

 private:
  Caller() = default;
  std::shared_ptr<const Token> token_;
  std::optional<Refusal> refusal_;
};

// Who sends `authorization`, the value of that header if there is one. `tokens` null = the daemon
// runs without tokens, and whatever is sent makes no difference.
Caller identify(const std::shared_ptr<const TokenSet>& tokens,
                std::optional<std::string_view> authorization, Millis now);

}  // namespace minuted::auth
