// What an honest disk still holds when the power goes: of every file the bytes that were synced, of
// every directory the names that were synced, and of the rest as much as chance leaves. Told of
// each change by FaultyFileSystem; makes the directory that the next start would find.
//
// Strict on purpose: a name is durable only once its own directory was synced, whatever was done to
// the file, and bytes whose sync failed do not become durable by a later one.
// Safe from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "support/random.hpp"

namespace minuted::test {

// How the unsynced rest is lost.
enum class Loss {
  kAll,     // all of it
  kPrefix,  // of the name changes and of each file's writes a random prefix is kept
  kTorn,    // only of each file's last write: cut at a random byte, in logs sometimes zeros after
};
inline constexpr Loss kLosses[] = {Loss::kAll, Loss::kPrefix, Loss::kTorn};
const char* to_string(Loss loss);

class DiskModel {
 public:
  class Node;
  using NodePtr = std::shared_ptr<Node>;

  // Everything below `root` is durable now. Paths below are absolute, or as given to the daemon,
  // and begin with `root`; a change to what is not there is ignored.
  explicit DiskModel(const std::string& root);

  // The file of that name, made if there is none; `emptied` as O_TRUNC does it.
  NodePtr open(const std::string& path, bool emptied);
  void append(Node& file, std::string_view bytes);
  void write(Node& file, std::uint64_t offset, std::string_view bytes);
  void truncate(Node& file, std::uint64_t size);
  void sync(Node& file);
  // What is unsynced of the file may never reach the disk, though the cache shows it.
  void fail_sync(Node& file);

  void make_directory(const std::string& path);
  void remove(const std::string& path);
  void rename(const std::string& from, const std::string& to);
  void link(const std::string& from, const std::string& to);
  void sync_directory(const std::string& path);

  // Makes the directory `to` as the disk would be after `loss`; files the model was not told of
  // (`minuted.store`) are copied as they are.
  void write_survivors(const std::string& to, Loss loss, Random& random) const;

  // RocksDB's own log and lock file: made behind the file system's back, of no worth after a cut.
  static bool is_modelled(const std::string& path);

 private:
  // Names and what they then mean, null = nothing; take effect together.
  struct NameChange {
    std::string directory;
    std::vector<std::pair<std::string, NodePtr>> bindings;
  };
  using Names = std::map<std::string, NodePtr>;  // by path relative to the root

  std::string relative(const std::string& path) const;
  NodePtr find(const std::string& name) const;
  void change(NameChange change);
  static void apply(const NameChange& change, Names& names);

  const std::string root_;
  mutable std::mutex mutex_;  // guards everything below, and the nodes
  Names durable_;
  Names current_;
  std::vector<NameChange> unsynced_;  // durable_ + unsynced_ = current_
};

}  // namespace minuted::test
