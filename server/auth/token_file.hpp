// The tokens file on disk: read whole, replaced whole (a temporary file, synced and renamed), so
// that a reader sees the old one or the new one and a power cut leaves one of them. Whoever changes
// it holds a lock on `FILE.lock` beside it meanwhile, which stays behind, empty; readers need none.
// Any thread, any process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "auth/tokens.hpp"
#include "minuted/result.hpp"
#include "minuted/time.hpp"

namespace minuted::auth {

// What tells a file from the one that was there before, without reading it.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t bytes = 0;
  std::int64_t modified_ns = 0;  // since 1970, as are all times here
  std::int64_t changed_ns = 0;   // of the inode: moves with mode and owner too
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

// The stamp of what `path` leads to, nullopt if there is nothing. kIoError.
Result<std::optional<FileStamp>> stamp_of(const std::string& path);

struct TokenFile {
  std::vector<Token> tokens;          // free of clashes, at most kTokensMax
  Digest contents{};                  // of the file's bytes
  std::vector<std::string> warnings;  // one sentence each: what others may do to the file
};

// Reads `path`; nullopt if there is no such file. kInvalidArgument (malformed, too large, not a
// file), kUnsupportedFormat, kIoError.
Result<std::optional<TokenFile>> read_token_file(const std::string& path);

struct NewToken {
  std::string name;
  ScopeSet scopes;
  std::vector<std::string> repos;  // in any order; empty = all repos
  std::optional<Millis> expires;
};

struct CreatedToken {
  std::string text;  // the token itself: shown to its maker, kept nowhere
  Token token;
};

// Makes a token and adds it to the file, making that (mode 0600) if it is not there; one that is
// there keeps its mode and owner. On disk when it returns. A name is free again once its token is
// revoked: whoever replaces a leaked token wants the name, to which idempotency keys belong.
// kInvalidArgument (the name is taken, the file is malformed or full), kIoError, kUnavailable.
Result<CreatedToken> create_token(const std::string& path, const NewToken& request, Millis now);

// Marks the token of that name as revoked from `now` on, and returns it. Its entry stays as a
// record; who does not want it deletes it by hand. On disk when it returns. kInvalidArgument (no
// such token, or it is revoked already), kUnsupportedFormat, kIoError.
Result<Token> revoke_token(const std::string& path, const std::string& name, Millis now);

}  // namespace minuted::auth
