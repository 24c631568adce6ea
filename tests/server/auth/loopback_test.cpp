// Promise: a daemon without tokens is reached by loopback names only, and no web page of another
// site gets anything done there, whatever name it has bound to 127.0.0.1.
#include "auth/loopback.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support/random.hpp"

namespace minuted::auth {
namespace {

TEST(LoopbackTest, LoopbackNamesAreKnownInAllTheirForms) {
  for (const char* const host :
       {"localhost", "LocalHost", "localhost.", "localhost:3000", "localhost.:3000",
        "localhost:", "127.0.0.1", "127.0.0.1:3000", "127.255.255.254", "127.1.2.3:65535",
        "127.0.0.1.", "[::1]", "[::1]:3000", "[0:0:0:0:0:0:0:1]:80", "[::0001]"}) {
    EXPECT_TRUE(host_is_loopback(host)) << host;
  }
}

TEST(LoopbackTest, NothingElseIsLoopback) {
  for (const char* const host : {"",
                                 ".",
                                 ":",
                                 ":3000",
                                 "localhost..",
                                 "localhost.evil.example",
                                 "evil.localhost",
                                 "localhost.localdomain",
                                 "localhos",
                                 "localhostx",
                                 "evil.example",
                                 "127.0.0.1.evil.example",
                                 "127.1",
                                 "127.0.1",
                                 "127.0.0.1.1",
                                 "0127.0.0.1",
                                 "0x7f.0.0.1",
                                 "2130706433",
                                 "127.0.0.256",
                                 "128.0.0.1",
                                 "126.255.255.255",
                                 "10.0.0.1",
                                 "0.0.0.0",
                                 "0",
                                 "::1",
                                 "[::]",
                                 "[::2]",
                                 "[::ffff:127.0.0.1]",
                                 "[::1",
                                 "[::1]x",
                                 "[::1].",
                                 "[]",
                                 "[::1%lo]",
                                 "[127.0.0.1]",
                                 "[localhost]",
                                 "localhost:65536",
                                 "localhost:x",
                                 "localhost:3000x",
                                 "localhost:-1",
                                 "localhost:+1",
                                 "localhost:3000:3000",
                                 "user@localhost",
                                 "localhost/",
                                 "localhost ",
                                 " localhost",
                                 "localhost,evil.example",
                                 "localhost@evil.example",
                                 "http://localhost"}) {
    EXPECT_FALSE(host_is_loopback(host)) << host;
  }
  EXPECT_FALSE(host_is_loopback(std::string("127.0.0.1\0.evil", 15)));
  EXPECT_FALSE(host_is_loopback(std::string("[::1\0x]", 7)));
}

TEST(LoopbackTest, LoopbackOriginsAreOurOwn) {
  for (const char* const origin : {"http://localhost:3000", "https://localhost", "HTTP://LOCALHOST",
                                   "http://127.0.0.1:8080", "http://[::1]:5173"}) {
    EXPECT_FALSE(origin_is_foreign(origin, "localhost:3000", {})) << origin;
  }
}

TEST(LoopbackTest, AnyOtherOriginIsForeign) {
  for (const char* const origin :
       {"", "null", "http://evil.example", "https://localhost.evil.example", "file://",
        "file://localhost", "chrome-extension://localhost", "localhost", "http:localhost",
        "http://localhost/", "http://localhost http://evil.example", "http://a@localhost",
        "http://localhost, http://evil.example", "://localhost", "http://"}) {
    EXPECT_TRUE(origin_is_foreign(origin, "localhost:3000", {})) << origin;
  }
  EXPECT_TRUE(origin_is_foreign(std::string("http://127.0.0.1\0", 17), "localhost", {}));
}

TEST(LoopbackTest, SiteOfTheHostIsOurOwn) {
  const auto foreign = [](const char* origin, const char* host) {
    return origin_is_foreign(origin, host, {});
  };
  EXPECT_FALSE(foreign("http://10.0.0.5:3000", "10.0.0.5:3000"));
  EXPECT_FALSE(foreign("http://stats.example", "STATS.example."));
  EXPECT_FALSE(foreign("http://stats.example", "stats.example:80"));
  EXPECT_FALSE(foreign("https://stats.example", "stats.example"));
  EXPECT_FALSE(foreign("https://stats.example:443", "stats.example"));
  EXPECT_TRUE(foreign("http://10.0.0.5:3001", "10.0.0.5:3000"));
  EXPECT_TRUE(foreign("http://10.0.0.5", "10.0.0.5:3000"));
  EXPECT_TRUE(foreign("http://10.0.0.5:3000", "10.0.0.5"));
  EXPECT_TRUE(foreign("https://10.0.0.5", "10.0.0.5:80"));
  EXPECT_TRUE(foreign("http://10.0.0.6:3000", "10.0.0.5:3000"));
  EXPECT_TRUE(foreign("http://10.0.0.5:3000", ""));
}

TEST(LoopbackTest, ConfiguredOriginIsLetIn) {
  const std::vector<std::string> allowed = {"http://stats.example", "https://grafana.example:8443"};
  EXPECT_FALSE(origin_is_foreign("https://grafana.example:8443", "localhost", allowed));
  EXPECT_TRUE(origin_is_foreign("https://grafana.example", "localhost", allowed));
  EXPECT_TRUE(origin_is_foreign("http://grafana.example:8443", "localhost", allowed));
  EXPECT_TRUE(origin_is_foreign("", "localhost", {}));
  EXPECT_TRUE(origin_is_foreign("null", "localhost", allowed));
  EXPECT_FALSE(origin_is_foreign("https://anybody.example", "localhost", std::vector<std::string>{"*"}));
}

TEST(LoopbackTest, ForeignHostIsRefused) {
  const auto refusal = refuse_site({"evil.example", std::nullopt}, {});
  EXPECT_EQ(refusal,
            (Refusal{403, "foreign_host",
                     "the Host \"evil.example\" is not this machine's own; a daemon without tokens "
                     "answers to localhost, 127.0.0.0/8 and [::1] only: use one of them, or start "
                     "it with --tokens",
                     ""}));
  EXPECT_EQ(refuse_site({"localhost:3000", std::nullopt}, {}), std::nullopt);
}

TEST(LoopbackTest, HostMayBeMissingInHttp10Only) {
  EXPECT_EQ(refuse_site({std::nullopt, std::nullopt, true}, {}), std::nullopt);
  const auto refusal = refuse_site({std::nullopt, std::nullopt, false}, {});
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->message,
            "the request has no Host header; a daemon without tokens answers to localhost, "
            "127.0.0.0/8 and [::1] only: use one of them, or start it with --tokens");
  // Empty is not missing.
  EXPECT_TRUE(refuse_site({"", std::nullopt, true}, {}));
  EXPECT_TRUE(refuse_site({"evil.example", std::nullopt, true}, {}));
}

TEST(LoopbackTest, ForeignOriginIsRefusedWhateverTheHost) {
  const Refusal expected{
      403, "foreign_origin",
      "the request comes from a page of \"http://evil.example\", which is another "
      "site; a daemon without tokens answers to pages of its own only: let that one in with "
      "--cors-origin, or start it with --tokens",
      ""};
  EXPECT_EQ(refuse_site({"localhost", "http://evil.example"}, {}), expected);
  EXPECT_EQ(refuse_site({std::nullopt, "http://evil.example", true}, {}), expected);
  EXPECT_EQ(refuse_site({"10.0.0.5", "http://evil.example"}, {true}), expected);
  EXPECT_EQ(refuse_site({"localhost", "http://localhost"}, {}), std::nullopt);
  const std::vector<std::string> allowed = {"http://evil.example"};
  EXPECT_EQ(refuse_site({"localhost", "http://evil.example"}, {false, allowed}), std::nullopt);
}

// A page that bound its own name to 127.0.0.1 is of the same site as the Host it sends.
TEST(LoopbackTest, ReboundNameIsRefusedByItsHost) {
  const auto refusal = refuse_site({"evil.example:3000", "http://evil.example:3000"}, {});
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, "foreign_host");
}

TEST(LoopbackTest, OpenedDaemonTakesAnyHost) {
  const SiteRules open{true};
  EXPECT_EQ(refuse_site({"stats.example:3000", std::nullopt}, open), std::nullopt);
  EXPECT_EQ(refuse_site({"stats.example:3000", "http://stats.example:3000"}, open), std::nullopt);
  EXPECT_EQ(refuse_site({std::nullopt, std::nullopt, false}, open), std::nullopt);
}

TEST(LoopbackTest, AnyBytesAreReadWithoutHarm) {
  test::Random random;
  for (int i = 0; i < 20'000; ++i) {
    std::string host =
        random.pick(std::vector<std::string>{"localhost:3000", "[::1]:80", "127.0.0.1"});
    const std::size_t at = static_cast<std::size_t>(random.below(host.size()));
    host[at] = static_cast<char>(random.bits());
    host.resize(static_cast<std::size_t>(random.below(host.size() + 1)));
    const bool loopback = host_is_loopback(host);
    EXPECT_EQ(origin_is_foreign("http://" + host, "", {}), !loopback) << host;
  }
}

}  // namespace
}  // namespace minuted::auth
