// Compressed bodies through the socket: they are the same events, a small one cannot stand for
// gigabytes, and a damaged one stores nothing.
#include "integration/conversation.hpp"
#include "load/compress.hpp"

namespace minuted::test {
namespace {

std::string gzip(std::string_view plain) {
  return *load::compress(load::BodyCoding::kGzip, plain);
}
std::string zstd(std::string_view plain) {
  return *load::compress(load::BodyCoding::kZstd, plain);
}

std::vector<std::string> with_small_bounds() {
  std::vector<std::string> flags = kNoFolds;
  flags.insert(flags.end(), {"--body-bytes-max", "1MiB", "--inflated-bytes-max", "2MiB"});
  return flags;
}

class CodingContractTest : public ContractTest {
 protected:
  CodingContractTest() : ContractTest(with_small_bounds()) {}

  Answer push_coded(std::string_view coding, const std::string& body, HeaderList headers = {}) {
    headers.emplace_back("Content-Encoding", std::string(coding));
    return client_.push_ndjson(body, headers);
  }
  std::string day() { return client_.get(kDayQuery).body; }
};

// About as large as it may be, and of numbers that do not repeat: no ratio to speak of.
std::string many_lines(std::size_t bytes) {
  std::string lines;
  for (unsigned n = 0; lines.size() < bytes; ++n) {
    const std::string more = "\"upl_bytes\":" + std::to_string(n * 2'654'435'761U);
    lines += to_text(EventText{.more = more}) + "\n";
  }
  return lines;
}

TEST_F(CodingContractTest, EveryCodingIsTheSameBody) {
  const std::string body = to_text(EventText{}) + "\n";
  for (const auto& [coding, packed] : std::vector<std::pair<std::string, std::string>>{
           {"gzip", gzip(body)}, {"GZIP", gzip(body)}, {"x-gzip", gzip(body)},
           {"zstd", zstd(body)}, {"identity", body}}) {
    SCOPED_TRACE(coding);
    EXPECT_EQ(push_coded(coding, packed).body, to_text(ReceiptText{1}));
  }
  EXPECT_EQ(day(),
            rows_text({{.sums = R"("upl_bytes":35,"dwl_bytes":0,"size_change":0,"latency_ms":0)"}}));
}

TEST_F(CodingContractTest, AKeyKnowsABodyWhateverItsCoding) {
  const std::string body = to_text(EventText{}) + "\n";
  const HeaderList key = {{"Idempotency-Key", "k"}};
  EXPECT_EQ(push_coded("gzip", gzip(body), key).body, to_text(ReceiptText{1}));
  EXPECT_EQ(push_coded("zstd", zstd(body), key).body, to_text(ReceiptText{1, 0, true}));
  EXPECT_EQ(client_.push_ndjson(body, key).body, to_text(ReceiptText{1, 0, true}));
  EXPECT_EQ(push_coded("gzip", gzip(body + "\n"), key).status, 422U);
  EXPECT_EQ(day(), rows_text({{}}));
}

TEST_F(CodingContractTest, TooMuchInsideIsRefusedBySizeAndByRatio) {
  const std::string large = many_lines(3 << 20);
  for (const auto& [coding, packed] : std::vector<std::pair<std::string, std::string>>{
           {"gzip", gzip(large)}, {"zstd", zstd(large)}}) {
    SCOPED_TRACE(coding);
    ASSERT_LT(packed.size(), 1U << 20) << "the plain bound would refuse it";
    const Answer answer = push_coded(coding, packed);
    EXPECT_EQ(answer.status, 413U);
    EXPECT_NE(answer.body.find("\"inflated_too_large\""), std::string::npos) << answer.body;
    EXPECT_NE(answer.body.find("2097152"), std::string::npos) << answer.body;
  }
  const std::string blank(3 << 19, ' ');  // more than a body may have as it is
  for (const auto& [coding, packed] : std::vector<std::pair<std::string, std::string>>{
           {"gzip", gzip(blank)}, {"zstd", zstd(blank)}}) {
    SCOPED_TRACE(coding);
    const Answer answer = push_coded(coding, packed);
    EXPECT_EQ(answer.status, 413U);
    EXPECT_NE(answer.body.find("\"inflate_ratio\""), std::string::npos) << answer.body;
  }
  const std::string metrics = client_.get("/metrics").body;
  for (const char* reason : {"inflated_too_large", "inflate_ratio"}) {
    const std::string line =
        "minuted_http_refusals_total{reason=\"" + std::string(reason) + "\"} 2\n";
    EXPECT_NE(metrics.find(line), std::string::npos) << metrics;
  }
}

// Promise: what is accepted as it is is accepted compressed, however well it compresses.
TEST_F(CodingContractTest, ARepetitiveBatchHasNoRatioUpToThePlainBound) {
  std::string lines;
  const std::string line = to_text(EventText{}) + "\n";
  std::uint64_t events = 0;
  for (; lines.size() + line.size() <= 1U << 20; ++events) lines += line;
  for (const auto& [coding, packed] : std::vector<std::pair<std::string, std::string>>{
           {"identity", lines}, {"gzip", gzip(lines)}, {"zstd", zstd(lines)}}) {
    SCOPED_TRACE(coding);
    if (coding != "identity") {
      EXPECT_GT(lines.size() / packed.size(), 100U);
    }
    EXPECT_EQ(push_coded(coding, packed).body, to_text(ReceiptText{static_cast<unsigned>(events)}));
  }
}

TEST_F(CodingContractTest, ADamagedBodyStoresNothing) {
  const std::string body = many_lines(20 << 10);
  for (const auto& [coding, packed] : std::vector<std::pair<std::string, std::string>>{
           {"gzip", gzip(body)}, {"zstd", zstd(body)}}) {
    SCOPED_TRACE(coding);
    for (const std::string& wrong :
         {packed.substr(0, packed.size() - 1), packed.substr(0, packed.size() / 2), packed.substr(1),
          packed + "x", body, std::string()}) {
      const Answer answer = push_coded(coding, wrong);
      EXPECT_EQ(answer.status, 400U) << answer.body;
      EXPECT_NE(answer.body.find("\"bad_encoding\""), std::string::npos) << answer.body;
    }
  }
  EXPECT_EQ(day(), rows_text(std::vector<std::string>{}));
}

}  // namespace
}  // namespace minuted::test
