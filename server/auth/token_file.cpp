#include "auth/token_file.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "auth/token_text.hpp"
#include "minuted/event.hpp"

namespace minuted::auth {
namespace {

constexpr mode_t kNewFileMode = 0600;
constexpr mode_t kPermissions = 0777;

Error io_error(const std::string& what, const std::string& path, int error) {
  return {ErrorCode::kIoError, what + " " + path + ": " + std::strerror(error)};
}

// An open file or directory, closed with the object; the lock on it, if any, goes with it.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }

 private:
  int fd_;
};

std::int64_t nanoseconds(const timespec& t) {
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

// A file's bytes and what fstat said when they were read.
struct RawFile {
  std::string text;
  struct stat status;
};

Result<std::string> read_all(int fd, const std::string& path) {
  std::string text;
  char piece[16 << 10];
  // One byte past the bound tells a file that is too large from one that just fits.
  while (text.size() <= kTokenFileBytesMax) {
    const ssize_t bytes = ::read(fd, piece, sizeof piece);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return io_error("cannot read", path, errno);
    if (bytes == 0) break;
    text.append(piece, static_cast<std::size_t>(bytes));
  }
  return text;
}

Result<std::optional<RawFile>> read_raw(const std::string& path) {
  // Non-blocking, for a pipe by that name would keep us waiting; it is refused below.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.open() && errno == ENOENT) return std::optional<RawFile>();
  if (!file.open()) return io_error("cannot open", path, errno);
  RawFile raw;
  if (::fstat(file.get(), &raw.status) != 0) return io_error("cannot look at", path, errno);
  if (!S_ISREG(raw.status.st_mode)) {
    return Error{ErrorCode::kInvalidArgument,
                 path + " is not a file; give a tokens file as `minuted token create` makes it"};
  }
  auto text = read_all(file.get(), path);
  if (!text) return text.error();
  raw.text = std::move(*text);
  return std::optional<RawFile>(std::move(raw));
}

std::vector<std::string> warnings_of(const std::string& path, mode_t mode) {
  std::vector<std::string> warnings;
  if (mode & S_IROTH) {
    warnings.push_back(path +
                       " can be read by everybody on this machine; chmod o-r keeps the names "
                       "and scopes of its tokens to those they concern");
  }
  if (mode & S_IWOTH) {
    warnings.push_back(path +
                       " can be written by everybody on this machine, who can thus give "
                       "themselves a token; chmod o-w it");
  }
  return warnings;
}

// The file's place with links followed, so that the file is replaced and not a link to it.
std::string resolve(const std::string& path) {
  std::error_code error;
  const auto real = std::filesystem::weakly_canonical(path, error);
  return error ? path : real.string();
}

std::string directory_of(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

// The right to change `path`, for as long as the object lives. Waits for whoever has it:
// milliseconds.
Result<Descriptor> take_change_lock(const std::string& path) {
  const std::string name = path + ".lock";
  Descriptor lock(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kNewFileMode));
  if (!lock.open()) return io_error("cannot open", name, errno);
  while (::flock(lock.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return io_error("cannot lock", name, errno);
  }
  return lock;
}

Result<void> write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t bytes = ::write(fd, text.data(), text.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return io_error("cannot write", path, errno);
    text.remove_prefix(static_cast<std::size_t>(bytes));
  }
  return {};
}

// The daemon often runs as another user than whoever makes tokens; it must be able to read the
// new file if it could read the old one.
Result<void> take_over(int fd, const struct stat& old, const std::string& path) {
  struct stat now;
  if (::fstat(fd, &now) != 0) return io_error("cannot look at", path, errno);
  const bool same_owner = now.st_uid == old.st_uid && now.st_gid == old.st_gid;
  if (!same_owner && ::fchown(fd, old.st_uid, old.st_gid) != 0) {
    return io_error("cannot keep the owner (run this as the owner or as root) of", path, errno);
  }
  if (::fchmod(fd, old.st_mode & kPermissions) != 0) {
    return io_error("cannot keep the mode of", path, errno);
  }
  return {};
}

Result<void> fill(int fd, std::string_view text, const std::optional<RawFile>& old,
                  const std::string& path) {
  if (auto written = write_all(fd, text, path); !written) return written;
  if (old) {
    if (auto taken = take_over(fd, old->status, path); !taken) return taken;
  }
  if (::fsync(fd) != 0) return io_error("cannot sync", path, errno);
  return {};
}

Result<void> replace(const std::string& path, std::string_view text,
                     const std::optional<RawFile>& old) {
  std::string temporary = path + ".XXXXXX";
  const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));  // of mode 0600
  if (!file.open()) return io_error("cannot make a file beside", path, errno);
  Result<void> done = fill(file.get(), text, old, path);
  if (done && ::rename(temporary.c_str(), path.c_str()) != 0) {
    done = io_error("cannot replace", path, errno);
  }
  if (!done) {
    ::unlink(temporary.c_str());
    return done;
  }
  const std::string parent = directory_of(path);
  const Descriptor directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.open() || ::fsync(directory.get()) != 0) {
    return io_error("the change is made but may not survive a power cut: cannot sync", parent,
                    errno);
  }
  return {};
}

// A file that is about to be changed.
struct OpenDocument {
  std::optional<RawFile> raw;
  TokenDocument document;
  std::string_view text() const { return raw ? std::string_view(raw->text) : std::string_view(); }
};

Result<OpenDocument> open_document(const std::string& path) {
  auto raw = read_raw(path);
  if (!raw) return raw.error();
  OpenDocument open;
  open.raw = std::move(*raw);
  auto document = read_token_text(open.text(), path);
  if (!document) return document.error();
  open.document = std::move(*document);
  return open;
}

// Writes `text` if it reads as just `tokens`: an edit of what people wrote is checked before it
// counts.
Result<void> write_checked(const std::string& path, const std::string& text,
                           const std::vector<Token>& tokens, const OpenDocument& open) {
  const auto document = read_token_text(text, path);
  if (!document) {
    return Error{
        ErrorCode::kInvalidArgument,
        "the change cannot be made, the file would be refused: " + document.error().message};
  }
  if (document->tokens != tokens) {
    return Error{ErrorCode::kInvalidArgument,
                 path + " is laid out in a way that this program cannot edit; edit it by hand"};
  }
  return replace(path, text, open.raw);
}

// The token of that name that is not revoked, or the number of tokens.
std::size_t find_current(const std::vector<Token>& tokens, const std::string& name) {
  const auto at = std::find_if(tokens.begin(), tokens.end(),
                               [&](const Token& t) { return t.name == name && !t.revoked; });
  return static_cast<std::size_t>(at - tokens.begin());
}

}  // namespace

Result<std::optional<FileStamp>> stamp_of(const std::string& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return std::optional<FileStamp>();
    return io_error("cannot look at", path, errno);
  }
  return std::optional<FileStamp>({status.st_dev, status.st_ino, status.st_size,
                                   nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)});
}

Result<std::optional<TokenFile>> read_token_file(const std::string& path) {
  auto raw = read_raw(path);
  if (!raw) return raw.error();
  if (!*raw) return std::optional<TokenFile>();
  auto document = read_token_text((*raw)->text, path);
  if (!document) return document.error();
  return std::optional<TokenFile>({std::move(document->tokens), digest_of((*raw)->text),
                                   warnings_of(path, (*raw)->status.st_mode)});
}

Result<CreatedToken> create_token(const std::string& path, const NewToken& request, Millis now) {
  const std::string real = resolve(path);
  const auto lock = take_change_lock(real);
  if (!lock) return lock.error();
  auto open = open_document(real);
  if (!open) return open.error();
  std::vector<Token> tokens = open->document.tokens;
  if (tokens.size() >= kTokensMax) {
    return Error{ErrorCode::kInvalidArgument,
                 path + " holds " + std::to_string(tokens.size()) +
                     " tokens, as many as it may; delete revoked ones from it by hand"};
  }
  if (const std::size_t i = find_current(tokens, request.name); i < tokens.size()) {
    return Error{ErrorCode::kInvalidArgument,
                 path + " has a token named " + shorten(request.name) + " already" +
                     (tokens[i].expired_at(now) ? ", which has expired" : "") +
                     "; choose another name, or revoke that one first"};
  }
  auto text = make_token_text();
  if (!text) return text.error();
  Token token{request.name, digest_of(*text), request.scopes, request.repos,
              now,          request.expires,  std::nullopt};
  std::sort(token.repos.begin(), token.repos.end());
  token.repos.erase(std::unique(token.repos.begin(), token.repos.end()), token.repos.end());
  tokens.push_back(token);
  const std::string changed = with_token(open->text(), open->document, token);
  if (auto written = write_checked(real, changed, tokens, *open); !written) return written.error();
  return CreatedToken{std::move(*text), std::move(token)};
}

Result<Token> revoke_token(const std::string& path, const std::string& name, Millis now) {
  const std::string real = resolve(path);
  const auto lock = take_change_lock(real);
  if (!lock) return lock.error();
  auto open = open_document(real);
  if (!open) return open.error();
  std::vector<Token> tokens = open->document.tokens;
  const std::size_t i = find_current(tokens, name);
  if (i == tokens.size()) {
    const bool was = std::any_of(tokens.begin(), tokens.end(),
                                 [&](const Token& token) { return token.name == name; });
    return Error{ErrorCode::kInvalidArgument,
                 path + (was ? " has the token " + shorten(name) + " as revoked already"
                             : " has no token named " + shorten(name) +
                                   "; `minuted token list` tells the names")};
  }
  tokens[i].revoked = now;
  const std::string changed = with_revoked(open->text(), open->document, i, now);
  if (auto written = write_checked(real, changed, tokens, *open); !written) return written.error();
  return tokens[i];
}

}  // namespace minuted::auth
