// A token as the daemon knows it: a name, a hash, what it may do and until when. The token itself
// is 256 random bits as text; it exists in the hands of whoever made it and in requests, never
// here. Second stop of a request's journey, after its header is parsed (bearer.hpp takes that
// apart). Pure values; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "minuted/result.hpp"
#include "minuted/time.hpp"

namespace minuted::auth {

inline constexpr std::size_t kTokenNameBytesMax = 64;
// Every request is compared with every token: 3 µs and 0.05 more for each of them.
inline constexpr std::size_t kTokensMax = 4096;
inline constexpr std::size_t kReposPerTokenMax = 1000;

// Each stands for itself: admin does not include the other two.
enum class Scope : std::uint8_t { kIngest, kRead, kAdmin };
inline constexpr std::array<Scope, 3> kScopes{Scope::kIngest, Scope::kRead, Scope::kAdmin};

std::string_view to_string(Scope scope);  // `ingest`, `read`, `admin`
std::optional<Scope> parse_scope(std::string_view name);

class ScopeSet {
 public:
  ScopeSet() = default;
  ScopeSet(std::initializer_list<Scope> scopes) {
    for (const Scope scope : scopes) add(scope);
  }
  void add(Scope scope) { bits_ = static_cast<std::uint8_t>(bits_ | bit(scope)); }
  bool has(Scope scope) const { return (bits_ & bit(scope)) != 0; }
  bool empty() const { return bits_ == 0; }
  friend bool operator==(const ScopeSet&, const ScopeSet&) = default;

 private:
  static unsigned bit(Scope scope) { return 1U << static_cast<unsigned>(scope); }
  std::uint8_t bits_ = 0;
};

// `ingest,read`, in the order of kScopes.
std::string to_string(ScopeSet scopes);

using Digest = std::array<std::uint8_t, 32>;

// SHA-256.
Digest digest_of(std::string_view bytes);
std::string to_hex(const Digest& digest);  // 64 digits, lower case
// 64 hexadecimal digits of either case, or nullopt.
std::optional<Digest> parse_digest(std::string_view hex);
// The first 8 hexadecimal digits: enough to tell two tokens apart, of no use to anybody else.
std::string fingerprint(const Digest& digest);

struct Token {
  std::string name;  // see check_token_name
  Digest sha256{};
  ScopeSet scopes;                 // at least one
  std::vector<std::string> repos;  // ascending, distinct; empty = all repos
  Millis created;
  std::optional<Millis> expires;  // the first moment it is no longer good; absent = never
  std::optional<Millis> revoked;  // when it was; absent = it was not

  bool all_repos() const { return repos.empty(); }
  bool expired_at(Millis now) const { return expires && *expires <= now; }
  // Whether the token is for `repo`, whatever its scopes.
  bool sees(std::string_view repo) const;
  friend bool operator==(const Token&, const Token&) = default;
};

// Why `name` cannot be a token's, as the end of a sentence, or nullopt if it can: 1–64 visible
// ASCII characters (no space) but commas. Never empty: the empty name is that of requests without a
// token.
std::optional<std::string> check_token_name(std::string_view name);

// A new token: `mnt_` and 256 random bits in base64url. kUnavailable if the system has no
// randomness.
Result<std::string> make_token_text();

// The place of `wanted` in `digests`, counted from 1, or 0; of equal ones the last. Looks at all of
// them whatever it finds, and at all bytes of each, so that time tells nothing.
std::size_t find_digest(std::span<const Digest> digests, const Digest& wanted);

// Two tokens that cannot be in one set, by their places.
struct Clash {
  std::size_t first;
  std::size_t second;
  bool same_name;  // and neither is revoked; else the same hash
};
std::optional<Clash> find_clash(std::span<const Token> tokens);

enum class Match : std::uint8_t { kUnknown, kExpired, kRevoked, kGood };

struct Found {
  Match match = Match::kUnknown;
  const Token* token = nullptr;  // of the set that was asked; null if unknown
};

// The tokens in force at one time. Never changes; a reload makes another.
class TokenSet {
 public:
  TokenSet() = default;  // refuses everyone
  // `tokens` free of clashes, at most kTokensMax; anything else is the caller's bug and aborts.
  explicit TokenSet(std::vector<Token> tokens);

  // Whom the presented text belongs to. A revoked token is kRevoked even when it is expired too.
  Found find(std::string_view presented, Millis now) const;
  std::span<const Token> tokens() const { return tokens_; }

 private:
  std::vector<Token> tokens_;
  std::vector<Digest> digests_;  // of tokens_, in their order: close together for find()
};

}  // namespace minuted::auth
