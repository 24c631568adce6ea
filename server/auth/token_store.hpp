// The set of tokens in force, and how a changed file becomes the next one. Lives as long as the
// server; every request asks it once. Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "auth/token_file.hpp"
#include "auth/tokens.hpp"
#include "minuted/result.hpp"
#include "minuted/time.hpp"

namespace minuted::auth {

inline constexpr std::int64_t kSettleMs = 2000;

// Whether an equal stamp later on will mean that the file is the same: whether its times are more
// than kSettleMs old at `now`. A younger file may change once more within the same tick of the file
// system's clock, and is read again instead. No file is settled: one that appears cannot hide.
bool is_settled(const std::optional<FileStamp>& stamp, Millis now);

struct ReloadOutcome {
  enum class Kind : std::uint8_t {
    kUnchanged,  // nothing new to say or to do
    kLoaded,     // a new set is in force
    kKeptOld,    // the file is missing, unreadable or malformed: `error` says which
  };
  Kind kind = Kind::kUnchanged;
  std::size_t tokens = 0;             // in force now, revoked and expired ones included
  std::vector<std::string> warnings;  // about the file that was loaded
  std::optional<Error> error;
};

using StampReader = Result<std::optional<FileStamp>> (*)(const std::string& path);

class TokenStore {
 public:
  // Reads `path`. A file that is missing or without tokens is a set that refuses everyone; one that
  // is unreadable or malformed is an error, by read_token_file's codes. `clock` must outlive the
  // store. `read_stamp` is for tests, whom no file system gives two changes in one tick at will.
  static Result<std::unique_ptr<TokenStore>> open(std::string path, const Clock& clock,
                                                  StampReader read_stamp = stamp_of);

  // The set in force. Shared, because a request goes on with the set it began with while a reload
  // puts the next one in its place.
  std::shared_ptr<const TokenSet> current() const;

  // Reads the file again because somebody said so (SIGHUP): kLoaded or kKeptOld, never kUnchanged.
  ReloadOutcome reload();
  // The same if the file looks changed; to be called every few seconds. A failure is reported when
  // it is new, not again at every call while it lasts.
  ReloadOutcome reload_if_changed();

  // What open() has to say about the file.
  const std::vector<std::string>& first_warnings() const { return first_warnings_; }
  const std::string& path() const { return path_; }

  // Reloads that put a set in force, and those that kept the old one, since the start.
  std::uint64_t reloads() const { return reloads_.load(); }
  std::uint64_t failed_reloads() const { return failed_reloads_.load(); }

 private:
  // One look at the file.
  struct Look {
    std::optional<FileStamp> stamp;
    bool settled = false;
    std::optional<TokenFile> file;  // if it was read
    std::optional<Error> error;     // if not; of a missing file too
  };

  TokenStore(std::string path, const Clock& clock, StampReader read_stamp)
      : path_(std::move(path)), clock_(clock), read_stamp_(read_stamp) {}
  Look look() const;
  bool looks_same() const;
  ReloadOutcome take(Look look, bool asked_for);
  void put_in_force(TokenFile file);

  const std::string path_;
  const Clock& clock_;
  const StampReader read_stamp_;
  std::vector<std::string> first_warnings_;
  std::atomic<std::uint64_t> reloads_{0};
  std::atomic<std::uint64_t> failed_reloads_{0};

  std::mutex reloading_;            // guards what follows, and that one reload runs at a time
  std::optional<FileStamp> stamp_;  // at the last look
  bool settled_ = false;            // whether that stamp can be trusted
  std::optional<Error> error_;      // of the last look
  std::optional<Digest> loaded_;    // the bytes that are in force; absent = no file was there

  mutable std::mutex current_mutex_;  // guards current_; held for a pointer's copy only
  std::shared_ptr<const TokenSet> current_ = std::make_shared<const TokenSet>();
};

}  // namespace minuted::auth
