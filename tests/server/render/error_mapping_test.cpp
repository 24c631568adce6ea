// Promise: a client that follows the statuses neither loses a batch nor resends one for ever: 4xx
// is said only when nothing was stored, every 503 says when to come back.
#include "render/error_mapping.hpp"

#include <gtest/gtest.h>

#include <array>
#include <ostream>
#include <set>

namespace minuted::render {

void PrintTo(const HttpError& error, std::ostream* out) {
  *out << error.status << ' ' << error.code;
  if (error.retry_after_seconds) *out << " after " << *error.retry_after_seconds;
}

namespace {

struct Mapping {
  ErrorCode code;
  HttpError http;
};

const std::array<Mapping, 17> kMappings{{
    {ErrorCode::kInvalidArgument, {400, "invalid_argument", std::nullopt}},
    {ErrorCode::kKeyReused, {422, "idempotency_key_reused", std::nullopt}},
    {ErrorCode::kTooManyNewSeries, {429, "too_many_new_series", 60}},
    {ErrorCode::kTooManyNodes, {429, "too_many_nodes", 60}},
    {ErrorCode::kTooManyGroups, {400, "too_many_groups", std::nullopt}},
    {ErrorCode::kClockNotBelieved, {503, "clock_not_believed", 5}},
    {ErrorCode::kQueryTooLarge, {400, "query_too_large", std::nullopt}},
    {ErrorCode::kDiskFull, {507, "disk_full", 60}},
    {ErrorCode::kOverloaded, {503, "overloaded", 1}},
    {ErrorCode::kUnavailable, {503, "unavailable", 5}},
    {ErrorCode::kExpired, {503, "snapshot_expired", 1}},
    {ErrorCode::kUnsupportedFormat, {500, "unsupported_format", std::nullopt}},
    {ErrorCode::kLocked, {503, "locked", 5}},
    {ErrorCode::kCorruption, {500, "corruption", std::nullopt}},
    {ErrorCode::kIoError, {503, "io_error", 5}},
    {ErrorCode::kEventRejected, {400, "invalid_event", std::nullopt}},
    {ErrorCode::kCommitsLost, {500, "commits_lost", std::nullopt}},
}};

// The names are frozen: clients compare them.
TEST(ErrorMappingTest, EveryCodeHasItsAnswer) {
  for (const Mapping& mapping : kMappings) EXPECT_EQ(http_error(mapping.code), mapping.http);
}

TEST(ErrorMappingTest, EveryCodeIsListedHereOnce) {
  for (std::size_t i = 0; i < kMappings.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(kMappings[i].code), i);
  }
  // The first number past them is no code.
  EXPECT_EQ(http_error(static_cast<ErrorCode>(kMappings.size())),
            (HttpError{500, "internal", std::nullopt}));
}

// The engine does not know what the daemon calls its options.
TEST(ErrorMappingTest, MessagesNameTheSettingThatDecided) {
  const auto message = [](ErrorCode code, DecidingOption option) {
    return message_of({code, "something is wrong", option});
  };
  EXPECT_EQ(message_of({ErrorCode::kIoError, "something is wrong"}), "something is wrong");
  EXPECT_EQ(message(ErrorCode::kKeyReused, DecidingOption::kNone),
            "something is wrong (the body or ?strict differs)");
  EXPECT_EQ(message(ErrorCode::kClockNotBelieved, DecidingOption::kAcceptClock),
            "something is wrong (--accept-clock accepts it as it is)");
  EXPECT_EQ(message(ErrorCode::kCommitsLost, DecidingOption::kAcceptLostCommits),
            "something is wrong (--accept-lost-commits opens the store without them)");
  EXPECT_EQ(message(ErrorCode::kTooManyGroups, DecidingOption::kGroupsMax),
            "something is wrong (the limit is the setting groups-max)");
  EXPECT_EQ(message(ErrorCode::kTooManyNodes, DecidingOption::kNodesMax),
            "something is wrong (the limit is the setting nodes-max)");
  EXPECT_EQ(message(ErrorCode::kOverloaded, DecidingOption::kQueryBytesMax),
            "something is wrong (the limit is the setting query-bytes-max)");
  EXPECT_EQ(message(ErrorCode::kInvalidArgument, DecidingOption::kRawRetention),
            "something is wrong; --retention raw=7d would keep them for seven days");
}

TEST(ErrorMappingTest, NamesAreDistinctAndSnakeCase) {
  std::set<std::string_view> names;
  for (const Mapping& mapping : kMappings) {
    EXPECT_TRUE(names.insert(mapping.http.code).second) << mapping.http.code;
    EXPECT_EQ(mapping.http.code.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"),
              std::string_view::npos);
  }
}

TEST(ErrorMappingTest, OnlyRefusalsThatStoredNothingAre4xx) {
  for (const Mapping& mapping : kMappings) {
    const bool refused = mapping.code == ErrorCode::kInvalidArgument ||
                         mapping.code == ErrorCode::kKeyReused ||
                         mapping.code == ErrorCode::kTooManyNewSeries ||
                         mapping.code == ErrorCode::kTooManyNodes ||
                         mapping.code == ErrorCode::kTooManyGroups ||
                         mapping.code == ErrorCode::kEventRejected ||
                         mapping.code == ErrorCode::kQueryTooLarge;
    EXPECT_EQ(http_error(mapping.code).status < 500, refused) << mapping.http.code;
  }
}

TEST(ErrorMappingTest, ExactlyWhatPassesSaysWhenToComeBack) {
  for (const Mapping& mapping : kMappings) {
    const HttpError http = http_error(mapping.code);
    const bool passes = http.status == 503 || http.status == 429 || http.status == 507;
    EXPECT_EQ(passes, http.retry_after_seconds.has_value()) << http.code;
  }
}

}  // namespace
}  // namespace minuted::render
