#include "minuted/result.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace minuted {
namespace {

// Promise: a code's name is for logs and alerts, so it never changes.
TEST(ResultTest, CodesHaveStableNames) {
  EXPECT_STREQ(to_string(ErrorCode::kInvalidArgument), "invalid_argument");
  EXPECT_STREQ(to_string(ErrorCode::kKeyReused), "key_reused");
  EXPECT_STREQ(to_string(ErrorCode::kTooManyNodes), "too_many_nodes");
  EXPECT_STREQ(to_string(ErrorCode::kTooManyGroups), "too_many_groups");
  EXPECT_STREQ(to_string(ErrorCode::kQueryTooLarge), "query_too_large");
  EXPECT_STREQ(to_string(ErrorCode::kOverloaded), "overloaded");
  EXPECT_STREQ(to_string(ErrorCode::kUnavailable), "unavailable");
  EXPECT_STREQ(to_string(ErrorCode::kExpired), "expired");
  EXPECT_STREQ(to_string(ErrorCode::kUnsupportedFormat), "unsupported_format");
  EXPECT_STREQ(to_string(ErrorCode::kLocked), "locked");
  EXPECT_STREQ(to_string(ErrorCode::kCorruption), "corruption");
  EXPECT_STREQ(to_string(ErrorCode::kIoError), "io_error");
}

// Promise: a result is a value or an error, never both; values may be movable only.
TEST(ResultTest, HoldsAValueOrAnError) {
  Result<std::unique_ptr<int>> value(std::make_unique<int>(7));
  ASSERT_TRUE(value.ok());
  EXPECT_TRUE(static_cast<bool>(value));
  EXPECT_EQ(**value, 7);
  const std::unique_ptr<int> taken = std::move(value).value();
  EXPECT_EQ(*taken, 7);

  const Result<std::string> error(Error{ErrorCode::kLocked, "the directory is in use"});
  EXPECT_FALSE(error.ok());
  EXPECT_EQ(error.error().code, ErrorCode::kLocked);
  EXPECT_EQ(error.error().message, "the directory is in use");

  EXPECT_TRUE(Result<void>().ok());
  const Result<void> failed(Error{ErrorCode::kIoError, "no space"});
  EXPECT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code, ErrorCode::kIoError);
}

// Promise: asking for what is not there is a bug of ours and stops the program.
TEST(ResultDeathTest, AskingForWhatIsNotThereAborts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const Result<int> error(Error{ErrorCode::kExpired, ""});
  EXPECT_DEATH((void)error.value(), "");
  const Result<int> value(1);
  EXPECT_DEATH((void)value.error(), "");
  EXPECT_DEATH((void)Result<void>().error(), "");
}

}  // namespace
}  // namespace minuted
