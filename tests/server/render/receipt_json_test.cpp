// Promise: a node learns of every batch what was stored, what was not and why, in one fixed shape.
#include "render/receipt_json.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

namespace minuted::render {
namespace {

std::string json(const Receipt& receipt) {
  std::string out;
  append_receipt_json(receipt, out);
  return out;
}

TEST(ReceiptJsonTest, AnEmptyReceiptHasEveryField) {
  EXPECT_EQ(json(Receipt{}),
            R"({"success":true,"accepted":0,"rejected":0,"duplicates":0,"duplicate":false,)"
            R"("errors":[]})");
}

TEST(ReceiptJsonTest, ErrorsStandInTheirOrder) {
  Receipt receipt;
  receipt.accepted = 997;
  receipt.rejected = 3;
  receipt.duplicates = 2;
  receipt.errors = {{0, "repoId", "must not be empty"},
                    {17, "", "is not an object"},
                    {UINT64_MAX, "op\"\n", "\"a\\x00b\" is not ü"}};
  EXPECT_EQ(json(receipt),
            R"({"success":true,"accepted":997,"rejected":3,"duplicates":2,"duplicate":false,)"
            R"("errors":[{"index":0,"field":"repoId","error":"must not be empty"},)"
            R"({"index":17,"field":"","error":"is not an object"},)"
            R"({"index":18446744073709551615,"field":"op\"\n","error":"\"a\\x00b\" is not ü"}]})");
}

TEST(ReceiptJsonTest, AReplayedReceiptSaysDuplicate) {
  Receipt receipt;
  receipt.accepted = UINT64_MAX;
  receipt.replayed = true;
  EXPECT_EQ(json(receipt),
            R"({"success":true,"accepted":18446744073709551615,"rejected":0,"duplicates":0,)"
            R"("duplicate":true,"errors":[]})");
}

TEST(ReceiptJsonTest, IsOneJsonDocument) {
  Receipt receipt;
  receipt.errors.assign(20, {1, "field\\", "\x01"});
  simdjson::dom::parser parser;
  simdjson::dom::array errors;
  ASSERT_EQ(parser.parse(json(receipt))["errors"].get(errors), simdjson::SUCCESS);
  EXPECT_EQ(errors.size(), 20U);
}

}  // namespace
}  // namespace minuted::render
