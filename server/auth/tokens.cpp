#include "auth/tokens.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "render/base64url.hpp"

namespace minuted::auth {
namespace {

constexpr std::string_view kTokenHead = "mnt_";  // lets scanners for leaked secrets know ours
constexpr std::size_t kTokenRandomBytes = 32;

std::optional<unsigned> hex_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

}  // namespace

std::string_view to_string(Scope scope) {
  switch (scope) {
    case Scope::kIngest:
      return "ingest";
    case Scope::kRead:
      return "read";
    case Scope::kAdmin:
      return "admin";
  }
  return {};
}

std::optional<Scope> parse_scope(std::string_view name) {
  for (const Scope scope : kScopes) {
    if (name == to_string(scope)) return scope;
  }
  return std::nullopt;
}

std::string to_string(ScopeSet scopes) {
  std::string out;
  for (const Scope scope : kScopes) {
    if (!scopes.has(scope)) continue;
    if (!out.empty()) out += ',';
    out += to_string(scope);
  }
  return out;
}

Digest digest_of(std::string_view bytes) {
  Digest digest;
  // Fails only as `new` would, for want of memory; there is no hash to go on with then.
  if (SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data()) ==
      nullptr) {
    std::abort();
  }
  return digest;
}

std::string to_hex(const Digest& digest) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t byte : digest) out += {kDigits[byte >> 4], kDigits[byte & 15]};
  return out;
}

std::optional<Digest> parse_digest(std::string_view hex) {
  Digest digest;
  if (hex.size() != 2 * digest.size()) return std::nullopt;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const auto high = hex_value(hex[2 * i]);
    const auto low = hex_value(hex[2 * i + 1]);
    if (!high || !low) return std::nullopt;
    digest[i] = static_cast<std::uint8_t>(*high << 4 | *low);
  }
  return digest;
}

std::string fingerprint(const Digest& digest) { return to_hex(digest).substr(0, 8); }

bool Token::sees(std::string_view repo) const {
  return all_repos() || std::binary_search(repos.begin(), repos.end(), repo);
}

std::optional<std::string> check_token_name(std::string_view name) {
  if (name.empty()) return "must not be empty";
  if (name.size() > kTokenNameBytesMax) {
    return "is " + std::to_string(name.size()) + " bytes long; at most " +
           std::to_string(kTokenNameBytesMax) + " are allowed";
  }
  const auto allowed = [](char c) { return c > ' ' && c <= '~' && c != ','; };
  if (!std::all_of(name.begin(), name.end(), allowed)) {
    return "must be of visible ASCII characters, without spaces and commas";
  }
  return std::nullopt;
}

Result<std::string> make_token_text() {
  std::array<std::uint8_t, kTokenRandomBytes> bytes;
  if (RAND_priv_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return Error{ErrorCode::kUnavailable,
                 "the system gives no random bytes; a token cannot be made without them"};
  }
  std::string text(kTokenHead);
  text += render::to_base64url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return text;
}

std::size_t find_digest(std::span<const Digest> digests, const Digest& wanted) {
  std::size_t found = 0;
  for (std::size_t i = 0; i < digests.size(); ++i) {
    const int differ = CRYPTO_memcmp(digests[i].data(), wanted.data(), wanted.size());
    const std::size_t mask = std::size_t{0} - static_cast<std::size_t>(differ == 0);
    found = (found & ~mask) | ((i + 1) & mask);
  }
  return found;
}

std::optional<Clash> find_clash(std::span<const Token> tokens) {
  std::map<std::string_view, std::size_t> names;
  std::map<Digest, std::size_t> digests;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const auto digest = digests.emplace(tokens[i].sha256, i);
    if (!digest.second) return Clash{digest.first->second, i, false};
    if (tokens[i].revoked) continue;
    const auto name = names.emplace(tokens[i].name, i);
    if (!name.second) return Clash{name.first->second, i, true};
  }
  return std::nullopt;
}

TokenSet::TokenSet(std::vector<Token> tokens) : tokens_(std::move(tokens)) {
  if (tokens_.size() > kTokensMax || find_clash(tokens_)) std::abort();
  digests_.reserve(tokens_.size());
  for (const Token& token : tokens_) digests_.push_back(token.sha256);
}

Found TokenSet::find(std::string_view presented, Millis now) const {
  const std::size_t place = find_digest(digests_, digest_of(presented));
  if (place == 0) return {};
  const Token& token = tokens_[place - 1];
  if (token.revoked) return {Match::kRevoked, &token};
  if (token.expired_at(now)) return {Match::kExpired, &token};
  return {Match::kGood, &token};
}

}  // namespace minuted::auth
