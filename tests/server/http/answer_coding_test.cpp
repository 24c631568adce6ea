// Which coding an Accept-Encoding gets, and that compressed pieces are the plain ones, each readable when
// it comes.
#include "http/answer_coding.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/preference.hpp"
#include "support/random.hpp"
#include "support/unpack.hpp"

namespace minuted::http {
namespace {

std::string chosen(std::string_view accepted) {
  const auto coding = choose_coding(accepted);
  if (!coding) return "none";
  return *coding == Coding::kIdentity ? "identity" : std::string(to_string(*coding));
}

TEST(AnswerCodingTest, TheBestCodingDecides) {
  struct Case {
    std::string_view accepted;
    std::string_view chosen;
  };
  for (const Case& one : std::vector<Case>{
           {"", "identity"},
           {"gzip", "gzip"},
           {"x-gzip", "gzip"},
           {"GZIP", "gzip"},
           {"zstd", "zstd"},
           {"identity", "identity"},
           {"br", "identity"},
           {"gzip, deflate, br, zstd", "zstd"},
           {"gzip, deflate, br", "gzip"},
           {"zstd;q=0.5, gzip", "gzip"},
           {"zstd;q=0.5,gzip;q=0.500", "zstd"},
           {"gzip ; q=0.001", "gzip"},
           {"gzip;Q=0.5, identity", "identity"},
           {"gzip;q=0.5, identity;q=0.4", "gzip"},
           {"gzip;q=0", "identity"},
           {"gzip;q=0, zstd;q=0", "identity"},
           {"identity;q=0, gzip", "gzip"},
           {"identity;q=0, gzip;q=0.001", "gzip"},
           {"identity;q=0, br", "none"},
           {"identity;q=0", "none"},
           {"*;q=0", "none"},
           {"*;q=0, zstd", "zstd"},
           {"*;q=0, identity", "identity"},
           {"*", "gzip"},
           {"*;q=0.5", "gzip"},
           {"gzip;q=0.5, *", "identity"},
           {"gzip;q=0, *", "identity"},
           {"gzip;q=x", "identity"},
           {"gzip;level=1", "identity"},
           {"gzip;q=2, zstd", "zstd"},
           {",, gzip ,", "gzip"},
       }) {
    EXPECT_EQ(chosen(one.accepted), one.chosen) << one.accepted;
  }
}

TEST(PreferenceTest, WeightsAreThousandths) {
  struct Case {
    std::string_view text;
    std::optional<std::uint32_t> weight;
  };
  for (const Case& one : std::vector<Case>{{"1", 1000},       {"0", 0},         {"0.5", 500},
                                           {"0.123", 123},    {"0.1239", 123},  {"1.000", 1000},
                                           {".2", 200},       {"1.", 1000},     {"0.", 0},
                                           {"1.001", {}},     {"2", {}},        {"", {}},
                                           {".", {}},         {"-0.5", {}},     {"00.5", {}},
                                           {"0.5x", {}},      {"0,5", {}},      {"+1", {}}}) {
    EXPECT_EQ(parse_weight(one.text), one.weight) << one.text;
  }
}

// Pieces that were laid out before.
class Pieces final : public BodySource {
 public:
  explicit Pieces(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  Result<bool> fill(std::string& out) override {
    if (next_ == pieces_.size()) return Error{ErrorCode::kExpired, "too late"};
    out += pieces_[next_++];
    return next_ != pieces_.size();
  }

 private:
  const std::vector<std::string> pieces_;
  std::size_t next_ = 0;
};

TEST(AnswerCodingTest, WhatIsThereCanBeReadPieceByPiece) {
  test::Random random;
  for (const Coding coding : {Coding::kGzip, Coding::kZstd}) {
    for (int round = 0; round < 20; ++round) {
      std::vector<std::string> pieces;
      for (std::uint64_t i = 1 + random.below(6); i > 0; --i) {
        std::string piece;
        const std::size_t size = random.below(4) == 0 ? 0 : random.below(200'000);
        // What cannot be packed, and what can.
        const bool noise = random.chance(50);
        while (piece.size() < size) piece += static_cast<char>(noise ? random.below(256) : 'a');
        pieces.push_back(std::move(piece));
      }
      const auto source = compressed(std::make_unique<Pieces>(pieces), coding);
      std::string packed;
      std::string plain;
      for (std::size_t i = 0; i < pieces.size(); ++i) {
        plain += pieces[i];
        const std::size_t before = packed.size();
        const auto more = source->fill(packed);
        ASSERT_TRUE(more.ok());
        ASSERT_EQ(*more, i + 1 < pieces.size());
        // An empty piece is a chunk of none, which is the end of a chunked body.
        ASSERT_EQ(packed.size() == before, *more && pieces[i].empty());
        if (packed.empty()) continue;
        const test::Unpacked read = test::unpack(std::string(to_string(coding)), packed);
        ASSERT_TRUE(read.sound && read.plain == plain) << to_string(coding);
        ASSERT_EQ(read.ended, !*more);
      }
      std::string none;
      EXPECT_EQ(source->fill(none).error().code, ErrorCode::kExpired);
    }
  }
}

TEST(AnswerCodingTest, AnErrorOfTheSourceIsItsError) {
  for (const Coding coding : {Coding::kGzip, Coding::kZstd}) {
    const auto source = compressed(std::make_unique<Pieces>(std::vector<std::string>{}), coding);
    std::string out;
    const auto filled = source->fill(out);
    ASSERT_FALSE(filled.ok());
    EXPECT_EQ(filled.error().code, ErrorCode::kExpired);
    EXPECT_EQ(out, "");
  }
}

}  // namespace
}  // namespace minuted::http
