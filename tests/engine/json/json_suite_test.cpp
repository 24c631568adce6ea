// The public JSON test suite: each of its texts as a whole body, as lines between two good events,
// and as the value of an unknown and of a known field.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "decoding.hpp"
#include "strict_json.hpp"
#include "suite_files.hpp"

namespace minuted::json {
namespace {

// The texts that a parser may take or leave, and that we take: numbers of any size, and escaped
// halves of surrogate pairs, both of which the grammar allows, and nesting of any depth. The other i_
// texts are not UTF-8 or begin with a byte order mark.
const std::set<std::string> kTaken{
    "i_number_double_huge_neg_exp.json",
    "i_number_huge_exp.json",
    "i_number_neg_int_huge_exp.json",
    "i_number_pos_double_huge_exp.json",
    "i_number_real_neg_overflow.json",
    "i_number_real_pos_overflow.json",
    "i_number_real_underflow.json",
    "i_number_too_big_neg_int.json",
    "i_number_too_big_pos_int.json",
    "i_number_very_big_negative_int.json",
    "i_object_key_lone_2nd_surrogate.json",
    "i_string_1st_surrogate_but_2nd_missing.json",
    "i_string_1st_valid_surrogate_2nd_invalid.json",
    "i_string_incomplete_surrogate_and_escape_valid.json",
    "i_string_incomplete_surrogate_pair.json",
    "i_string_incomplete_surrogates_escape_valid.json",
    "i_string_invalid_lonely_surrogate.json",
    "i_string_invalid_surrogate.json",
    "i_string_inverted_surrogates_U+1D11E.json",
    "i_string_lone_second_surrogate.json",
    "i_structure_500_nested_arrays.json",
};
// Taken as a whole body, and nowhere else.
const std::string kMarked = "i_structure_UTF-8_BOM_empty_object.json";

bool is_taken(const SuiteFile& file) {
  return file.name[0] == 'y' || (file.name[0] == 'i' && kTaken.contains(file.name));
}

class JsonSuiteTest : public testing::Test {
 protected:
  void SetUp() override {
    files_ = suite_files();
    if (files_.empty()) GTEST_SKIP() << "no " MINUTED_SHARED_DATA "/json-test-suite";
    ASSERT_GT(files_.size(), 300U);
  }
  std::vector<SuiteFile> files_;
};

TEST_F(JsonSuiteTest, AsWholeBodies) {
  for (const SuiteFile& file : files_) {
    const Outcome outcome = decode_json(file.text);
    EXPECT_EQ(outcome.code != "malformed_json", is_taken(file) || file.name == kMarked)
        << file.name << outcome.message;
    EXPECT_EQ(outcome.accepted, 0U) << file.name;
  }
}

// A text of several lines is several lines, each judged by itself. Of the texts with one line the
// verdict is the suite's; of the others the oracle's, line by line.
TEST_F(JsonSuiteTest, AsLinesBetweenGoodEvents) {
  int single = 0;
  for (const SuiteFile& file : files_) {
    const Outcome outcome =
        decode_ndjson(good_event(1) + "\n" + file.text + "\n" + good_event(2) + "\n");
    std::uint64_t lines = 0;
    std::uint64_t bad = 0;
    for (std::size_t begin = 0; begin < file.text.size();) {
      const std::size_t end = std::min(file.text.find('\n', begin), file.text.size());
      const std::string line = file.text.substr(begin, end - begin);
      begin = end + 1;
      if (line.find_first_not_of(" \r\t") == line.npos) continue;
      ++lines;
      if (!StrictJson::accepts(line)) ++bad;
    }
    EXPECT_EQ(numbers_of(outcome), (std::vector<std::uint64_t>{1, 2})) << file.name;
    EXPECT_EQ(outcome.rejected, lines) << file.name;
    EXPECT_EQ(outcome.of(RejectReason::kNotJson), bad) << file.name;
    if (lines == 1 && file.text.find('\n') == file.text.npos) {
      ++single;
      EXPECT_EQ(bad, is_taken(file) ? 0U : 1U) << file.name;
    }
  }
  EXPECT_GT(single, 280);
}

// No text of the suite that is refused becomes well-formed by what stands around it here: those
// that end in a comma meet a second one, or a brace.
TEST_F(JsonSuiteTest, AsTheValueOfAField) {
  for (const SuiteFile& file : files_) {
    for (const char* const key : {"x", "repoId", "timestamp", "latency_ms", "op"}) {
      for (const bool last : {false, true}) {
        const std::string member = std::string("\"") + key + "\":" + file.text;
        const std::string body =
            last ? "[{\"y\":[]," + member + "}]" : "[{" + member + ",\"y\":1}]";
        const bool taken = decode_json(body).code != "malformed_json";
        EXPECT_EQ(taken, StrictJson::accepts(body)) << file.name << " " << body;
        EXPECT_EQ(taken, is_taken(file)) << file.name << " " << body;
      }
    }
  }
}

}  // namespace
}  // namespace minuted::json
