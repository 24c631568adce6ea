#include "store/raw_tables.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "codec/bytes.hpp"
#include "store/key_codec.hpp"

namespace minuted {
namespace {

// Persisted.
constexpr const char* kNewestProperty = "minuted.newest_generation";

class NewestGeneration final : public rocksdb::TablePropertiesCollector {
 public:
  rocksdb::Status AddUserKey(const rocksdb::Slice& key, const rocksdb::Slice&, rocksdb::EntryType,
                             rocksdb::SequenceNumber, std::uint64_t) override {
    const std::string_view bytes(key.data(), key.size());
    // A key that is none of ours is reported by whoever reads it.
    newest_ = bytes.size() < kSequenceKeyBytes
                  ? UINT64_MAX
                  : std::max(newest_, read_sequence(bytes.substr(bytes.size() - kSequenceKeyBytes)));
    return rocksdb::Status::OK();
  }

  rocksdb::Status Finish(rocksdb::UserCollectedProperties* properties) override {
    std::string value;
    put_fixed64(value, newest_);
    properties->insert({kNewestProperty, value});
    return rocksdb::Status::OK();
  }

  rocksdb::UserCollectedProperties GetReadableProperties() const override {
    return {{kNewestProperty, std::to_string(newest_)}};
  }

  const char* Name() const override { return "minuted.generations.1"; }

 private:
  std::uint64_t newest_ = 0;
};

class NewestGenerationFactory final : public rocksdb::TablePropertiesCollectorFactory {
 public:
  rocksdb::TablePropertiesCollector* CreateTablePropertiesCollector(Context) override {
    return new NewestGeneration;  // RocksDB's from here on
  }
  const char* Name() const override { return "minuted.generations.1"; }
};

}  // namespace

std::shared_ptr<rocksdb::TablePropertiesCollectorFactory> raw_generations_noted() {
  return std::make_shared<NewestGenerationFactory>();
}

std::function<bool(const rocksdb::TableProperties&)> has_generations_from(
    std::uint64_t first_commit) {
  return [first_commit](const rocksdb::TableProperties& table) {
    const auto found = table.user_collected_properties.find(kNewestProperty);
    if (found == table.user_collected_properties.end()) return true;
    ByteReader in(found->second);
    const std::uint64_t newest = in.fixed64();
    return !in.ok() || newest >= first_commit;
  };
}

}  // namespace minuted
