// The tokens file as text: TOML, so that people can read and edit it. Reading it, and the two edits
// the program makes, which leave people's comments and order alone. Pure; any thread.
//
//   format = 1
//
//   [[token]]
//   name = "node-7"
//   sha256 = "64 hexadecimal digits"
//   scopes = ["ingest", "read"]
//   repos = ["backups"]                       # left out = all repos
//   expires = 2025-02-01T00:00:00.000Z        # left out = never
//   revoked = 2024-06-01T08:00:00.000Z        # left out = it is not
//   created = 2024-02-01T10:15:00.000Z
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "auth/tokens.hpp"
#include "minuted/result.hpp"
#include "minuted/time.hpp"

namespace minuted::auth {

// Never reused. A file of another format is refused.
inline constexpr std::int64_t kTokenFileFormat = 1;
inline constexpr std::size_t kTokenFileBytesMax = 8 << 20;

struct TokenDocument {
  bool has_format = false;                // else there is nothing but comments
  std::vector<Token> tokens;              // in the file's order, free of clashes
  std::vector<std::uint32_t> name_lines;  // the line, from 1, on which each token's name ends
};

// Reads a whole file; `path` is for messages, which begin `path:line: `. A text of comments and
// blanks is a document without tokens. Unknown keys are refused: a misspelt `expires` would be a
// token for ever. kInvalidArgument; kUnsupportedFormat.
Result<TokenDocument> read_token_text(std::string_view text, const std::string& path);

// `text`, of which `document` was read, and one more token at its end.
std::string with_token(std::string_view text, const TokenDocument& document, const Token& token);

// `text`, of which `document` was read, with its token number `index` (from 0) marked as revoked.
std::string with_revoked(std::string_view text, const TokenDocument& document, std::size_t index,
                         Millis when);

}  // namespace minuted::auth
