// Every field of an event: what it takes, what it refuses and how the refusal reads. A case adds
// members behind those of a good event; of a duplicate key the last counts, so they replace its
// own.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "decoding.hpp"

namespace minuted::json {
namespace {

using namespace std::string_literals;

constexpr std::string_view kGood =
    R"({"repoId":"r","bucketId":"b","host":"h","timestamp":1700000000000)";

Outcome with(std::string_view members) {
  std::string body(kGood);
  if (!members.empty()) body += ',';
  body += members;
  return decode_json(body + '}');
}

// "field | reason | message", or "accepted".
std::string verdict(std::string_view members) {
  const Outcome outcome = with(members);
  EXPECT_EQ(outcome.code, "") << members;
  if (outcome.accepted == 1) return "accepted";
  EXPECT_EQ(outcome.errors.size(), 1U) << members;
  if (outcome.errors.size() != 1) return "nothing";
  std::string reason;
  for (std::size_t i = 0; i < kRejectReasons; ++i) {
    if (outcome.by_reason[i] != 0) reason += to_string(static_cast<RejectReason>(i));
  }
  return outcome.errors[0].field + " | " + reason + " | " + outcome.errors[0].message;
}

test::Event event(std::string_view members) {
  const Outcome outcome = with(members);
  EXPECT_EQ(outcome.accepted, 1U) << members << " " << verdict(members);
  return outcome.events.empty() ? test::Event() : outcome.events[0];
}

struct Case {
  std::string members;
  std::string verdict;
};

void expect_all(const std::vector<Case>& cases) {
  for (const Case& c : cases) EXPECT_EQ(verdict(c.members), c.verdict) << c.members;
}

TEST(EventFieldTest, DefaultsOfWhatIsAbsent) {
  test::Event expected;
  expected.repo = "r";
  expected.bucket = "b";
  expected.host = "h";
  expected.timestamp = kNow;
  EXPECT_EQ(event(""), expected);
  EXPECT_EQ(event(R"("op":null,"upl_bytes":null,"dwl_bytes":null,"size_change":null,)"
                  R"("latency_ms":null,"status":null,"id":null,"unitId":null,"x":null)"),
            expected);
}

TEST(EventFieldTest, AllFieldsTogether) {
  test::Event expected;
  expected.repo = "R1";
  expected.bucket = "B1";
  expected.host = "H1";
  expected.timestamp = Millis{1'700'000'000'123};
  expected.op = OpClass::kPut;
  expected.status = 503;
  expected.upl_bytes = 1;
  expected.dwl_bytes = 2;
  expected.size_change = -3;
  expected.latency_us = 4500;
  expected.id = "i";
  EXPECT_EQ(
      event(R"("repoId":"R1","bucketId":"B1","host":"H1","timestamp":1700000000123,"op":"put",)"
            R"("upl_bytes":1,"dwl_bytes":2,"size_change":-3,"latency_ms":4.5,"status":503,)"
            R"("id":"i")"),
      expected);
}

TEST(EventFieldTest, IdsOfRepoBucketAndHost) {
  for (const std::string name : {"repoId", "bucketId", "host"}) {
    const std::string key = "\"" + name + "\":";
    const std::string missing =
        name + " | missing | " + name + " is missing; give a string of 1 to 255 bytes";
    const std::string type = name + " | wrong_type | " + name + " ";
    const std::string text = name + " | bad_text | " + name + " ";
    const std::string want = "; give a string of 1 to 255 bytes";
    const std::string x255(255, 'x');
    expect_all({
        {key + "null", missing},
        {key + "5", type + "5 is a number" + want},
        {key + "true", type + "true is a boolean" + want},
        {key + "[\"a\"]", type + R"("[\"a\"]" is an array)" + want},
        {key + "{ }", type + R"("{ }" is an object)" + want},
        {key + "\"\"", text + R"("" must not be empty)"},
        {key + "\"x\"", "accepted"},
        {key + "\"" + x255 + "\"", "accepted"},
        {key + "\"" + x255 + "x\"",
         text + "\"" + std::string(40, 'x') + "…\" must be 1 to 255 bytes, not 256"},
        {key + "\"\\u00e9" + std::string(253, 'x') + "\"", "accepted"},
        {key + "\"\\u00e9" + std::string(254, 'x') + "\"",
         text + "\"é" + std::string(38, 'x') + "…\" must be 1 to 255 bytes, not 256"},
        {key + R"("a,b")", text + R"("a,b" must not contain a comma)"},
        {key + R"("a\u002cb")", text + R"("a,b" must not contain a comma)"},
        {key + R"("a\nb")", text + R"("a\x0ab" must not contain control characters)"},
        {key + R"("\u0000")", text + R"("\x00" must not contain control characters)"},
        {key + "\"\x7F\"", text + R"("\x7f" must not contain control characters)"},
        {key + R"("\u0085")", text + R"("\xc2\x85" must not contain control characters)"},
        {key + R"("\ud800")", text + R"("\xed\xa0\x80" must be valid UTF-8)"},
        {key + R"("a\udc00b")", text + R"("a\xed\xb0\x80b" must be valid UTF-8)"},
        {key + R"("\ud800\u0041")", text + R"("\xed\xa0\x80A" must be valid UTF-8)"},
        {key + R"("\ud83d\ude00")", "accepted"},
        {key + R"("a\"\\\/ \u00E9")", "accepted"},
    });
  }
}

TEST(EventFieldTest, EscapesWorkInValuesAndKeys) {
  const test::Event e =
      event(R"("repo\u0049d":"\u0041\t"," \"\\\/":1,"repoId":"a\"\\\/\u00e9\ud83d\uDE00",)"
            R"("\u0068\u006f\u0073\u0074":"node\u002d1","bucket\u0049\u0064":"\u0062")");
  EXPECT_EQ(e.repo, "a\"\\/\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_EQ(e.host, "node-1");
  EXPECT_EQ(e.bucket, "b");
  EXPECT_EQ(event(R"("\u0075\u0070\u006c\u005f\u0062\u0079\u0074\u0065\u0073":7)").upl_bytes, 7U);
  // Not quite the names.
  const test::Event other =
      event(R"("repoid":5,"RepoId":5,"repoId ":5,"repoId\u0000":5,"":5,"hosts":5,)"
            R"("hos\u0074s":5,"\ud800":5)");
  EXPECT_EQ(other.repo, "r");
}

TEST(EventFieldTest, UnitIdStandsForBucketId) {
  const auto decode_one = [](std::string_view members) {
    return decode_json(R"({"repoId":"r","host":"h",)" + std::string(members) + "}");
  };
  EXPECT_EQ(decode_one(R"("unitId":"u")").events.at(0).bucket, "u");
  EXPECT_EQ(decode_one(R"("unitId":"u","bucketId":"u")").events.at(0).bucket, "u");
  EXPECT_EQ(decode_one(R"("unitId":"\u0075","bucketId":"u")").events.at(0).bucket, "u");
  EXPECT_EQ(decode_one(R"("unitId":"u","bucketId":null)").events.at(0).bucket, "u");
  EXPECT_EQ(decode_one(R"("unitId":null,"bucketId":"b")").events.at(0).bucket, "b");
  EXPECT_EQ(decode_one(R"("unitId":null)").errors.at(0),
            (EventError{0, "bucketId", "bucketId is missing; give a string of 1 to 255 bytes"}));
  expect_all({
      {R"("unitId":"u")",
       R"(unitId | conflict | unitId "u" differs from bucketId "b"; give one of them)"},
      {R"("unitId":7)",
       "unitId | wrong_type | unitId 7 is a number; give a string of 1 to 255 bytes"},
      {R"("unitId":"b,")", R"(unitId | bad_text | unitId "b," must not contain a comma)"},
      {R"("unitId":"","bucketId":null)", R"(unitId | bad_text | unitId "" must not be empty)"},
  });
}

TEST(EventFieldTest, Timestamps) {
  const auto ms = [](std::string_view value) {
    return event(R"("timestamp":)" + std::string(value)).timestamp.value;
  };
  EXPECT_EQ(ms("1699999999999"), 1'699'999'999'999);
  EXPECT_EQ(ms("1699999999"), 1'699'999'999'000);
  EXPECT_EQ(ms("1.7e12"), 1'700'000'000'000);
  EXPECT_EQ(ms("1.7e9"), 1'700'000'000'000);
  EXPECT_EQ(ms("1700000000123.0"), 1'700'000'000'123);
  EXPECT_EQ(ms("1700000000.00"), 1'700'000'000'000);
  EXPECT_EQ(ms("null"), kNow.value);
  EXPECT_EQ(ms(R"("2023-11-14T22:13:20Z")"), 1'700'000'000'000);
  EXPECT_EQ(ms(R"("2023-11-14T22:13:20.1239Z")"), 1'700'000'000'123);
  EXPECT_EQ(ms(R"("2023-11-14T23:13+01:00")"), 1'699'999'980'000);
  EXPECT_EQ(ms(R"("2023\u002d11-14 22:13")"), 1'699'999'980'000);
  EXPECT_EQ(ms(R"("2023-11-14T22:13:20,1239Z")"), 1'700'000'000'123);
  EXPECT_EQ(ms(R"("2023-11-13T23:59:60Z")"), 1'699'919'999'999);
  // Seconds with a fraction, as nginx's $msec and Fluent Bit write them.
  EXPECT_EQ(ms("1699999999.648"), 1'699'999'999'648);
  EXPECT_EQ(ms("1699999999.6"), 1'699'999'999'600);
  EXPECT_EQ(ms("1699999999.6489999"), 1'699'999'999'648);
  EXPECT_EQ(ms("1699999999.000000001"), 1'699'999'999'000);
  EXPECT_EQ(ms("1699999999.999999999999999999999"), 1'699'999'999'999);
  EXPECT_EQ(ms("1.699999999648e9"), 1'699'999'999'648);
  EXPECT_EQ(ms("16999999996485e-4"), 1'699'999'999'648);

  const std::string want =
      "; give 13 digits of Unix milliseconds, 10 of seconds, with or without a fraction, or an ISO "
      "8601 date-time";
  const auto bad = [&](const std::string& value, const std::string& shown, const std::string& why,
                       const std::string& reason) {
    return Case{"\"timestamp\":" + value, "timestamp | " + reason + " | timestamp " + shown + why};
  };
  const std::string digits = " has neither 13 nor 10 digits" + want;
  std::vector<Case> cases;
  for (const std::string number :
       {"0", "-0", "17", "999999999", "10000000000", "170000000000", "17000000000000",
        "18446744073709551616", "1e400", "17e8000000000000000000000", "1e-1", "999999999.999",
        "0.1700000000", "10000000000.5", "170000000000.5"}) {
    cases.push_back(bad(number, number, digits, "bad_time"));
    // A string of the number is the number.
    cases.push_back(bad("\"" + number + "\"", "\"" + number + "\"", digits, "bad_time"));
  }
  const std::string older = " is older than 2020-09-13T12:26:40.000Z, the oldest time that is kept";
  const std::string ahead =
      " is more than 10 minutes ahead of the time here, 2023-11-14T22:13:20.000Z";
  const std::vector<Case> more{
      bad("-1700000000000", "-1700000000000", " is negative" + want, "bad_time"),
      bad("1700000000000.5", "1700000000000.5", " has a fraction of a millisecond" + want,
          "wrong_type"),
      bad("-1700000000.5", "-1700000000.5", " is negative" + want, "bad_time"),
      bad("\"-1700000000\"", "\"-1700000000\"", " is negative" + want, "bad_time"),
      bad("true", "true", " is a boolean" + want, "wrong_type"),
      bad("{}", "\"{}\"", " is an object" + want, "wrong_type"),
      bad("\"\"", "\"\"", " is no ISO 8601 date-time" + want, "bad_time"),
      bad("\"01700000000\"", "\"01700000000\"", " is no ISO 8601 date-time" + want, "bad_time"),
      bad("\"+1700000000\"", "\"+1700000000\"", " is no ISO 8601 date-time" + want, "bad_time"),
      bad("\"1700000000 \"", "\"1700000000 \"", " is no ISO 8601 date-time" + want, "bad_time"),
      bad("\"1700000000,5\"", "\"1700000000,5\"", " is no ISO 8601 date-time" + want, "bad_time"),
      bad("\"1700000000.\"", "\"1700000000.\"", " is no ISO 8601 date-time" + want, "bad_time"),
      bad("\"0x6553f100\"", "\"0x6553f100\"", " is no ISO 8601 date-time" + want, "bad_time"),
      bad("\"2023-11-14T22:12:60Z\"", "\"2023-11-14T22:12:60Z\"", " is no ISO 8601 date-time" + want,
          "bad_time"),
      bad("\"1599999999.999\"", "\"1599999999.999\"",
          " is older than 2020-09-13T12:26:40.000Z, the oldest time that is kept", "too_old"),
      bad("\"2023-11-14T25:00\"", "\"2023-11-14T25:00\"", " is no ISO 8601 date-time" + want,
          "bad_time"),
      bad("\"2023-11-14\"", "\"2023-11-14\"", " names a day without the time" + want, "bad_time"),
      bad("1599999999999", "1599999999999", older, "too_old"),
      bad("1599999999", "1599999999", older, "too_old"),
      bad("\"0000-01-01T00:00+23:59\"", "\"0000-01-01T00:00+23:59\"", older, "too_old"),
      bad("1700000600001", "1700000600001", ahead, "too_far_ahead"),
      bad("9999999999999", "9999999999999", ahead, "too_far_ahead"),
      bad("\"9999-12-31T23:59:59-23:59\"", "\"9999-12-31T23:59:59-23:59\"", ahead, "too_far_ahead"),
  };
  cases.insert(cases.end(), more.begin(), more.end());
  expect_all(cases);
  EXPECT_EQ(ms("1600000000000"), 1'600'000'000'000);
  EXPECT_EQ(ms("1600000000"), 1'600'000'000'000);
  EXPECT_EQ(ms("1700000600000"), 1'700'000'600'000);
}

// Promise: a string of a number is that number.
TEST(EventFieldTest, TimestampsAsStringsOfNumbers) {
  for (const std::string number :
       {"1699999999999", "1699999999", "1.7e12", "1.7e9", "1700000000123.0", "1700000000.00",
        "1699999999.648", "1699999999.6489999", "16999999996485e-4"}) {
    const Outcome as_number = with("\"timestamp\":" + number);
    EXPECT_EQ(as_number.accepted, 1U) << number;
    EXPECT_EQ(with("\"timestamp\":\"" + number + "\""), as_number) << number;
  }
  EXPECT_EQ(event(R"("timestamp":"\u0031699999999\u002e648")").timestamp.value, 1'699'999'999'648);
}

// Promise: the bounds hold at the ends of time too: no minute is made that cannot be stored.
TEST(EventFieldTest, TimestampsAtTheEndsOfTime) {
  const auto at = [](std::string_view timestamp, Millis now) {
    DecodeContext context;
    context.now = now;
    return decode_json(
        R"({"repoId":"r","bucketId":"b","host":"h","timestamp":")" + std::string(timestamp) + "\"}",
        context);
  };
  EXPECT_EQ(at("1970-01-01T00:00Z", kNow).events.at(0).timestamp, Millis{0});
  EXPECT_EQ(at("1969-12-31T23:59:59.999Z", kNow).of(RejectReason::kTooOld), 1U);
  EXPECT_EQ(at("9999-12-31T23:59:59.999Z", kMillisMax).events.at(0).timestamp, kMillisMax);
  EXPECT_EQ(at("9999-12-31T23:59:59.999-00:01", kMillisMax).of(RejectReason::kTooFarAhead), 1U);
}

// Promise: whoever judges the clock later knows which events got their time from it, and decides from when
// on an event is too far ahead.
TEST(EventFieldTest, EventsWithoutATimestampAreMarked) {
  const std::string event = R"({"repoId":"r","bucketId":"b","host":"h")";
  DecodeContext context = context_at();
  context.newest = Millis{kNow.value + 2 * kFutureMillisMax};
  EventDecoder decoder;
  const auto receipt_time = [&](const std::string& body) {
    EventBatch batch;
    const std::string padded = body + std::string(kBodyPadding, ' ');
    const auto decoded = decoder.decode(std::string_view(padded).substr(0, body.size()),
                                        BodyForm::kJson, context, batch);
    EXPECT_TRUE(std::holds_alternative<Decoded>(decoded));
    if (const auto* d = std::get_if<Decoded>(&decoded)) {
      EXPECT_EQ(d->rejected, 0U);
    }
    return batch.receipt_time();
  };
  EXPECT_EQ(receipt_time("[" + event + "}," + event + R"(,"timestamp":null}])"), kNow);
  const std::string latest = std::to_string(context.newest->value);
  EXPECT_EQ(receipt_time(event + R"(,"timestamp":)" + latest + "}"), std::nullopt);
  EXPECT_EQ(receipt_time("[" + event + R"(,"timestamp":1700000000000},)" + event + "}]"), kNow);
}

TEST(EventFieldTest, Ops) {
  EXPECT_EQ(event(R"("op":"get")").op, OpClass::kGet);
  EXPECT_EQ(event(R"("op":"REST.PUT.OBJECT")").op, OpClass::kPut);
  EXPECT_EQ(event(R"("op":"ListObjectsV2")").op, OpClass::kList);
  EXPECT_EQ(event(R"("op":"\u0047et")").op, OpClass::kGet);
  EXPECT_EQ(event(R"("op":"head")").op, OpClass::kHead);
  EXPECT_EQ(event(R"("op":"DELETE")").op, OpClass::kDelete);
  for (const char* other : {"\"\"", "\"frob\"", "\"a,b\"", "\"\\ud800\"", "\"\\u0000\"", "null", "5",
                            "-1.5e3", "true", "false", "[\"GET\"]", "{\"op\":\"GET\"}"}) {
    EXPECT_EQ(event(R"("op":)"s + other).op, OpClass::kOther) << other;
  }
  EXPECT_EQ(event("\"op\":\"" + std::string(100'000, 'x') + "\"").op, OpClass::kOther);
}

TEST(EventFieldTest, Integers) {
  struct Field {
    std::string name;
    std::string min;
    std::string below;
    std::string max;
    std::string above;
  };
  const std::string max = "9223372036854775807";
  const std::string above = "9223372036854775808";
  for (const Field& f : std::vector<Field>{
           {"upl_bytes", "0", "-1", max, above},
           {"dwl_bytes", "0", "-1", max, above},
           {"size_change", "-9223372036854775808", "-9223372036854775809", max, above},
           {"status", "0", "-1", "999", "1000"}}) {
    const std::string key = "\"" + f.name + "\":";
    const bool takes_text = f.name != "status";
    const std::string want = "; give an integer from " + f.min + " to " + f.max +
                             (takes_text ? ", or a string of its digits without leading zeros" : "");
    const auto bad = [&](const std::string& value, const std::string& why, const char* reason) {
      return Case{key + value, f.name + " | " + reason + " | " + f.name + " " + value + why + want};
    };
    const std::string low = " is below " + f.min;
    const std::string high = " is above " + f.max;
    expect_all({
        {key + f.min, "accepted"},
        {key + f.max, "accepted"},
        {key + f.min + ".0", "accepted"},
        {key + f.max + ".000", "accepted"},
        {key + f.min + ".0e-0", "accepted"},
        {key + f.max + "00E-2", "accepted"},
        {key + "null", "accepted"},
        bad(f.below, low, "out_of_range"),
        bad(f.above, high, "out_of_range"),
        bad(f.below + "0e-1", low, "out_of_range"),
        bad(f.above + ".0", high, "out_of_range"),
        bad("18446744073709551615", high, "out_of_range"),
        bad("18446744073709551616", high, "out_of_range"),
        bad("36893488147419103233", high, "out_of_range"),
        bad("-18446744073709551617", low, "out_of_range"),
        bad("1e400", high, "out_of_range"),
        bad("-1e400", low, "out_of_range"),
        bad("1e99999999999999999999999", high, "out_of_range"),
        bad("200.5", " is not a whole number", "wrong_type"),
        bad("1e-1", " is not a whole number", "wrong_type"),
        bad("1e-99999999999999999999999", " is not a whole number", "wrong_type"),
        bad("9223372036854775807.5", " is not a whole number", "wrong_type"),
        takes_text ? Case{key + "\"200\"", "accepted"} : bad("\"200\"", " is a string", "wrong_type"),
        bad("\"\"", " is a string", "wrong_type"),
        bad("true", " is a boolean", "wrong_type"),
        {key + "[1]", f.name + " | wrong_type | " + f.name + " \"[1]\" is an array" + want},
        {key + "{}", f.name + " | wrong_type | " + f.name + " \"{}\" is an object" + want},
        {key + std::string(60, '9'),
         f.name + " | out_of_range | " + f.name + " " + std::string(40, '9') + "…" + high + want},
    });
  }
}

// Promise: byte counts may be strings of digits, exactly in range: what protobuf's JSON, JavaScript's
// BigInt and integers=string write.
TEST(EventFieldTest, ByteCountsAsStrings) {
  EXPECT_EQ(event(R"("upl_bytes":"0")").upl_bytes, 0U);
  EXPECT_EQ(event(R"("upl_bytes":"4096")").upl_bytes, 4096U);
  EXPECT_EQ(event(R"("upl_bytes":"\u0034096")").upl_bytes, 4096U);
  EXPECT_EQ(event(R"("dwl_bytes":"9223372036854775807")").dwl_bytes, kBytesMax);
  EXPECT_EQ(event(R"("dwl_bytes":"9007199254740993")").dwl_bytes, 9007199254740993U);
  EXPECT_EQ(event(R"("size_change":"-4096")").size_change, -4096);
  EXPECT_EQ(event(R"("size_change":"4096")").size_change, 4096);
  EXPECT_EQ(event(R"("size_change":"0")").size_change, 0);
  EXPECT_EQ(event(R"("size_change":"-9223372036854775808")").size_change, INT64_MIN);
  EXPECT_EQ(event(R"("size_change":"9223372036854775807")").size_change, INT64_MAX);
  for (const std::string field : {"upl_bytes", "dwl_bytes", "size_change"}) {
    const bool is_signed = field == "size_change";
    const std::string want = std::string("; give an integer from ") +
                             (is_signed ? "-9223372036854775808" : "0") +
                             " to 9223372036854775807, or a string of its digits without leading zeros";
    const auto bad = [&](const std::string& text, const std::string& why, const std::string& reason) {
      return Case{"\"" + field + "\":\"" + text + "\"",
                  field + " | " + reason + " | " + field + " \"" + text + "\"" + why + want};
    };
    for (const std::string text : {"", "007", "00", "+1", " 1", "1 ", "1.0", "1e3", "1,000", "0x10", "-",
                                   "--1", "-01", "-00", "1-", "twelve", "NaN", "null"}) {
      expect_all({bad(text, " is a string", "wrong_type")});
    }
    const std::string above = " is above 9223372036854775807";
    expect_all({bad("9223372036854775808", above, "out_of_range"),
                bad("18446744073709551616", above, "out_of_range"),
                bad("99999999999999999999999999999999", above, "out_of_range")});
    if (is_signed) {
      expect_all({bad("-9223372036854775809", " is below -9223372036854775808", "out_of_range")});
    } else {
      expect_all({bad("-1", " is a string", "wrong_type"), bad("-0", " is a string", "wrong_type")});
    }
  }
}

TEST(EventFieldTest, IntegersAreKeptExactly) {
  EXPECT_EQ(event(R"("upl_bytes":9223372036854775807)").upl_bytes, kBytesMax);
  EXPECT_EQ(event(R"("dwl_bytes":9007199254740993)").dwl_bytes, 9007199254740993U);
  EXPECT_EQ(event(R"("dwl_bytes":9007199254740993.0)").dwl_bytes, 9007199254740993U);
  EXPECT_EQ(event(R"("upl_bytes":1e3)").upl_bytes, 1000U);
  EXPECT_EQ(event(R"("upl_bytes":0.00123E+5)").upl_bytes, 123U);
  EXPECT_EQ(event(R"("upl_bytes":-0)").upl_bytes, 0U);
  EXPECT_EQ(event(R"("upl_bytes":-0.0e9)").upl_bytes, 0U);
  EXPECT_EQ(event(R"("upl_bytes":0e99999999999999999999)").upl_bytes, 0U);
  EXPECT_EQ(event(R"("size_change":-9223372036854775808)").size_change, INT64_MIN);
  EXPECT_EQ(event(R"("size_change":-9223372036854775807)").size_change, -INT64_MAX);
  EXPECT_EQ(event(R"("size_change":-1)").size_change, -1);
  EXPECT_EQ(event(R"("size_change":-12345678901234567)").size_change, -12345678901234567);
  EXPECT_EQ(event(R"("status":4.04e2)").status, 404);
}

TEST(EventFieldTest, Latencies) {
  const auto us = [](std::string_view value) {
    return event(R"("latency_ms":)" + std::string(value)).latency_us;
  };
  EXPECT_EQ(us("null"), std::nullopt);
  EXPECT_EQ(us("0"), 0U);
  EXPECT_EQ(us("-0"), 0U);
  EXPECT_EQ(us("-0.000"), 0U);
  EXPECT_EQ(us("1"), 1000U);
  EXPECT_EQ(us("1e3"), 1'000'000U);
  EXPECT_EQ(us("1.5E-1"), 150U);
  EXPECT_EQ(us("0.001"), 1U);
  EXPECT_EQ(us("4294967295"), 4'294'967'295'000U);
  EXPECT_EQ(us("1e-400"), 0U);
  EXPECT_EQ(us("10000000000"), kLatencyUsMax);
  EXPECT_EQ(us("10000000000.000000000000000000000000000"), kLatencyUsMax);
  EXPECT_EQ(us("1e10"), kLatencyUsMax);
  // Rounded half up, once, from the decimal text.
  EXPECT_EQ(us("0.0005"), 1U);
  EXPECT_EQ(us("0.00050"), 1U);
  EXPECT_EQ(us("5e-4"), 1U);
  EXPECT_EQ(us("0.00049999"), 0U);
  EXPECT_EQ(us("0.00049999999999999999999999999999999999"), 0U);
  EXPECT_EQ(us("0.000500000000000000000000000000000000001"), 1U);
  EXPECT_EQ(us("0.0004"), 0U);
  EXPECT_EQ(us("0.00005"), 0U);
  EXPECT_EQ(us("1.0015"), 1002U);
  EXPECT_EQ(us("1.0025"), 1003U);
  EXPECT_EQ(us("1.00249"), 1002U);
  EXPECT_EQ(us("9999999999.9995"), kLatencyUsMax);
  EXPECT_EQ(us("9999999999.99949"), kLatencyUsMax - 1);

  const std::string want = "; give a number from 0 to 10000000000";
  const auto bad = [&](const std::string& value, const std::string& why, const char* reason) {
    return Case{"\"latency_ms\":" + value,
                "latency_ms | "s + reason + " | latency_ms " + value + why + want};
  };
  expect_all({
      bad("-1", " is below 0", "out_of_range"),
      bad("-0.0001", " is below 0", "out_of_range"),
      bad("-1e-400", " is below 0", "out_of_range"),
      bad("10000000000.0001", " is above 10000000000", "out_of_range"),
      bad("10000000001", " is above 10000000000", "out_of_range"),
      bad("1e400", " is above 10000000000", "out_of_range"),
      bad("18446744073709552", " is above 10000000000", "out_of_range"),
      bad("18446744073709551616", " is above 10000000000", "out_of_range"),
      bad("\"5\"", " is a string", "wrong_type"),
      bad("true", " is a boolean", "wrong_type"),
      {R"("latency_ms":[])", R"(latency_ms | wrong_type | latency_ms "[]" is an array)" + want},
  });
}

TEST(EventFieldTest, EventIds) {
  EXPECT_EQ(event(R"("id":"a,b")").id, "a,b");
  EXPECT_EQ(event(R"("id":"\u0000\n")").id, "\0\n"s);
  EXPECT_EQ(event("\"id\":\"" + std::string(128, 'i') + "\"").id, std::string(128, 'i'));
  EXPECT_EQ(event(R"("id":null)").id, "");
  const std::string want = "; give a string of 1 to 128 bytes";
  expect_all({
      {R"("id":"")", R"(id | bad_text | id "" must be 1 to 128 bytes, not 0)"},
      {"\"id\":\"" + std::string(129, 'i') + "\"",
       "id | bad_text | id \"" + std::string(40, 'i') + "…\" must be 1 to 128 bytes, not 129"},
      {R"("id":"\udfff")", R"(id | bad_text | id "\xed\xbf\xbf" must be valid UTF-8)"},
      {R"("id":7)", "id | wrong_type | id 7 is a number" + want},
      {R"("id":{})", R"(id | wrong_type | id "{}" is an object)" + want},
      {R"("id":"i","timestamp":null)",
       "timestamp | missing | timestamp is missing; an event with an id must carry one"},
      {R"("id":null,"timestamp":null)", "accepted"},
  });
  EXPECT_EQ(decode_json(R"({"repoId":"r","bucketId":"b","host":"h","id":"i"})").errors.at(0).field,
            "timestamp");
}

// Promise: of a duplicate key the last counts, whatever the others were.
TEST(EventFieldTest, TheLastOfADuplicateKeyCounts) {
  EXPECT_EQ(event(R"("repoId":5,"repoId":",","repoId":"last")").repo, "last");
  EXPECT_EQ(event(R"("upl_bytes":-1,"upl_bytes":"x","upl_bytes":3)").upl_bytes, 3U);
  EXPECT_EQ(event(R"("status":404,"status":null)").status, 0);
  EXPECT_EQ(event(R"("latency_ms":4,"latency_ms":null)").latency_us, std::nullopt);
  EXPECT_EQ(event(R"("op":"GET","\u006fp":"PUT")").op, OpClass::kPut);
  EXPECT_EQ(verdict(R"("upl_bytes":3,"upl_bytes":-1)").substr(0, 24), "upl_bytes | out_of_range");
  EXPECT_EQ(event(R"("unitId":"other","unitId":null)").bucket, "b");
}

// An event is rejected once, for its first bad field in the order of the contract's table.
TEST(EventFieldTest, TheFirstBadFieldIsTold) {
  std::string members =
      R"("id":5,"status":-1,"latency_ms":-1,"size_change":"","dwl_bytes":-1,"upl_bytes":-1,"op":1,)"
      R"("timestamp":1,"host":1,"unitId":1,"bucketId":1,"repoId":1)";
  for (const std::string field :
       {"repoId", "bucketId", "unitId", "host", "timestamp", "upl_bytes", "dwl_bytes", "size_change",
        "latency_ms", "status", "id"}) {
    EXPECT_EQ(with(members).errors.at(0).field, field);
    // Mended by a good duplicate or, where there must be none, by taking it away.
    const bool is_text = field == "repoId" || field == "bucketId" || field == "host";
    members += ",\"" + field + "\":" +
               (is_text                ? "\"x\""
                : field == "timestamp" ? "1700000000"
                                       : "null");
  }
  EXPECT_EQ(verdict(members), "accepted");
}

TEST(EventFieldTest, UnknownFieldsAreIgnored) {
  const test::Event plain = event("");
  for (const char* members :
       {R"("x":1)", R"("x":"a\ud800b")", R"("x":[1,{"repoId":"no"},[[]],"\u0000"])", R"("x":1e400)",
        R"("x":{"host":"no","timestamp":-1})", R"("":"")", R"("x":1,"x":2)",
        R"("x" : [ ] , "y" : { })",
        R"("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx":-0.0e-0)"}) {
    EXPECT_EQ(event(members), plain) << members;
  }
}

// Promise: the remembered order of keys is a short cut, not a rule: whatever the object before
// looked like, an event is read the same.
TEST(EventFieldTest, KeysOfTheObjectBeforeDoNotMatter) {
  const std::vector<std::string> objects{
      R"({"repoId":"r","bucketId":"b","host":"h","status":200})",
      R"({"host":"h","repoId":"r","status":201,"bucketId":"b"})",
      R"({"repoId" : "r" , "bucketId" : "b", "host": "h", "status" : 202 })",
      R"({"repo\u0049d":"r","bucketId":"b","host":"h","status":203})",
      R"({"repoId":"r","bucketId":"b","host":"h","events":[{"repoId":"no"}],"status":204})",
      R"({"repoIdx":"no","repoId":"r","bucketId":"b","host":"h","statusx":1,"status":205})",
      R"({"repoId":"r","bucketId":"b","host":"h","a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,)"
      R"("i":1,"j":1,"k":1,"l":1,"m":1,"n":1,"o":1,"p":1,"status":206})",
      R"({"repoId":"r","bucketId":"b","host":"h","status":207,"latency_ms":null})",
      R"({"repoId":"r","bucketId":"b","host":"\u0068","status":2.08e2})",
      R"({})",
      R"({"":1})"};
  for (const std::string& before : objects) {
    for (const std::string& after : objects) {
      EventDecoder decoder;
      const auto both = decode(decoder, "[" + before + "," + after + "]", BodyForm::kJson);
      auto expected = decode_json("[" + before + "]").events;
      const auto second = decode_json("[" + after + "]").events;
      expected.insert(expected.end(), second.begin(), second.end());
      EXPECT_EQ(both.events, expected) << before << after;
    }
  }
}

}  // namespace
}  // namespace minuted::json
