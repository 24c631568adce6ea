// What the contract's tests say to the daemon and expect back, as text, and a daemon to say it to.
// Time stands still for nobody here: tests either date their events or allow for the minute to
// turn.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "support/daemon.hpp"
#include "support/http_client.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {

inline constexpr std::string_view kDay = "2024-01-01";
inline constexpr std::string_view kTime = "2024-01-01T10:00:30Z";
inline constexpr std::int64_t kMinuteSeconds = 1'704'103'200;  // kTime's, as rows have it
inline constexpr std::string_view kDayQuery =
    "/stats/minute?startDate=2024-01-01&endDate=2024-01-01";

// Folds only when asked to, so that a test knows what is folded.
inline const std::vector<std::string> kNoFolds = {"--fold-interval", "0s"};

struct EventText {
  std::string_view repo = "r";
  std::string_view bucket = "b";
  std::string_view host = "h";
  std::string time{kTime};
  std::string_view more = R"("upl_bytes":7)";
};

inline std::string to_text(const EventText& event) {
  std::string text = R"({"repoId":")";
  text.append(event.repo).append(R"(","bucketId":")").append(event.bucket);
  text.append(R"(","host":")").append(event.host).append(R"(","timestamp":")").append(event.time);
  text.append("\"");
  if (!event.more.empty()) text.append(",").append(event.more);
  return text.append("}");
}

struct RowText {
  std::int64_t timestamp = kMinuteSeconds;
  std::string_view repo = "r";
  std::string_view bucket = "b";
  std::string_view host = "h";
  std::string_view sums = R"("upl_bytes":7,"dwl_bytes":0,"size_change":0,"latency_ms":0)";
  std::string_view bucket_name = "bucketId";
};

inline std::string to_text(const RowText& row) {
  std::string text = R"({"timestamp":)" + std::to_string(row.timestamp) + R"(,"repoId":")";
  text.append(row.repo).append(R"(",")").append(row.bucket_name).append(R"(":")");
  text.append(row.bucket).append(R"(",)").append(row.sums).append(R"(,"host":")");
  return text.append(row.host).append(R"("})");
}

// The whole answer of a read.
inline std::string rows_text(const std::vector<std::string>& rows) {
  std::string text = R"({"success":true,"data":[)";
  for (std::size_t i = 0; i < rows.size(); ++i) text += (i == 0 ? "" : ",") + rows[i];
  return text + "]}";
}
inline std::string rows_text(std::initializer_list<RowText> rows) {
  std::vector<std::string> texts;
  for (const RowText& row : rows) texts.push_back(to_text(row));
  return rows_text(texts);
}

inline std::string json_string(std::string_view plain) {
  std::string text = "\"";
  for (const char c : plain) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

// One of a receipt's errors.
inline std::string error_text(unsigned index, std::string_view field, std::string_view message) {
  return R"({"index":)" + std::to_string(index) + R"(,"field":)" + json_string(field) +
         R"(,"error":)" + json_string(message) + "}";
}

// The whole answer of a refusal.
inline std::string refusal_text(std::string_view code, std::string_view message) {
  return R"({"success":false,"message":)" + json_string(message) + R"(,"error_code":)" +
         json_string(code) + "}";
}

struct ReceiptText {
  unsigned accepted = 1;
  unsigned rejected = 0;
  bool duplicate = false;
  std::string errors = "";  // error_text(), with commas between
  unsigned duplicates = 0;
};

// The whole answer of a push.
inline std::string to_text(const ReceiptText& receipt) {
  std::string text = R"({"success":true,"accepted":)" + std::to_string(receipt.accepted);
  text += R"(,"rejected":)" + std::to_string(receipt.rejected);
  text += R"(,"duplicates":)" + std::to_string(receipt.duplicates) + R"(,"duplicate":)";
  text += receipt.duplicate ? "true" : "false";
  return text.append(R"(,"errors":[)").append(receipt.errors).append("]}");
}

// The pages of `query` one after another: their rows as in one answer.
inline std::string read_pages(HttpClient& client, const std::string& query, unsigned& pages) {
  std::string rows;
  std::string cursor;
  for (pages = 1;; ++pages) {
    const Answer answer = client.get(query + (cursor.empty() ? "" : "&cursor=" + cursor));
    EXPECT_EQ(answer.status, 200U) << answer.body;
    const std::size_t begin = answer.body.find('[') + 1;
    const std::size_t end = answer.body.rfind(']');
    if (answer.status != 200 || end == answer.body.npos || pages > 50) return rows;
    if (!rows.empty() && end != begin) rows += ",";
    rows += answer.body.substr(begin, end - begin);
    constexpr std::string_view kNext = R"("nextCursor":")";
    const std::size_t next = answer.body.find(kNext, end);
    if (next == answer.body.npos) return R"({"success":true,"data":[)" + rows + "]}";
    const std::size_t at = next + kNext.size();
    cursor = answer.body.substr(at, answer.body.find('"', at) - at);
  }
}

class ContractTest : public testing::Test {
 protected:
  explicit ContractTest(const std::vector<std::string>& flags = kNoFolds)
      : daemon_(directory_ / "store", flags), client_(daemon_.port()) {}

  void fold() { EXPECT_EQ(client_.post("/admin/fold", "").body, R"({"success":true})"); }

  // Bytes as they are, on a connection of their own, and what is answered first.
  Answer say(std::string_view bytes) {
    HttpClient client(daemon_.port());
    client.send(bytes);
    return client.read_answer();
  }

  void expect_refusal(const Answer& answer, unsigned status, std::string_view code,
                      std::string_view message) {
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.body, refusal_text(code, message));
    EXPECT_EQ(answer.header("content-type"), "application/json");
  }

  TempDir directory_;
  Daemon daemon_;
  HttpClient client_;
};

}  // namespace minuted::test
