// Requests whose end two readers could see in different places, and ones larger than anybody needs:
// each is refused, the connection is closed, and what was hidden behind it is never answered.
#include "integration/hostile.hpp"
#include "support/random.hpp"

namespace minuted::test {
namespace {

constexpr std::string_view kHidden = "GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n";

class SmugglingTest : public HostileTest {
 protected:
  SmugglingTest() : HostileTest({"--body-bytes-max", "2MiB"}) {}

  void expect_refused(const std::string& request, unsigned status = 400) {
    HttpClient client(daemon_.port());
    client.send(request);
    const Answer answer = client.read_answer();
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.header("connection"), "close");
    EXPECT_TRUE(answer.body.starts_with("{\"success\":false,")) << answer.body;
    EXPECT_TRUE(client.closed()) << "more is answered: " << client.read_answer().body;
  }
};

struct Hostile {
  std::string_view what;
  std::string bytes;
};

std::string with_fields(std::string_view fields, std::string_view body = "5\r\nab{}d\r\n0\r\n\r\n",
                        std::string_view version = "HTTP/1.1") {
  std::string text = "POST /events ";
  text.append(version).append("\r\nHost: localhost\r\n").append(fields).append("\r\n\r\n");
  return text.append(body);
}

TEST_F(SmugglingTest, ThereIsOneWayToSayHowLongABodyIs) {
  const std::vector<Hostile> forms = {
      {"both", with_fields("Transfer-Encoding: chunked\r\nContent-Length: 5")},
      {"both, the other way round", with_fields("Content-Length: 5\r\nTransfer-Encoding: chunked")},
      {"an unknown coding", with_fields("Transfer-Encoding: xchunked")},
      {"an unknown coding and a length",
       with_fields("Transfer-Encoding: xchunked\r\nContent-Length: 5")},
      {"identity", with_fields("Transfer-Encoding: identity")},
      {"another coding before", with_fields("Transfer-Encoding: gzip, chunked")},
      {"chunked twice", with_fields("Transfer-Encoding: chunked, chunked")},
      {"chunked and something", with_fields("Transfer-Encoding: chunked, identity")},
      {"chunked in two fields",
       with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")},
      {"another coding in a second field",
       with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity")},
      {"a parameter", with_fields("Transfer-Encoding: chunked;q=1")},
      {"quoted", with_fields("Transfer-Encoding: \"chunked\"")},
      {"an empty coding", with_fields("Transfer-Encoding: ")},
      {"a comma", with_fields("Transfer-Encoding: ,chunked")},
      {"a vertical tab", with_fields("Transfer-Encoding: \vchunked")},
      {"chunked on HTTP/1.0", with_fields("Transfer-Encoding: chunked", "0\r\n\r\n", "HTTP/1.0")},
      {"a folded coding", with_fields("Transfer-Encoding:\r\n chunked")},
      {"a folded length", with_fields("Content-Length:\r\n\t5")},
      {"a fold that adds a coding", with_fields("Transfer-Encoding: chunked\r\n , identity")},
      {"two lengths", with_fields("Content-Length: 5\r\nContent-Length: 6")},
      {"one length twice", with_fields("Content-Length: 5\r\nContent-Length: 5")},
      {"a list of lengths", with_fields("Content-Length: 5, 5")},
      {"a plus", with_fields("Content-Length: +5")},
      {"a minus", with_fields("Content-Length: -5")},
      {"a space within", with_fields("Content-Length: 1 5")},
      {"hexadecimal", with_fields("Content-Length: 0x5")},
      {"a fraction", with_fields("Content-Length: 5.0")},
      {"an empty length", with_fields("Content-Length:")},
      {"a length beyond 64 bits", with_fields("Content-Length: 18446744073709551621")},
      {"a comma behind", with_fields("Content-Length: 5,")},
  };
  attack([&] {
    for (const Hostile& form : forms) {
      SCOPED_TRACE(std::string(form.what));
      expect_refused(form.bytes + std::string(kHidden));
    }
  });
}

TEST_F(SmugglingTest, LinesEndInOneWayAndNamesAreTokens) {
  const std::vector<Hostile> forms = {
      {"bare line feeds", "GET /livez HTTP/1.1\nHost: localhost\n\n"},
      {"a bare line feed behind the request line", "GET /livez HTTP/1.1\nHost: localhost\r\n\r\n"},
      {"a bare line feed behind a field", with_fields("X: y\nContent-Length: 5")},
      {"a bare carriage return", with_fields("X: y\rContent-Length: 5")},
      {"an empty line that is none", "GET /livez HTTP/1.1\r\nHost: localhost\r\n\n\r\n"},
      {"a NUL in a value", with_fields(std::string_view("X: a\0b", 6))},
      {"a NUL in a name", with_fields(std::string_view("X\0: b", 5))},
      {"a DEL in a value", with_fields("X: a\x7f")},
      {"a space before the colon", with_fields("Content-Length : 5")},
      {"a tab before the colon", with_fields("Content-Length\t: 5")},
      {"a space before the first name", "GET /livez HTTP/1.1\r\n Host: localhost\r\n\r\n"},
      {"a field that goes on", with_fields("X: y\r\n Content-Length: 5")},
      {"a field that goes on after nothing", with_fields("X:\r\n\tContent-Length: 5")},
      {"an empty name", with_fields(": 5")},
      {"a name that is none", with_fields("Content(Length): 5")},
      {"a name that is not ASCII", with_fields("Content-L\xC3\xA9ngth: 5")},
      {"no version", "GET /livez\r\n\r\n"},
      {"two spaces", "GET  /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"},
      {"a tab", "GET\t/livez HTTP/1.1\r\nHost: localhost\r\n\r\n"},
      {"a space within the target", "GET /livez /x HTTP/1.1\r\nHost: localhost\r\n\r\n"},
      {"a NUL in the target", std::string("GET /li\0vez HTTP/1.1\r\nHost: localhost\r\n\r\n", 41)},
      {"a version in small letters", "GET /livez http/1.1\r\nHost: localhost\r\n\r\n"},
      {"a version with more digits", "GET /livez HTTP/1.10\r\nHost: localhost\r\n\r\n"},
  };
  attack([&] {
    for (const Hostile& form : forms) {
      SCOPED_TRACE(std::string(form.what));
      expect_refused(form.bytes + std::string(kHidden));
    }
  });
}

TEST_F(SmugglingTest, ChunksAreWhatTheyAnnounce) {
  const auto chunked = [](std::string_view body) {
    return with_fields("Transfer-Encoding: chunked", body);
  };
  const std::string big(300, 'x');
  const std::vector<Hostile> forms = {
      {"a size beyond 64 bits", chunked("10000000000000005\r\nabcde\r\n0\r\n\r\n")},
      {"a negative size", chunked("-5\r\nabcde\r\n0\r\n\r\n")},
      {"a plus", chunked("+5\r\nabcde\r\n0\r\n\r\n")},
      {"a prefix", chunked("0x5\r\nabcde\r\n0\r\n\r\n")},
      {"a space before the size", chunked(" 5\r\nabcde\r\n0\r\n\r\n")},
      {"a space behind the size", chunked("5 \r\nabcde\r\n0\r\n\r\n")},
      {"a tab behind the size", chunked("5\t\r\nabcde\r\n0\r\n\r\n")},
      {"no size", chunked("\r\nabcde\r\n0\r\n\r\n")},
      {"a size that is no number", chunked("five\r\nabcde\r\n0\r\n\r\n")},
      {"an underscore", chunked("0_5\r\nabcde\r\n0\r\n\r\n")},
      {"a line feed behind the size", chunked("5\nabcde\r\n0\r\n\r\n")},
      {"a line feed behind the data", chunked("5\r\nabcde\n0\r\n\r\n")},
      {"no end behind the data", chunked("5\r\nabcde0\r\n\r\n")},
      {"other bytes behind the data", chunked("5\r\nabcdeXX0\r\n\r\n")},
      {"a line feed in an extension", chunked("5;a\nb\r\nabcde\r\n0\r\n\r\n")},
      {"a carriage return in an extension", chunked("5;a\rb\r\nabcde\r\n0\r\n\r\n")},
      {"an extension that is none", chunked("5;\r\nabcde\r\n0\r\n\r\n")},
      {"an extension too long", chunked("5;" + big + "\r\nabcde\r\n0\r\n\r\n")},
      {"an extension too long at the end", chunked("5\r\nabcde\r\n0;" + big + "\r\n\r\n")},
      {"a length among the trailers", chunked("0\r\nContent-Length: 5\r\n\r\n")},
      {"a coding among the trailers", chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n")},
      {"a trailer that is none", chunked("0\r\nContent Length\r\n\r\n")},
      {"a trailer that goes on", chunked("5\r\nabcde\r\n0\r\nX: y\r\n z\r\n\r\n")},
      {"a trailer that goes on after a tab", chunked("0\r\nX: y\r\n\tz\r\n\r\n")},
      {"a trailer that goes on after nothing", chunked("0\r\nX:\r\n y\r\n\r\n")},
      {"a trailer that goes on as a length", chunked("0\r\nX: y\r\n Content-Length: 5\r\n\r\n")},
      {"a second trailer that goes on", chunked("0\r\nX: y\r\nZ: a\r\n b\r\n\r\n")},
      {"a trailer that goes on as a blank line", chunked("0\r\nX: y\r\n \r\n\r\n")},
      {"a space before the first trailer", chunked("0\r\n X: y\r\n\r\n")},
      {"a tab before the first trailer", chunked("0\r\n\tX: y\r\n\r\n")},
      {"a trailer that goes on behind an extension", chunked("0;a=b\r\nX: y\r\n z\r\n\r\n")},
      {"a trailer that goes on behind zeros", chunked("000\r\nX: y\r\n z\r\n\r\n")},
      {"an extension that goes on", chunked("5;a=b\r\n c\r\nabcde\r\n0\r\n\r\n")},
      {"an extension that goes on after a tab", chunked("5;a\r\n\t=b\r\nabcde\r\n0\r\n\r\n")},
      {"an extension of the end that goes on", chunked("5\r\nabcde\r\n0;a\r\n =b\r\n\r\n")},
      {"a quoted extension that goes on", chunked("5;a=\"b\r\n c\"\r\nabcde\r\n0\r\n\r\n")},
      {"a chunk's size that goes on", chunked("5\r\n \r\nabcde\r\n0\r\n\r\n")},
      {"a trailer with a space before the colon", chunked("0\r\nX : y\r\n\r\n")},
      {"a trailer without a name", chunked("0\r\n: y\r\n\r\n")},
      {"a bare line feed in a trailer", chunked("0\r\nX: y\nZ: a\r\n\r\n")},
      {"a bare carriage return in a trailer", chunked("0\r\nX: y\rZ: a\r\n\r\n")},
      {"a NUL in a trailer", chunked(std::string_view("0\r\nX: a\0b\r\n\r\n", 13))},
      {"bare line feeds behind the last chunk", chunked("0\n\n")},
  };
  attack([&] {
    for (const Hostile& form : forms) {
      SCOPED_TRACE(std::string(form.what));
      expect_refused(form.bytes + std::string(kHidden));
    }
  });
}

// However the bytes come: the parser sees the lines of trailers once it has them all.
TEST_F(SmugglingTest, ATrailerThatGoesOnIsRefusedByteByByte) {
  const std::string head = with_fields("Transfer-Encoding: chunked", "2\r\n[]\r\n0\r\nX: y\r\n");
  attack([&] {
    for (const std::string end : {" z\r\n\r\n", "\tz\r\n\r\n"}) {
      HttpClient client(daemon_.port());
      for (const char c : head + end) client.send({&c, 1});
      client.send(kHidden);
      const Answer answer = client.read_answer();
      EXPECT_EQ(answer.status, 400U);
      EXPECT_EQ(answer.body,
                refusal_text("bad_framing",
                             "a trailer field goes on in the next line; send each as one line"));
      EXPECT_TRUE(client.closed());
    }
  });
}

// What begins with a space is data there, and trailers of one line each are fine.
TEST_F(SmugglingTest, LinesOfABodyMayBeginWithASpace) {
  const std::string body = "[\r\n {\"repoId\":\"r\",\"bucketId\":\"b\",\r\n\t\"host\":\"h\"}\r\n ]";
  const std::string request =
      with_fields("Transfer-Encoding: chunked",
                  "3\r\n[\r\n\r\n" + std::string("30\r\n") + body.substr(3) +
                      "\r\n0;a=b\r\nX: y\r\nZ:  a b\t \r\n\r\n");
  ASSERT_EQ(body.size(), 3U + 0x30);
  HttpClient client(daemon_.port());
  client.send(request + std::string(kAskAlive));
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 200U) << answer.body;
  EXPECT_EQ(client.read_answer().body, kAlive);
}

TEST_F(SmugglingTest, WhatIsTooLargeIsRefused) {
  const std::string big(300 << 10, 'x');
  std::string extensions;
  for (int i = 0; i < 1000; ++i) extensions += "1;" + std::string(200, 'x') + "\r\n \r\n";
  attack([&] {
    expect_refused("GET /" + big + " HTTP/1.1\r\n", 414);
    expect_refused("GET /livez HTTP/1.1\r\nX: " + big, 431);
    expect_refused("GET /livez HTTP/1.1\r\n" + big, 431);
    expect_refused(big, 414);
    expect_refused(with_fields("Content-Length: 99999999999"), 413);
    expect_refused(with_fields("Transfer-Encoding: chunked",
                               "ffffffffffffffff\r\n" + big.substr(9) + std::string(2 << 20, 'x')),
                   413);
    expect_refused(with_fields("Transfer-Encoding: chunked", extensions));
    expect_refused(with_fields("Transfer-Encoding: chunked", "0\r\nX: " + big + "\r\n\r\n"), 431);
    expect_refused(with_fields("Transfer-Encoding: chunked", std::string(400 << 10, '0')), 431);
  });
}

// The parser waits for the end of a header, and bounds what it waits for, only when it is left with
// a part of a line. So that it is left with a byte at most, wherever a read may end, lines are 64
// bytes long, begin one before each 64th, and are sent by as many: what is kept must be counted all
// the same.
TEST_F(SmugglingTest, AHeaderWithoutAnEndIsRefusedHoweverItComes) {
  constexpr std::size_t kStep = 64;
  attack([this] {
    HttpClient client(daemon_.port());
    std::string start = "GET / HTTP/1.1\r\n";
    start.insert(5, kStep - 1 - start.size(), 'x');
    const std::string line = "X: " + std::string(kStep - 5, 'x') + "\r\n";
    std::string lines = start;
    for (int i = 0; i < 64; ++i) lines += line;
    ASSERT_TRUE(client.send(lines.substr(0, kStep)));
    // From the second byte of a line to the first of another.
    const std::string piece = lines.substr(kStep, 63 * kStep);
    constexpr int kPiecesMax = 10'000;
    int sent = 0;
    while (sent < kPiecesMax && !client.readable() && client.send(piece)) ++sent;
    EXPECT_LT(sent, kPiecesMax) << "40 MB of header were taken";
    EXPECT_EQ(client.read_answer().status, 431U);
    EXPECT_TRUE(client.closed());
  });
}

// Whatever comes: an answer or the end of the connection, and the daemon goes on.
TEST_F(SmugglingTest, DamagedRequestsDoNoHarm) {
  const std::string sound =
      "POST /events?strict=0 HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: k\r\n"
      "Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n";
  Random random;
  attack([&] {
    constexpr int kTries = 400;
    for (int i = 0; i < kTries; ++i) {
      std::string damaged = sound;
      for (std::uint64_t n = random.between(1, 4); n > 0 && !damaged.empty(); --n) {
        const std::size_t at = random.below(damaged.size());
        switch (random.below(4)) {
          case 0:
            damaged[at] = static_cast<char>(random.below(256));
            break;
          case 1:
            damaged.erase(at, random.between(1, 8));
            break;
          case 2:
            damaged.insert(at, 1, "\r\n\0: ;"[random.below(6)]);
            break;
          default:
            damaged.resize(at + 1);
            break;
        }
      }
      HttpClient client(daemon_.port());
      client.send(damaged);
      client.shutdown_send();
      const std::string answered = client.read_bytes();
      EXPECT_TRUE(answered.empty() || answered.starts_with("HTTP/1.")) << answered;
      EXPECT_TRUE(client.closed());
    }
  });
  EXPECT_EQ(HttpClient(daemon_.port()).get("/livez").body, kAlive);
}

}  // namespace
}  // namespace minuted::test
