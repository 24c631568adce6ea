// Merging what is kept of nodes never fails: what cannot be read is kept beside the rest, whatever the
// order, and no reader takes it for a value.
#include "store/signs_merge.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "nodes/signs.hpp"
#include "store/node_book.hpp"
#include "support/hex.hpp"

namespace minuted::test {
namespace {

std::string signs_of(std::string_view host, std::uint32_t minute) {
  DaySigns signs;
  signs.of(host).add(minute);
  std::string bytes;
  encode_value(signs, bytes);
  return bytes;
}

std::string merged(const std::vector<std::string>& operands) {
  const std::vector<std::string_view> views(operands.begin(), operands.end());
  return merge_day_signs(views);
}

TEST(SignsMergeTest, OperandsBecomeOneValue) {
  DaySigns expected;
  expected.of("h").add(1);
  expected.of("h").add(2);
  expected.of("i").add(3);
  DaySigns read;
  ASSERT_TRUE(merge_encoded(merged({signs_of("i", 3), signs_of("h", 2), signs_of("h", 1)}), read));
  EXPECT_EQ(read, expected);
}

TEST(SignsMergeTest, WhatCannotBeReadIsKeptWhateverTheOrder) {
  std::vector<std::string> operands = {signs_of("h", 1), "bad", signs_of("h", 2), "", "\x11"};
  std::sort(operands.begin(), operands.end());
  const std::string all = merged(operands);
  do {
    EXPECT_EQ(merged(operands), all);
    EXPECT_EQ(merged({merged({operands[0], operands[1]}),
                      merged({operands[2], operands[3], operands[4]})}),
              all);
  } while (std::next_permutation(operands.begin(), operands.end()));
  DaySigns read;
  EXPECT_FALSE(merge_encoded(all, read));
  EXPECT_NE(all.find("bad"), all.npos);
  EXPECT_NE(all.find(merged({signs_of("h", 1), signs_of("h", 2)})), all.npos);
}

TEST(NodeRecordTest, IsReadAsItWasWrittenAndNothingElseIs) {
  NodeRecord record;
  record.facts = {"e", "r", "", "p", "v"};
  for (const bool beats : {false, true}) {
    if (beats) {
      record.heartbeat = LastHeartbeat{
          Millis{1'700'000'000'000}, {0, "up", "10.0.0.1"}, Millis{1'690'000'000'000}};
    }
    const std::string bytes = encode_node(record);
    EXPECT_EQ(decode_node(bytes), record);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_EQ(decode_node(std::string_view(bytes).substr(0, size)), std::nullopt);
    }
    EXPECT_EQ(decode_node(bytes + '\0'), std::nullopt);
  }
}

// Frozen: format 7.
TEST(NodeRecordTest, GoldenBytes) {
  NodeRecord record;
  record.facts = {"e", "", "", "", "v"};
  EXPECT_EQ(to_hex(encode_node(record)), "0200" "0165" "000000" "0176");
  record.heartbeat = LastHeartbeat{Millis{300}, {std::nullopt, "up", "i"}};
  EXPECT_EQ(to_hex(encode_node(record)), "0201" "ac02" "027570" "0169" "00" "0165" "000000" "0176");
  record.heartbeat->said.latency_us = 12;
  record.heartbeat->latency_at = Millis{200};
  EXPECT_EQ(to_hex(encode_node(record)),
            "0201" "ac02" "027570" "0169" "0dc801" "0165" "000000" "0176");
}

}  // namespace
}  // namespace minuted::test
