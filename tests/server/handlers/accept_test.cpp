// Which form an Accept gets (RFC 9110, section 12.5.1), as clients really send it.
#include "handlers/accept.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace minuted::http {
namespace {

constexpr std::array<std::string_view, 3> kOffered{"application/json", "application/x-ndjson",
                                                   "text/csv"};

std::string chosen(std::string_view accept) {
  const auto at = choose_media_type(accept, kOffered);
  return at ? std::string(kOffered[*at]) : "none";
}

TEST(AcceptTest, TheBestRangeDecides) {
  struct Case {
    std::string_view accept;
    std::string_view chosen;
  };
  for (const Case& one : std::vector<Case>{
           {"", "application/json"},
           {"application/json", "application/json"},
           {"text/csv", "text/csv"},
           {"Text/CSV", "text/csv"},
           {"text/csv;charset=utf-8;header=present", "text/csv"},
           {"application/x-ndjson", "application/x-ndjson"},
           {"*/*", "application/json"},
           {"application/*", "application/json"},
           {"text/*", "text/csv"},
           // By weight.
           {"application/json;q=0.5, text/csv", "text/csv"},
           {"application/json;q=0.5, text/csv;q=0.51", "text/csv"},
           {"application/json; q=0.501 , text/csv ;q=0.5", "application/json"},
           {"text/csv;q=0.001", "text/csv"},
           {"text/csv;q=1.000, */*;q=0.9", "text/csv"},
           {"*/*, application/json;q=0.1", "application/x-ndjson"},
           // The most precise range that names a type says its weight.
           {"text/csv;q=0.2, text/*", "text/csv"},
           {"*/*;q=0.5, text/csv;q=0.1, application/*;q=0.2", "application/json"},
           {"application/json;q=0, application/*", "application/x-ndjson"},
           {"*/*;q=0, text/csv", "text/csv"},
           // Of equal weights, what is named more precisely, then first.
           {"text/csv, */*", "text/csv"},
           {"*/*, text/csv", "text/csv"},
           {"text/csv, application/json", "text/csv"},
           {"application/json, text/csv", "application/json"},
           {"text/*, application/*", "text/csv"},
           // Clients: axios, Firefox, curl, Java.
           {"application/json, text/plain, */*", "application/json"},
           {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"},
           {"text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "application/json"},
           // What cannot be read is passed over; with nothing else, anything is taken.
           {"*; q=.2", "application/json"},
           {"garbage", "application/json"},
           {"text/csv;q=2", "application/json"},
           {"text/csv;q=x, application/x-ndjson", "application/x-ndjson"},
           {"text/csv;q=-0.1, application/x-ndjson;q=0.1", "application/x-ndjson"},
           {"text/csv;q=, application/x-ndjson", "application/x-ndjson"},
           {"text/csv;x=\"a,b\";q=0.2, application/json;q=0.1", "text/csv"},
           {" , ,text/csv, ", "text/csv"},
           // Nothing that is offered.
           {"image/png", "none"},
           {"text/html, image/*", "none"},
           {"*, image/png", "none"},
           {"*/*;q=0", "none"},
           {"application/json;q=0", "none"},
           {"application/json;q=0.000, text/html", "none"},
           {"app/*", "none"},
           {"application/jso*", "none"},
       }) {
    EXPECT_EQ(chosen(one.accept), one.chosen) << one.accept;
  }
}

}  // namespace
}  // namespace minuted::http
