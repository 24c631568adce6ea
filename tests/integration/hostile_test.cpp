// Clients that are slow, silent or greedy, beside one that is healthy. Holds up "a healthy
// client still served": it gets every answer, 99% of them within 100 ms.
#include "integration/hostile.hpp"

#include "minuted/time.hpp"

namespace minuted::test {
namespace {

// How long a test waits between two bytes of a slow client: a wait for an answer that does not
// come.
constexpr int kDripMs = 40;
constexpr std::size_t kSlowClients = 40;
// More than a client gets to send before its time is up, fewer than a header may have.
constexpr int kRestlessBytes = 12'000;

class SlowClientTest : public HostileTest {
 protected:
  SlowClientTest()
      : HostileTest({"--header-timeout", "300ms", "--body-timeout", "300ms", "--idle-timeout", "1s",
                     "--write-timeout", "500ms"}) {}

  // Sends a byte of `more` to each client every now and then; ends when all are turned away.
  static void drip(std::vector<HttpClient>& all, std::string_view more) {
    for (const char c : more) {
      for (HttpClient& client : all) client.send({&c, 1});
      all.front().closed(kDripMs);
    }
  }

  static void expect_turned_away(std::vector<HttpClient>& all, const std::string& phase) {
    for (HttpClient& client : all) {
      const Answer answer = client.read_answer();
      EXPECT_EQ(answer.status, 408U);
      EXPECT_EQ(answer.body,
                refusal_text(phase + "_timeout",
                             "the " + phase + " did not arrive within 300 ms; send the request again"));
      EXPECT_EQ(answer.header("connection"), "close");
      EXPECT_TRUE(client.closed());
    }
  }
};

TEST_F(SlowClientTest, SlowHeadersAreTimedOutAsAWhole) {
  attack([this] {
    std::vector<HttpClient> all = clients(kSlowClients);
    for (HttpClient& client : all) client.send("GET /livez HTTP/1.1\r\nX-Slow: ");
    drip(all, "a byte at a time");
    expect_turned_away(all, "header");
  });
}

// A byte that came, but was not looked at yet when the time was up, must not save its client.
TEST_F(SlowClientTest, BytesWithoutAPauseAreTimedOutAsAWhole) {
  attack([this] {
    for (const char* body_or_header : {"X-Slow: ", "Content-Length: 100000\r\n\r\n["}) {
      std::vector<HttpClient> all = clients(kSlowClients);
      for (HttpClient& client : all) {
        client.send(std::string("POST /events HTTP/1.1\r\nHost: localhost\r\n") + body_or_header);
      }
      for (int sent = 0; sent < kRestlessBytes && !all.front().readable(); ++sent) {
        for (HttpClient& client : all) client.send("x");
      }
      expect_turned_away(all, *body_or_header == 'X' ? "header" : "body");
    }
  });
}

TEST_F(SlowClientTest, SlowBodiesAreTimedOutAsAWhole) {
  attack([this] {
    for (const char* framing : {"Content-Length: 1000", "Transfer-Encoding: chunked"}) {
      std::vector<HttpClient> all = clients(kSlowClients);
      for (HttpClient& client : all) {
        client.send(std::string("POST /events HTTP/1.1\r\nHost: localhost\r\n") + framing +
                    "\r\n\r\n3e8\r\n[");
      }
      drip(all, "{\"repoId\":\"slow\"");
      expect_turned_away(all, "body");
    }
  });
}

// The rest of such a body must never be taken for a request.
TEST_F(SlowClientTest, ABodyNobodyReadsEndsTheConnectionWhenItIsLate) {
  attack([this] {
    std::vector<HttpClient> all = clients(kSlowClients);
    for (HttpClient& client : all) {
      client.send("GET /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nsome");
    }
    for (HttpClient& client : all) {
      const Answer answer = client.read_answer();
      EXPECT_EQ(answer.status, 404U);
      EXPECT_EQ(answer.header("connection"), "close");
      client.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
      EXPECT_TRUE(client.closed());
    }
  });
}

TEST_F(SlowClientTest, SilentConnectionsAreClosedWithoutAWord) {
  attack([this] {
    std::vector<HttpClient> all = clients(kSlowClients);
    for (std::size_t i = 0; i < all.size(); i += 2) {
      EXPECT_EQ(all[i].get("/livez").body, kAlive);
    }
    for (HttpClient& client : all) EXPECT_TRUE(client.closed());
  });
}

// Empty lines are no request: who has sent nothing else is idle, for as long as others are.
TEST_F(SlowClientTest, EmptyLinesKeepNoConnectionOpen) {
  attack([this] {
    std::vector<HttpClient> all = clients(kSlowClients);
    drip(all, "\r\n\r\n\r\n\r\n\r\n\r\n");
    for (HttpClient& client : all) EXPECT_TRUE(client.closed());
  });
}

TEST_F(SlowClientTest, HalfClosedConnectionsGetTheAnswersTheyAskedFor) {
  attack([this] {
    std::vector<HttpClient> all = clients(kSlowClients);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i % 2 == 0) {
        all[i].send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\nGET /li");
      } else {
        all[i].send("POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n[");
      }
      all[i].shutdown_send();
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i % 2 == 0) {
        EXPECT_EQ(all[i].read_answer().body, kAlive);
      }
      EXPECT_TRUE(all[i].closed());
    }
  });
}

TEST_F(SlowClientTest, AFloodOfPipelinedRequestsIsHeldBack) {
  attack([this] {
    std::string requests;
    for (int i = 0; i < 1000; ++i) requests += "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n";
    HttpClient client(daemon_.port());
    client.shrink_receive_buffer(4096);
    // Reads none of the answers: the daemon must stop reading, and then give up.
    constexpr int kPushesMax = 100'000;
    int pushed = 0;
    while (pushed < kPushesMax && client.send(requests)) ++pushed;
    EXPECT_LT(pushed, kPushesMax);
  });
}

// Answers that nobody takes, and that are larger than what the kernel's buffers hold (some 6 MiB).
class SlowReaderTest : public HostileTest {
 protected:
  static constexpr int kMinutes = 200;
  static constexpr int kHosts = 300;
  static constexpr const char* kCut = "minuted_http_refusals_total{reason=\"answer_cut_short\"}";

  using HostileTest::HostileTest;
  SlowReaderTest() : HostileTest({"--write-timeout", "500ms"}) {}

  void SetUp() override {
    HttpClient client(daemon_.port());
    std::vector<std::string> hosts;
    for (int host = 0; host < kHosts; ++host) {
      hosts.push_back("a-host-with-a-long-name-" + std::to_string(host));
    }
    std::string body;
    for (int minute = 0; minute < kMinutes; ++minute) {
      const std::string time = format_iso8601(Millis{(kMinuteSeconds + 60 * minute) * 1000});
      for (const std::string& host : hosts) {
        body += to_text(EventText{.repo = "large", .host = host, .time = time}) + "\n";
      }
    }
    ASSERT_EQ(client.push_ndjson(body).body, to_text(ReceiptText{kMinutes * kHosts}));
  }

  static std::string question() {
    return "GET " + std::string(kDayQuery) + "&repoId=large HTTP/1.1\r\nHost: localhost\r\n\r\n";
  }
  static void expect_cut(HttpClient& reader) {
    const Answer answer = reader.read_answer();
    EXPECT_EQ(answer.status, 200U);
    EXPECT_FALSE(answer.whole) << answer.body.size() << " bytes came";
  }
};

TEST_F(SlowReaderTest, IsCutOffAndHoldsUpNobody) {
  constexpr std::size_t kReaders = 8;
  std::uint64_t cut = 0;
  attack([&] {
    std::vector<HttpClient> readers = clients(kReaders);
    for (HttpClient& reader : readers) reader.send(question());
    cut += kReaders;
    wait_for_metric(kCut, [&](std::uint64_t count) { return count >= cut; });
    for (HttpClient& reader : readers) expect_cut(reader);
  });
  EXPECT_EQ(metric("minuted_http_refusals_total{reason=\"write_timeout\"}"), cut);
}

// As many answers as may be under way: the next is refused at once, and none when these have ended.
class AnswerBytesTest : public SlowReaderTest {
 protected:
  AnswerBytesTest() : SlowReaderTest({"--write-timeout", "60s", "--answer-bytes-max", "2MiB"}) {}
};

TEST_F(AnswerBytesTest, BeyondTheBoundIsRefusedUntilThereIsRoom) {
  constexpr std::size_t kAnswers = 14;  // of 144 KiB each
  {
    std::vector<HttpClient> readers = clients(kAnswers);
    for (HttpClient& reader : readers) {
      reader.shrink_receive_buffer(4096);
      reader.send(question());
    }
    wait_for_metric("minuted_http_answer_bytes",
                    [](std::uint64_t bytes) { return bytes == kAnswers * (144U << 10); });
    const Answer refused = HttpClient(daemon_.port()).get("/repo/stats");
    EXPECT_EQ(refused.status, 503U);
    EXPECT_EQ(refused.header("retry-after"), "1");
    EXPECT_EQ(refused.body,
              refusal_text("overloaded", "the answers under way hold 2064384 of the 2097152 bytes that "
                                         "answer-bytes-max allows; try again soon"));
    EXPECT_EQ(HttpClient(daemon_.port()).push(to_text(EventText{})).status, 200U);
  }
  wait_for_metric("minuted_http_answer_bytes", [](std::uint64_t bytes) { return bytes == 0; });
  EXPECT_EQ(HttpClient(daemon_.port()).get("/repo/stats").status, 200U);
}

// Where there is memory for the answer but not for its compressor, it comes as it is.
TEST_F(AnswerBytesTest, WithoutMemoryToCompressAnAnswerComesPlain) {
  std::vector<HttpClient> readers = clients(5);
  for (HttpClient& reader : readers) {
    reader.shrink_receive_buffer(4096);
    reader.send(question());
  }
  wait_for_metric("minuted_http_answer_bytes",
                  [](std::uint64_t bytes) { return bytes == 5 * (144U << 10); });
  HttpClient client(daemon_.port());
  const Answer plain = client.get("/repo/stats", {{"Accept-Encoding", "zstd"}});
  EXPECT_EQ(plain.status, 200U);
  EXPECT_EQ(plain.header("content-encoding"), "");
  readers.clear();
  wait_for_metric("minuted_http_answer_bytes", [](std::uint64_t bytes) { return bytes == 0; });
  EXPECT_EQ(client.get("/repo/stats", {{"Accept-Encoding", "zstd"}}).header("content-encoding"), "zstd");
}

class SnapshotLifetimeTest : public SlowReaderTest {
 protected:
  SnapshotLifetimeTest()
      : SlowReaderTest({"--write-timeout", "60s", "--snapshot-lifetime", "1s"}) {}
};

TEST_F(SnapshotLifetimeTest, EndsAnAnswerWithoutItsLastChunk) {
  HttpClient reader(daemon_.port());
  reader.send(question());
  wait_for_metric(kCut, [](std::uint64_t count) { return count == 1; });
  expect_cut(reader);
  EXPECT_EQ(HttpClient(daemon_.port()).get(std::string(kDayQuery) + "&repoId=absent").body,
            rows_text({}));
}

class BytesInFlightTest : public HostileTest {
 protected:
  BytesInFlightTest()
      : HostileTest({"--bytes-in-flight-max", "1MiB", "--body-bytes-max", "1MiB"}) {}
};

TEST_F(BytesInFlightTest, BeyondTheBoundIsRefusedUntilThereIsRoom) {
  constexpr std::size_t kHeldBytes = 900'000;
  const std::string post = "POST /events HTTP/1.1\r\nHost: localhost\r\n";
  const std::string length_head = post + "Content-Length: ";
  const std::string chunked_head = post + "Transfer-Encoding: chunked";
  const std::string refusal =
      refusal_text("overloaded", "too many bytes of requests are in flight; send it again");
  attack([&] {
    HttpClient holder(daemon_.port());
    holder.send(length_head + std::to_string(kHeldBytes) + "\r\n\r\n" +
                std::string(kHeldBytes - 1, ' '));
    wait_for_metric("minuted_http_in_flight_bytes",
                    [=](std::uint64_t bytes) { return bytes >= kHeldBytes; });
    for (const std::string& start : {length_head + "500000", chunked_head}) {
      HttpClient next(daemon_.port());
      // A body is charged as it comes: more than is left must come.
      next.send(start + "\r\n\r\n7a120\r\n" + std::string(400'000, ' '));
      const Answer answer = next.read_answer();
      EXPECT_EQ(answer.status, 503U);
      EXPECT_EQ(answer.header("retry-after"), "1");
      EXPECT_EQ(answer.body, refusal);
      EXPECT_TRUE(next.closed());
    }
    holder.send(" ");
    EXPECT_EQ(holder.read_answer().status, 400U);  // spaces are no event, but they were read
    EXPECT_EQ(HttpClient(daemon_.port()).push("[" + std::string(500'000, ' ') + "]").status, 200U);
  });
  EXPECT_EQ(metric("minuted_http_in_flight_bytes"), 0U);
}

}  // namespace
}  // namespace minuted::test
