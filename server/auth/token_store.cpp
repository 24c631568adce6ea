#include "auth/token_store.hpp"

#include <algorithm>
#include <utility>

namespace minuted::auth {
namespace {

constexpr std::int64_t kNanosPerMilli = 1'000'000;

}  // namespace

bool is_settled(const std::optional<FileStamp>& stamp, Millis now) {
  if (!stamp) return true;
  const std::int64_t youngest = std::max(stamp->modified_ns, stamp->changed_ns) / kNanosPerMilli;
  return youngest + kSettleMs < now.value;
}

TokenStore::Look TokenStore::look() const {
  Look look;
  // The stamp first: if the file changes while it is read, the next look sees another stamp.
  const Millis now = clock_.now();
  auto stamp = read_stamp_(path_);
  if (!stamp) {
    look.error = stamp.error();
    return look;
  }
  look.stamp = *stamp;
  look.settled = is_settled(look.stamp, now);
  auto file = read_token_file(path_);
  if (!file) {
    look.error = file.error();
    // What the system refused now it may grant next time, the file being the same.
    if (look.error->code == ErrorCode::kIoError) look.settled = false;
  } else if (!*file) {
    look.error = Error{ErrorCode::kIoError, path_ + " does not exist"};
  } else {
    look.file = std::move(*file);
  }
  return look;
}

Result<std::unique_ptr<TokenStore>> TokenStore::open(std::string path, const Clock& clock,
                                                     StampReader read_stamp) {
  std::unique_ptr<TokenStore> store(new TokenStore(std::move(path), clock, read_stamp));
  Look look = store->look();
  const bool missing = look.error && !look.stamp && look.settled;
  if (look.error && !missing) return *look.error;
  store->stamp_ = look.stamp;
  store->settled_ = look.settled;
  store->error_ = look.error;
  if (missing) {
    store->first_warnings_.push_back(store->path_ +
                                     " does not exist: every request is refused until `minuted "
                                     "token create` has made it");
    return store;
  }
  store->first_warnings_ = look.file->warnings;
  if (look.file->tokens.empty()) {
    store->first_warnings_.push_back(store->path_ +
                                     " holds no tokens: every request is refused until `minuted "
                                     "token create` has made one");
  }
  store->put_in_force(std::move(*look.file));
  return store;
}

std::shared_ptr<const TokenSet> TokenStore::current() const {
  const std::lock_guard lock(current_mutex_);
  return current_;
}

void TokenStore::put_in_force(TokenFile file) {
  loaded_ = file.contents;
  auto next = std::make_shared<const TokenSet>(std::move(file.tokens));
  const std::lock_guard lock(current_mutex_);
  current_.swap(next);
}

ReloadOutcome TokenStore::reload() {
  const std::lock_guard lock(reloading_);
  return take(look(), /*asked_for=*/true);
}

ReloadOutcome TokenStore::reload_if_changed() {
  const std::lock_guard lock(reloading_);
  if (looks_same()) return {ReloadOutcome::Kind::kUnchanged, current()->tokens().size(), {}, {}};
  return take(look(), /*asked_for=*/false);
}

bool TokenStore::looks_same() const {
  if (!settled_) return false;
  const auto stamp = read_stamp_(path_);
  return stamp && *stamp == stamp_;
}

ReloadOutcome TokenStore::take(Look look, bool asked_for) {
  const std::optional<Error> before = std::exchange(error_, look.error);
  stamp_ = look.stamp;
  settled_ = look.settled;
  ReloadOutcome outcome;
  if (look.error) {
    const bool known = before && before->message == look.error->message;
    if (asked_for || !known) {
      outcome.kind = ReloadOutcome::Kind::kKeptOld;
      outcome.error = std::move(look.error);
      failed_reloads_.fetch_add(1);
    }
  } else if (asked_for || before || look.file->contents != loaded_) {
    outcome.kind = ReloadOutcome::Kind::kLoaded;
    outcome.warnings = look.file->warnings;
    put_in_force(std::move(*look.file));
    reloads_.fetch_add(1);
  }
  outcome.tokens = current()->tokens().size();
  return outcome;
}

}  // namespace minuted::auth
