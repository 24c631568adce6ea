// The `Date` of answers (RFC 9110, section 5.6.7).
#include <gtest/gtest.h>

#include "http/loop.hpp"

namespace minuted::http {
namespace {

TEST(HttpDateTest, IsWrittenAsTheStandardHasIt) {
  EXPECT_EQ(format_http_date(Millis{784'111'777'000}), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(format_http_date(Millis{0}), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(format_http_date(Millis{1'709'251'199'999}), "Thu, 29 Feb 2024 23:59:59 GMT");
  EXPECT_EQ(format_http_date(kMillisMax), "Fri, 31 Dec 9999 23:59:59 GMT");
}

TEST(HttpDateTest, NamesEveryDayAndMonth) {
  constexpr std::int64_t kJanuary2024 = 1'704'067'200'000;  // a Monday
  const char* const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  for (std::int64_t i = 0; i < 7; ++i) {
    EXPECT_EQ(format_http_date(Millis{kJanuary2024 + i * kMillisPerDay}).substr(0, 3), days[i]);
  }
  const char* const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  for (std::int64_t i = 0; i < 12; ++i) {
    // The 15th of each month, near enough.
    const Millis middle{kJanuary2024 + (14 + i * 61 / 2) * kMillisPerDay};
    EXPECT_EQ(format_http_date(middle).substr(8, 3), months[i]);
  }
}

}  // namespace
}  // namespace minuted::http
