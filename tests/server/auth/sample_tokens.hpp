// Tokens for tests: the text presented, the token that stands for it, files that hold them.
#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/tokens.hpp"
#include "minuted/time.hpp"

namespace minuted::auth {

inline constexpr Millis kCreated{1'706'782'500'000};  // 2024-02-01T10:15:00Z
inline constexpr Millis kLater{kCreated.value + kMillisPerDay};

// What the holder of the token `name` sends.
inline std::string secret_of(std::string_view name) { return "mnt_" + std::string(name); }

inline Token make_token(std::string name, ScopeSet scopes = {Scope::kRead},
                        std::vector<std::string> repos = {}) {
  Token token;
  token.sha256 = digest_of(secret_of(name));
  token.name = std::move(name);
  token.scopes = scopes;
  token.repos = std::move(repos);
  token.created = kCreated;
  return token;
}

inline void PrintTo(const Token& token, std::ostream* out) {
  *out << "{" << token.name << " " << fingerprint(token.sha256) << " " << to_string(token.scopes);
  for (const std::string& repo : token.repos) *out << " " << repo;
  *out << " created " << token.created.value;
  if (token.expires) *out << " expires " << token.expires->value;
  if (token.revoked) *out << " revoked " << token.revoked->value;
  *out << "}";
}

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// In place: the same inode.
inline void write_file(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

}  // namespace minuted::auth
