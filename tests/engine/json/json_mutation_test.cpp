// Damaged bodies: what the decoder takes for JSON is what the strict oracle takes for JSON, to the
// byte, on every kernel of simdjson that this machine can run.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <string>
#include <vector>

#include "decoding.hpp"
#include "event_writer.hpp"
#include "strict_json.hpp"
#include "support/hex.hpp"

namespace minuted::json {
namespace {

// Runs `work` once with each kernel.
template <class Work>
void on_every_kernel(Work work) {
  const simdjson::implementation* const usual = simdjson::get_active_implementation();
  int kernels = 0;
  for (const simdjson::implementation* kernel : simdjson::get_available_implementations()) {
    if (!kernel->supported_by_runtime_system()) continue;
    SCOPED_TRACE(kernel->name());
    simdjson::get_active_implementation() = kernel;
    work();
    ++kernels;
  }
  simdjson::get_active_implementation() = usual;
  EXPECT_GE(kernels, 1);
}

std::string random_document(test::Random& random, bool line_ends) {
  EventWriter writer(random, random.chance(60) ? 0 : 30, line_ends);
  const test::Names names = random.names(1, 1, 2);
  std::vector<std::string> parts;
  const std::uint64_t count = random.below(4);
  for (std::uint64_t i = 0; i < count; ++i) {
    parts.push_back(random.chance(70) ? writer.event(random.event(names, kNow, 60'000))
                                      : writer.value(3));
  }
  switch (random.below(4)) {
    case 0:
      return R"({"events":[)" + writer.joined(parts) + "]}";
    case 1:
      return parts.empty() ? "{}" : parts[0];
    default:
      return "[" + writer.joined(parts) + "]";
  }
}

void mutate(test::Random& random, std::string& text) {
  static const std::string kBytes =
      "{}[]:,\"\"\\\\ \n\r\t0123.eE+-trufalsn\x01\x0C\x1A\x7F\x80\xC3\xFFu";
  const std::uint64_t edits = random.between(1, 3);
  for (std::uint64_t e = 0; e < edits && !text.empty(); ++e) {
    const auto at = static_cast<std::size_t>(random.below(text.size()));
    const auto other = static_cast<std::size_t>(random.below(text.size()));
    switch (random.below(7)) {
      case 0:
        text[at] = random.pick(kBytes);
        break;
      case 1:
        text[at] = static_cast<char>(random.bits());
        break;
      case 2:
        text.erase(at, random.between(1, 3));
        break;
      case 3:
        text.insert(at, 1, random.pick(kBytes));
        break;
      case 4:
        text[at] = static_cast<char>(text[at] ^ (1 << random.below(8)));
        break;
      case 5:
        text.insert(at, text.substr(other, random.between(1, 12)));
        break;
      default:
        text.resize(at);
    }
  }
}

void expect_same_verdict(EventDecoder& decoder, const std::string& body) {
  const Outcome outcome = decode(decoder, body, BodyForm::kJson);
  const bool well_formed = StrictJson::accepts_body(body);
  ASSERT_EQ(outcome.code != "malformed_json", well_formed) << body << "\n" << test::to_hex(body);
  ASSERT_EQ(outcome.message.find("cannot be read"), std::string::npos) << body;
}

TEST(JsonMutationTest, DocumentsAreJudgedAsTheOracleDoes) {
  on_every_kernel([] {
    test::Random random;
    EventDecoder decoder;
    int well_formed = 0;
    for (int round = 0; round < 5'000 && !testing::Test::HasFatalFailure(); ++round) {
      std::string body = random_document(random, true);
      expect_same_verdict(decoder, body);
      mutate(random, body);
      expect_same_verdict(decoder, body);
      if (StrictJson::accepts(body)) ++well_formed;
    }
    // Both verdicts occur often enough to mean something.
    EXPECT_GT(well_formed, 200);
    EXPECT_LT(well_formed, 4'800);
  });
}

// Promise: a line's verdict is its own, whatever stands above and below it.
TEST(JsonMutationTest, LinesAreJudgedAsTheOracleDoes) {
  on_every_kernel([] {
    test::Random random(1);
    EventDecoder decoder;
    for (int round = 0; round < 3'000 && !testing::Test::HasFatalFailure(); ++round) {
      std::string body;
      const std::uint64_t lines = random.between(1, 6);
      for (std::uint64_t i = 0; i < lines; ++i) body += random_document(random, false) + "\n";
      if (random.chance(70)) mutate(random, body);
      std::uint64_t bad = 0;
      std::uint64_t events = 0;
      for (std::size_t begin = 0; begin < body.size();) {
        const std::size_t end = std::min(body.find('\n', begin), body.size());
        const std::string line = body.substr(begin, end - begin);
        begin = end + 1;
        if (line.find_first_not_of(" \r\t") == line.npos) continue;
        ++events;
        if (!StrictJson::accepts(line)) ++bad;
      }
      const Outcome outcome = decode(decoder, body, BodyForm::kNdjson);
      ASSERT_EQ(outcome.accepted + outcome.rejected, events) << body;
      ASSERT_EQ(outcome.of(RejectReason::kNotJson), bad) << body;
    }
  });
}

// The string that is open at the line's end must not run on into the next line.
TEST(JsonMutationTest, ABackslashAtALinesEndHarmsNoOtherLine) {
  on_every_kernel([] {
    EventDecoder decoder;
    for (const char* end : {"\n", "\r\n"}) {
      const std::string broken = std::string(R"({"a":"b\)") + end;
      const Outcome outcome =
          decode(decoder, "{}" + std::string(end) + broken + "{}\n" + broken + "{\"x\":\"y\"}\n[]",
                 BodyForm::kNdjson);
      EXPECT_EQ(outcome.rejected, 6U);
      EXPECT_EQ(outcome.of(RejectReason::kNotJson), 2U);
    }
  });
}

TEST(JsonMutationTest, EveryTruncationAndEveryByteOfADocument) {
  const std::string body =
      R"({"a":-0.5e+1,"events":[{"repoId":"r\u0049","bucketId":"b","host":"h","timestamp":1.7e12,)"
      R"("op":"GET","status":200,"x":[true,{"n":null}]} , {"id":""}, false]})";
  on_every_kernel([&] {
    EventDecoder decoder;
    for (std::size_t n = 0; n <= body.size() && !testing::Test::HasFatalFailure(); ++n) {
      expect_same_verdict(decoder, body.substr(0, n));
      for (int byte = 0; byte < 256 && n < body.size(); ++byte) {
        std::string changed = body;
        changed[n] = static_cast<char>(byte);
        expect_same_verdict(decoder, changed);
      }
    }
  });
}

TEST(JsonMutationTest, ShortTextsOfTokens) {
  static const std::vector<std::string> kTokens{
      "{",  "}",          "[",          "]",    ":",    ",",        "\"a\"", "\"",   "\\",
      "1",  "-",          "0",          ".",    "e",    "true",     "null",  "fals", " ",
      "\n", "\"repoId\"", "\"events\"", "\x0C", "\x1A", "\xC3\xA9", "\""};
  on_every_kernel([] {
    test::Random random;
    EventDecoder decoder;
    for (int round = 0; round < 60'000 && !testing::Test::HasFatalFailure(); ++round) {
      std::string text;
      const std::uint64_t count = random.between(1, 9);
      for (std::uint64_t i = 0; i < count; ++i) text += random.pick(kTokens);
      expect_same_verdict(decoder, text);
    }
  });
}

TEST(JsonMutationTest, RandomBytes) {
  on_every_kernel([] {
    test::Random random;
    EventDecoder decoder;
    for (int round = 0; round < 20'000 && !testing::Test::HasFatalFailure(); ++round) {
      const std::string text = random.bytes(random.below(150));
      expect_same_verdict(decoder, text);
      decode(decoder, text, BodyForm::kNdjson);
    }
  });
}

}  // namespace
}  // namespace minuted::json
