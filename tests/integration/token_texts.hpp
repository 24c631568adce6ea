// Tokens files as text, and what the holders of their tokens send.
#pragma once

#include <string>
#include <string_view>

#include "auth/tokens.hpp"
#include "support/http_client.hpp"

namespace minuted::test {

// What the holder of the token `name` sends.
inline std::string secret_of(std::string_view name) { return "mnt_secret-of-" + std::string(name); }

inline std::string token_text(std::string_view name, std::string_view scopes, std::string_view more = "") {
  std::string text = "[[token]]\nname = \"" + std::string(name) + "\"\nsha256 = \"";
  text += auth::to_hex(auth::digest_of(secret_of(name)));
  text.append("\"\nscopes = [").append(scopes).append("]\ncreated = 2024-02-01T10:15:00Z\n");
  return text.append(more).append("\n");
}

inline HeaderList bearer(std::string_view name) {
  return {{"Authorization", "Bearer " + secret_of(name)}};
}

}  // namespace minuted::test
