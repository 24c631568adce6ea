// `POST /events` as its clients see it: forms of a body, partial acceptance, strict batches,
// refusals, and that what was acknowledged is read.
#include "integration/conversation.hpp"

namespace minuted::test {
namespace {

class PushContractTest : public ContractTest {
 protected:
  Answer push_as(std::string_view content_type, std::string_view body) {
    return client_.post("/events", body, {{"Content-Type", std::string(content_type)}});
  }
  std::string day() { return client_.get(kDayQuery).body; }
};

TEST_F(PushContractTest, EveryFormOfABodyIsTaken) {
  const std::string one = to_text(EventText{});
  struct Form {
    std::string_view content_type;
    std::string body;
    unsigned accepted;
  };
  const std::vector<Form> forms = {
      {"application/json", one, 1},
      {"application/json", "[" + one + "," + one + "]", 2},
      {"application/json", "\n { \"events\" : [" + one + "] } \n", 1},
      {"application/json", "[]", 0},
      {"application/json", R"({"events":[]})", 0},
      {"Application/JSON; charset=UTF-8", one, 1},
      {"application/json;charset=\"utf-8\"", one, 1},
      {"application/x-ndjson", one, 1},
      {"application/x-ndjson", one + "\n" + one + "\n", 2},
      {"application/x-ndjson", "\r\n" + one + "\r\n\r\n  \n" + one + "\r\n" + one, 3},
      {"application/ndjson; charset=utf-8", one + "\n", 1},
  };
  unsigned total = 0;
  for (const Form& form : forms) {
    SCOPED_TRACE(std::string(form.content_type) + " " + form.body);
    const Answer answer = push_as(form.content_type, form.body);
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.body, to_text(ReceiptText{form.accepted}));
    total += form.accepted;
  }
  EXPECT_EQ(client_.post("/events", one).body, to_text(ReceiptText{1}));  // no type: JSON
  const std::string sums = "\"upl_bytes\":" + std::to_string(7 * (total + 1)) +
                           R"(,"dwl_bytes":0,"size_change":0,"latency_ms":0)";
  EXPECT_EQ(day(), rows_text({{.sums = sums}}));
}

TEST_F(PushContractTest, ChunkedBodiesAreTaken) {
  const std::string event = to_text(EventText{});
  std::string request =
      "POST /events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: Chunked\r\n\r\n";
  for (const char c : event) request.append("1;note=\"a b\"\r\n").append(1, c).append("\r\n");
  request += "000\r\nX-Trailer: 1\r\n\r\n";
  EXPECT_EQ(say(request).body, to_text(ReceiptText{1}));
  EXPECT_EQ(day(), rows_text({{}}));
}

// A poison event must not block a node's queue for ever.
TEST_F(PushContractTest, BadEventsDoNotStopTheGoodOnes) {
  const Answer answer = client_.push("[" + to_text(EventText{}) + R"(,17,{"repoId":"r"},)" +
                                     to_text(EventText{.more = R"("upl_bytes":-1)"}) + "," +
                                     to_text(EventText{.host = "i"}) + "]");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(
      answer.body,
      to_text(ReceiptText{
          2, 3, false,
          error_text(1, "", "element 1 is a number, 17; send an event object") + "," +
              error_text(2, "bucketId", "bucketId is missing; give a string of 1 to 255 bytes") +
              "," +
              error_text(3, "upl_bytes",
                         "upl_bytes -1 is below 0; give an integer from 0 to 9223372036854775807, or "
                         "a string of its digits without leading zeros")}));
  EXPECT_EQ(day(), rows_text({{}, {.host = "i"}}));
}

TEST_F(PushContractTest, ABadLineIsARejectedEvent) {
  const Answer answer =
      client_.push_ndjson(to_text(EventText{}) + "\n\n{\"repoId\":\n[]\n" + to_text(EventText{}));
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(
      answer.body,
      to_text(ReceiptText{
          2, 2, false,
          error_text(1, "",
                     "line 3 is not JSON: a value is expected, but the text ends, at byte 10 of "
                     "the line") +
              "," + error_text(2, "", "line 4 is an array, \"[]\"; send an event object")}));
}

TEST_F(PushContractTest, TwentyErrorsAreListedAndAllAreCounted) {
  std::string lines;
  for (int i = 0; i < 30; ++i) lines += "x\n";
  const std::string body = client_.push_ndjson(lines).body;
  EXPECT_NE(body.find("\"accepted\":0,\"rejected\":30,"), std::string::npos) << body;
  EXPECT_NE(body.find("\"index\":19,"), std::string::npos) << body;
  EXPECT_EQ(body.find("\"index\":20,"), std::string::npos) << body;
}

TEST_F(PushContractTest, StrictIsAllOrNothing) {
  const std::string half = "[" + to_text(EventText{}) + ",17]";
  for (const char* yes : {"1", "true"}) {
    const Answer answer = client_.post("/events?strict=" + std::string(yes), half);
    expect_refusal(answer, 400, "invalid_event",
                   "1 events of the strict batch are not accepted, and so none is; the first is "
                   "at index 1: element 1 is a number, 17; send an event object");
  }
  EXPECT_EQ(day(), rows_text({}));
  EXPECT_EQ(client_.post("/events?strict=true", "[" + to_text(EventText{}) + "]").body,
            to_text(ReceiptText{1}));
  for (const char* no : {"?strict=0", "?strict=false", "?strict=", "?other=1", "?"}) {
    EXPECT_EQ(client_.post("/events" + std::string(no), "[17]").status, 200U) << no;
  }
  EXPECT_EQ(day(), rows_text({{}}));
}

TEST_F(PushContractTest, BodiesThatAreNoneAreRefusedWhole) {
  const std::string shapes = R"(send an event object, an array of them, or {"events":[…]})";
  struct Case {
    std::string body;
    std::string_view code;
    std::string message;
  };
  const std::vector<Case> cases = {
      {"", "malformed_json", "the body is empty, up to its end at byte 0; " + shapes},
      {" \n ", "malformed_json", "the body is empty, up to its end at byte 3; " + shapes},
      {R"({"a":1}{"a":2})", "malformed_json",
       "the body is not one JSON document: nothing more is expected, but \"{\" follows, at byte 7 "
       "(line 1)"},
      {"[" + to_text(EventText{}) + ",\n{\"a\":1]", "malformed_json",
       "the body is not one JSON document: a comma or } is expected, not \"]\", at byte " +
           std::to_string(to_text(EventText{}).size() + 9) + " (line 2)"},
      {to_text(EventText{}) + "\n" + to_text(EventText{}) + "\n", "malformed_json",
       "the body is not one JSON document: nothing more is expected, but \"{\" follows, at byte " +
           std::to_string(to_text(EventText{}).size() + 1) +
           " (line 2); if it is one event a line, send Content-Type: application/x-ndjson"},
      {std::string("\x1F\x8B\x08\0\0", 5), "malformed_json",
       "the body begins as gzip does; send POST /events with Content-Encoding: gzip, or the body "
       "uncompressed"},
      {std::string("[\0{\0}\0]\0", 8), "malformed_json",
       "the body is in UTF-16; send it in UTF-8"},
      {"17", "wrong_shape", "the body is a number, 17; " + shapes},
      {R"("text")", "wrong_shape", "the body is a string, \"text\"; " + shapes},
      {"null", "wrong_shape", "the body is null; " + shapes},
      {R"({"events":{}})", "wrong_shape", "\"events\" is not an array; " + shapes},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.body);
    expect_refusal(client_.push(one.body), 400, one.code, one.message);
  }
  expect_refusal(
      client_.push_ndjson("\r\n\n"), 400, "malformed_json",
      "the body has no event in it, up to its end at byte 3; send one event object a line");
  EXPECT_EQ(day(), rows_text({}));
}

TEST_F(PushContractTest, AnEventWithAnUnknownFieldCalledEventsIsStored) {
  EXPECT_EQ(client_.push(to_text(EventText{.more = R"("upl_bytes":7,"events":[])"})).body, to_text(ReceiptText{1}));
  EXPECT_EQ(client_.push(R"({"events":[)" + to_text(EventText{}) + "," + to_text(EventText{}) + "]," +
                         to_text(EventText{}).substr(1))
                .body,
            to_text(ReceiptText{1}));
  EXPECT_EQ(day(), rows_text({{.sums = R"("upl_bytes":14,"dwl_bytes":0,"size_change":0,"latency_ms":0)"}}));
}

TEST_F(PushContractTest, AnEventThatNestsTooDeepIsRejectedAlone) {
  const std::string deep = R"("x":)" + std::string(40, '[') + std::string(40, ']');
  const Answer answer =
      client_.push("[" + to_text(EventText{}) + "," + to_text(EventText{.more = deep}) + "]");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_NE(answer.body.find("\"accepted\":1,\"rejected\":1,"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("more than the 16 deep that are accepted"), std::string::npos)
      << answer.body;
  EXPECT_EQ(day(), rows_text({{}}));
  EXPECT_NE(client_.get("/metrics").body.find("reason=\"too_deep\"} 1\n"), std::string::npos);
}

// What a file or a program on Windows begins with; the key knows the body with it.
TEST_F(PushContractTest, AByteOrderMarkIsSkipped) {
  const std::string marked = "\xEF\xBB\xBF" + to_text(EventText{});
  EXPECT_EQ(client_.push(marked).body, to_text(ReceiptText{1}));
  EXPECT_EQ(client_.push_ndjson(marked + "\r\n" + to_text(EventText{}) + "\r\n").body,
            to_text(ReceiptText{2}));
  EXPECT_EQ(client_.request("PUT", "/repos/r", "\xEF\xBB\xBF{\"workspace\":\"w\"}",
                            {{"Content-Type", "application/json"}})
                .status,
            200U);
  EXPECT_EQ(day(), rows_text({{.sums = R"("upl_bytes":21,"dwl_bytes":0,"size_change":0,"latency_ms":0)"}}));
}

// The forms of numbers and times that real clients send.
TEST_F(PushContractTest, NumbersInStringsAndFractionsOfSecondsAreTaken) {
  const auto event = [](const std::string& timestamp) {
    return R"({"repoId":"r","bucketId":"b","host":"h","upl_bytes":"7","dwl_bytes":"9007199254740993",)"
           R"("size_change":"-4","timestamp":)" +
           timestamp + "}\n";
  };
  EXPECT_EQ(client_.push_ndjson(event("1704103230.123") + event("\"1704103230.123\"") +
                                event("\"1704103230\"") + event("\"1704103230123\"") +
                                event("\"2024-01-01T10:00:30,123Z\""))
                .body,
            to_text(ReceiptText{5}));
  EXPECT_EQ(day(),
            rows_text({{.sums = R"("upl_bytes":35,"dwl_bytes":45035996273704965,"size_change":-20,)"
                                R"("latency_ms":0)"}}));
  EXPECT_EQ(client_.push_ndjson(event("\"2024-01-02T23:59:60Z\"")).body, to_text(ReceiptText{1}));
  EXPECT_EQ(client_.get("/stats/minute?startDate=2024-01-02&endDate=2024-01-02")
                .body.find(R"({"success":true,"data":[{"timestamp":1704239940,)"),
            0U);
}

TEST_F(PushContractTest, RequestsThatCannotBeTakenAreRefusedByName) {
  const std::string event = to_text(EventText{});
  for (const std::string type :
       {"text/plain", "application/json; charset=latin1", "json", "application/json; charset"}) {
    SCOPED_TRACE(type);
    expect_refusal(push_as(type, event), 415, "unsupported_media_type",
                   "Content-Type \"" + type +
                       "\" is not accepted; send application/json or application/x-ndjson, in "
                       "UTF-8");
  }
  expect_refusal(client_.push(event, {{"Content-Encoding", "br"}}), 415, "unsupported_encoding",
                 "Content-Encoding \"br\" is not accepted; send gzip, zstd, or the body as it is");
  EXPECT_EQ(client_.push(event, {{"Content-Encoding", "Identity"}}).status, 200U);

  expect_refusal(client_.post("/events?strict=maybe", event), 400, "invalid_parameter",
                 "strict \"maybe\" is neither yes nor no; give 1 or true to store all of the batch "
                 "or nothing, 0 or false to store its good events");
  expect_refusal(client_.post("/events?strict=1&strict=0", event), 400, "invalid_parameter",
                 "strict is given twice, as yes and as no (\"0\"); give one value");
  expect_refusal(say("POST /events HTTP/1.1\r\nHost: localhost\r\n\r\n"), 411, "length_required",
                 "a body is wanted; send it with Content-Length or chunked");
  EXPECT_EQ(day(), rows_text({{}}));  // of the identity encoding
}

TEST_F(PushContractTest, ACommaOrAControlCharacterInAnIdIsRejected) {
  const Answer answer = client_.push("[" + to_text(EventText{.repo = "a,b"}) + "," +
                                     to_text(EventText{.host = "\\u0007"}) + "]");
  EXPECT_EQ(answer.body,
            to_text(ReceiptText{
                0, 2, false,
                error_text(0, "repoId", "repoId \"a,b\" must not contain a comma") + "," +
                    error_text(1, "host", "host \"\\x07\" must not contain control characters")}));
}

TEST_F(PushContractTest, WhatWasAcknowledgedIsReadFoldedOrNot) {
  const std::string sums_before =
      R"("upl_bytes":7,"dwl_bytes":11,"size_change":-3,"latency_ms":1.5)";
  const std::string sums_after = R"("upl_bytes":14,"dwl_bytes":22,"size_change":-6,"latency_ms":2)";
  const std::string first = to_text(
      EventText{.more = R"("upl_bytes":7,"dwl_bytes":11,"size_change":-3,"latency_ms":1.5)"});
  const std::string second = to_text(
      EventText{.more = R"("upl_bytes":7,"dwl_bytes":11,"size_change":-3,"latency_ms":2.5)"});
  ASSERT_EQ(client_.push(first).status, 200U);
  EXPECT_EQ(day(), rows_text({{.sums = sums_before}})) << "unfolded";
  fold();
  EXPECT_EQ(day(), rows_text({{.sums = sums_before}})) << "folded";
  ASSERT_EQ(client_.push(second).status, 200U);
  EXPECT_EQ(day(), rows_text({{.sums = sums_after}})) << "half of it folded";
  fold();
  fold();
  EXPECT_EQ(day(), rows_text({{.sums = sums_after}})) << "all of it folded, twice";
}

TEST_F(PushContractTest, LateEventsLandInTheirMinute) {
  ASSERT_EQ(client_.push(to_text(EventText{})).status, 200U);
  fold();
  ASSERT_EQ(client_.push(to_text(EventText{.time = "2024-01-01T09:00:00Z"})).status, 200U);
  const std::string rows = rows_text({{.timestamp = kMinuteSeconds - 3600}, {}});
  EXPECT_EQ(day(), rows);
  fold();
  EXPECT_EQ(day(), rows);
}

TEST_F(PushContractTest, AnswersOfSumsBeyondSixtyFourBitsSaySo) {
  const std::string huge = to_text(EventText{.more = R"("upl_bytes":9223372036854775807)"});
  ASSERT_EQ(client_.push("[" + huge + "," + huge + "]").status, 200U);
  const std::string row =
      R"({"timestamp":1704103200,"repoId":"r","bucketId":"b","upl_bytes":9223372036854775807,)"
      R"("dwl_bytes":0,"size_change":0,"latency_ms":0,"host":"h","saturated":true})";
  EXPECT_EQ(day(), rows_text({row}));
}

}  // namespace
}  // namespace minuted::test
