// The public corpus of what is JSON and what is not, through the socket: as whole bodies, and as
// lines between two good events, which no bad line may take with it. Which exceptions there are to
// "what may be either" is the decoder's own tests' business.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "integration/conversation.hpp"

namespace minuted::test {
namespace {

const std::string kFolder = MINUTED_SHARED_DATA "/json-test-suite/test_parsing";

class JsonSuiteTest : public ContractTest {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kFolder)) GTEST_SKIP() << "the suite is not here: " << kFolder;
    for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
      std::ifstream file(entry.path(), std::ios::binary);
      texts_[entry.path().filename()] = {std::istreambuf_iterator<char>(file), {}};
    }
    ASSERT_EQ(texts_.size(), 318U);
  }

  std::map<std::string, std::string> texts_;  // by name; the first letter is the verdict
};

bool says(const Answer& answer, std::string_view what) {
  return answer.body.find(what) != std::string::npos;
}

TEST_F(JsonSuiteTest, WholeBodies) {
  for (const auto& [name, text] : texts_) {
    const Answer answer = client_.push(text);
    const bool malformed = says(answer, R"("error_code":"malformed_json")");
    EXPECT_TRUE(answer.status == 200 || answer.status == 400) << name << " " << answer.body;
    if (name[0] == 'n') {
      EXPECT_TRUE(answer.status == 400 && malformed) << name << answer.body;
    }
    if (name[0] == 'y') {
      EXPECT_FALSE(malformed) << name << answer.body;
    }
    EXPECT_FALSE(says(answer, "\"accepted\":1")) << name << " holds no event";
  }
  EXPECT_EQ(client_.get("/readyz").status, 200U);
}

TEST_F(JsonSuiteTest, LinesBetweenGoodEvents) {
  const std::string good = to_text(EventText{});
  std::size_t pushed = 0;
  for (const auto& [name, text] : texts_) {
    const Answer answer = client_.push_ndjson(good + "\n" + text + "\n" + good);
    ASSERT_EQ(answer.status, 200U) << name << " " << answer.body;
    EXPECT_TRUE(says(answer, "\"accepted\":2,")) << name << " " << answer.body;
    pushed += 2;
    const bool one_line =
        text.find('\n') == text.npos && text.find_first_not_of(" \t\r") != text.npos;
    if (one_line) {
      EXPECT_TRUE(says(answer, "\"rejected\":1,")) << name << " " << answer.body;
      const bool malformed = says(answer, " is not JSON: ");
      if (name[0] == 'n') {
        EXPECT_TRUE(malformed) << name << " " << answer.body;
      }
      if (name[0] == 'y') {
        EXPECT_FALSE(malformed) << name << " " << answer.body;
      }
    }
  }
  const std::string sums = "\"upl_bytes\":" + std::to_string(7 * pushed) +
                           R"(,"dwl_bytes":0,"size_change":0,"latency_ms":0)";
  EXPECT_EQ(client_.get(kDayQuery).body, rows_text({{.sums = sums}}));
}

}  // namespace
}  // namespace minuted::test
