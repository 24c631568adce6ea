#include "crash/disk_model.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace minuted::test {
namespace fs = std::filesystem;

namespace {

struct Change {
  std::uint64_t offset;
  std::string bytes;
  bool truncates = false;  // to `offset`
  bool doomed = false;     // its sync failed

  std::uint64_t end() const { return truncates ? UINT64_MAX : offset + bytes.size(); }
};

void apply_change(const Change& change, std::string& content) {
  const auto offset = static_cast<std::size_t>(change.offset);
  if (change.truncates) {
    content.resize(offset);
    return;
  }
  if (content.size() < offset + change.bytes.size()) content.resize(offset + change.bytes.size());
  content.replace(offset, change.bytes.size(), change.bytes);
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_file(const fs::path& path, std::string_view content) {
  std::ofstream out(path, std::ios::binary);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  if (!out) throw std::runtime_error("cannot write " + path.string());
}

std::string parent_of(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  return slash == std::string::npos ? std::string() : name.substr(0, slash);
}

}  // namespace

class DiskModel::Node {
 public:
  bool is_directory = false;
  std::string durable;
  std::vector<Change> unsynced;
  std::uint64_t size = 0;  // as the cache shows it

  void add(Change change) {
    size = change.truncates ? change.offset : std::max(size, change.end());
    unsynced.push_back(std::move(change));
  }

  // A doomed change stays undone, and undecided, until a later one covers part of it.
  void sync() {
    std::vector<Change> left;
    for (Change& next : unsynced) {
      if (next.doomed) {
        left.push_back(std::move(next));
        continue;
      }
      apply_change(next, durable);
      std::erase_if(left, [&](const Change& doomed) {
        return doomed.offset < next.end() && next.offset < doomed.end();
      });
    }
    unsynced = std::move(left);
  }

  std::string survivors(Loss loss, bool may_end_in_zeros, Random& random) const {
    std::string content = durable;
    if (loss == Loss::kAll || unsynced.empty()) return content;
    std::size_t whole = unsynced.size() - 1;
    if (loss == Loss::kPrefix) whole = static_cast<std::size_t>(random.below(unsynced.size() + 1));
    for (std::size_t i = 0; i < whole; ++i) apply_change(unsynced[i], content);
    if (whole == unsynced.size() || unsynced[whole].truncates) return content;
    Change torn = unsynced[whole];
    const std::size_t kept = static_cast<std::size_t>(random.below(torn.bytes.size() + 1));
    const bool zeros = loss == Loss::kTorn && may_end_in_zeros && random.chance(50);
    torn.bytes.resize(kept);
    if (zeros) torn.bytes.resize(unsynced[whole].bytes.size());
    apply_change(torn, content);
    return content;
  }
};

const char* to_string(Loss loss) {
  switch (loss) {
    case Loss::kAll:
      return "all unsynced lost";
    case Loss::kPrefix:
      return "random prefixes kept";
    case Loss::kTorn:
      return "last writes torn";
  }
  return "?";
}

DiskModel::DiskModel(const std::string& root) : root_(fs::path(root).lexically_normal().string()) {
  if (!fs::exists(root_)) return;
  for (const auto& entry : fs::recursive_directory_iterator(root_)) {
    if (!is_modelled(entry.path().string())) continue;
    auto node = std::make_shared<Node>();
    node->is_directory = entry.is_directory();
    if (!node->is_directory) node->durable = read_file(entry.path());
    node->size = node->durable.size();
    durable_[relative(entry.path().string())] = std::move(node);
  }
  current_ = durable_;
}

bool DiskModel::is_modelled(const std::string& path) {
  const std::string name = fs::path(path).filename().string();
  return !name.starts_with("LOG") && name != "LOCK" && name != "minuted.store";
}

DiskModel::NodePtr DiskModel::open(const std::string& path, bool emptied) {
  const std::lock_guard lock(mutex_);
  const std::string name = relative(path);
  if (NodePtr node = find(name)) {
    if (emptied && node->size != 0) node->add({0, {}, true});
    return node;
  }
  auto node = std::make_shared<Node>();
  change({parent_of(name), {{name, node}}});
  return node;
}

void DiskModel::append(Node& file, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  file.add({file.size, std::string(bytes)});
}

void DiskModel::write(Node& file, std::uint64_t offset, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  file.add({offset, std::string(bytes)});
}

void DiskModel::truncate(Node& file, std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  file.add({size, {}, true});
}

void DiskModel::sync(Node& file) {
  const std::lock_guard lock(mutex_);
  file.sync();
}

void DiskModel::fail_sync(Node& file) {
  const std::lock_guard lock(mutex_);
  for (Change& change : file.unsynced) change.doomed = true;
}

void DiskModel::make_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const std::string name = relative(path);
  if (name.empty() || find(name)) return;
  auto node = std::make_shared<Node>();
  node->is_directory = true;
  change({parent_of(name), {{name, std::move(node)}}});
}

void DiskModel::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const std::string name = relative(path);
  if (find(name)) change({parent_of(name), {{name, nullptr}}});
}

void DiskModel::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  NodePtr node = find(relative(from));
  if (!node) return;
  const std::string name = relative(to);
  change({parent_of(name), {{relative(from), nullptr}, {name, std::move(node)}}});
}

void DiskModel::link(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  const std::string name = relative(to);
  if (NodePtr node = find(relative(from))) change({parent_of(name), {{name, std::move(node)}}});
}

void DiskModel::sync_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const std::string directory = relative(path);
  std::erase_if(unsynced_, [&](const NameChange& change) {
    if (change.directory != directory) return false;
    apply(change, durable_);
    return true;
  });
}

void DiskModel::write_survivors(const std::string& to, Loss loss, Random& random) const {
  const std::lock_guard lock(mutex_);
  Names names = durable_;
  std::size_t kept = 0;
  if (loss == Loss::kTorn) kept = unsynced_.size();
  if (loss == Loss::kPrefix) kept = static_cast<std::size_t>(random.below(unsynced_.size() + 1));
  for (std::size_t i = 0; i < kept; ++i) apply(unsynced_[i], names);

  fs::create_directories(to);
  for (const auto& entry : fs::directory_iterator(root_)) {
    if (entry.is_regular_file() && entry.path().filename() == "minuted.store") {
      fs::copy_file(entry.path(), fs::path(to) / entry.path().filename());
    }
  }
  // Parents sort before what is in them; what lost its parent is gone with it.
  for (const auto& [name, node] : names) {
    const fs::path path = fs::path(to) / name;
    if (!fs::exists(path.parent_path())) continue;
    if (node->is_directory) {
      fs::create_directory(path);
    } else {
      // The size of a file can reach the disk before its bytes do. Only logs are put to that test:
      // RocksDB 7.8 refuses to open with a MANIFEST that ends so, whatever we do.
      write_file(path, node->survivors(loss, path.extension() == ".log", random));
    }
  }
}

std::string DiskModel::relative(const std::string& path) const {
  std::string name = fs::path(path).lexically_normal().lexically_relative(root_).string();
  if (name == ".") name.clear();
  while (name.ends_with('/') || name.ends_with("/.")) name.pop_back();
  return name;
}

DiskModel::NodePtr DiskModel::find(const std::string& name) const {
  const auto at = current_.find(name);
  return at == current_.end() ? nullptr : at->second;
}

void DiskModel::change(NameChange change) {
  apply(change, current_);
  unsynced_.push_back(std::move(change));
}

void DiskModel::apply(const NameChange& change, Names& names) {
  for (const auto& [name, node] : change.bindings) {
    if (node) {
      names[name] = node;
    } else {
      names.erase(name);
    }
  }
}

}  // namespace minuted::test
