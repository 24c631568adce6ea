#include "minuted/index_table.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "support/random.hpp"

namespace minuted {
namespace {

using Hash = std::function<std::uint64_t(const std::string&)>;

// A set of words kept through the table, as its users keep theirs.
class Words {
 public:
  explicit Words(Hash hash) : hash_(std::move(hash)) {}

  std::uint32_t find(const std::string& word) const {
    return table_.find(hash_(word), [&](std::uint32_t n) { return words_[n] == word; });
  }
  std::uint32_t add(const std::string& word) {
    const auto number = static_cast<std::uint32_t>(words_.size());
    words_.push_back(word);
    table_.insert(hash_(word), number);
    return number;
  }
  void clear() {
    words_.clear();
    table_.clear();
  }
  std::size_t memory_bytes() const { return table_.memory_bytes(); }

 private:
  Hash hash_;
  std::vector<std::string> words_;
  IndexTable table_;
};

// Adds and looks up random words, the half of them repeated, beside a map that is known to work.
void compare_with_map(Hash hash, int words) {
  Words subject(std::move(hash));
  test::Random random;
  for (int round = 0; round < 3; ++round) {
    std::unordered_map<std::string, std::uint32_t> model;
    for (int i = 0; i < words; ++i) {
      const std::string word = std::to_string(random.below(static_cast<std::uint64_t>(words)));
      const auto known = model.find(word);
      ASSERT_EQ(subject.find(word), known == model.end() ? IndexTable::kNone : known->second);
      if (known == model.end()) model.emplace(word, subject.add(word));
    }
    for (const auto& [word, number] : model) ASSERT_EQ(subject.find(word), number);
    ASSERT_EQ(subject.find("not a number"), IndexTable::kNone);
    subject.clear();
    for (const auto& [word, number] : model) ASSERT_EQ(subject.find(word), IndexTable::kNone);
  }
}

// Promise: it finds what a map finds, through every growth and after clear().
TEST(IndexTableTest, AgreesWithAMap) { compare_with_map(std::hash<std::string>{}, 20'000); }

// Promise: so it does when every hash is the same.
TEST(IndexTableTest, AgreesWhenAllHashesAreEqual) {
  compare_with_map([](const std::string&) { return 42U; }, 500);
  compare_with_map([](const std::string&) { return UINT64_MAX; }, 500);
}

// Promise: so it does when places collide and tags differ, or the other way round.
TEST(IndexTableTest, AgreesWhenHalfTheHashIsEqual) {
  const std::hash<std::string> good;
  compare_with_map([=](const std::string& w) { return good(w) << 32; }, 1000);
  compare_with_map([=](const std::string& w) { return good(w) & UINT32_MAX; }, 5000);
  compare_with_map([=](const std::string& w) { return good(w) % 7; }, 1000);
}

// Promise: probing goes round the end of the table.
TEST(IndexTableTest, ProbingWrapsAround) {
  Words words([](const std::string&) { return 63U; });
  for (std::uint32_t i = 0; i < 20; ++i) EXPECT_EQ(words.add(std::to_string(i)), i);
  for (std::uint32_t i = 0; i < 20; ++i) EXPECT_EQ(words.find(std::to_string(i)), i);
  EXPECT_EQ(words.find("20"), IndexTable::kNone);
}

// Promise: an empty table takes no memory and finds nothing; clear() keeps what it has.
TEST(IndexTableTest, MemoryIsKeptByClear) {
  Words words(std::hash<std::string>{});
  EXPECT_EQ(words.memory_bytes(), 0U);
  EXPECT_EQ(words.find("a"), IndexTable::kNone);
  words.clear();
  for (int i = 0; i < 1000; ++i) words.add(std::to_string(i));
  const std::size_t full = words.memory_bytes();
  EXPECT_GE(full, 1000 * sizeof(std::uint32_t));
  words.clear();
  EXPECT_EQ(words.memory_bytes(), full);
}

}  // namespace
}  // namespace minuted
