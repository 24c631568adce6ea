// Promise: what is taken for this machine only is this machine only, and a trusted range covers the
// addresses its text says, whichever way they come in.
#include "settings/address.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace minuted::settings {
namespace {

// The address back as text, or what is wrong with it.
std::string listen(std::string_view text) {
  const auto address = parse_listen_address(text);
  return address ? address->host + " " + std::to_string(address->port) : address.error().message;
}

std::string range(std::string_view text) {
  const auto parsed = parse_address_range(text);
  return parsed ? to_text(*parsed) : parsed.error().message;
}

bool covers(std::string_view text, std::string_view address) {
  return contains(*parse_address_range(text), *parse_ip(address));
}

TEST(ListenAddressTest, HostAndPortAreTakenApart) {
  EXPECT_EQ(listen("127.0.0.1:3000"), "127.0.0.1 3000");
  EXPECT_EQ(listen("[::1]:3000"), "::1 3000");
  EXPECT_EQ(listen("localhost:0"), "localhost 0");
  EXPECT_EQ(listen("0.0.0.0:65535"), "0.0.0.0 65535");
}

TEST(ListenAddressTest, WhatIsNoAddressIsRefused) {
  EXPECT_EQ(listen(""), "has no port");
  EXPECT_EQ(listen("127.0.0.1"), "has no port");
  for (const char* text : {"127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1",
                           "127.0.0.1: 1", "127.0.0.1:http", "[::1]:99999999999999999999"}) {
    EXPECT_EQ(listen(text), "has a port that is not a number from 0 to 65535") << text;
  }
  for (const char* text : {"http://127.0.0.1:3000", "https://localhost", "http://[::1]:3000/",
                           "tcp://0.0.0.0:3000"}) {
    EXPECT_EQ(listen(text), "is a URL, of which only the host and port are accepted") << text;
  }
  for (const char* text : {":3000", "*:3000", "example.org:3000", "127.1:3000", "1.2.3.256:1",
                           "LOCALHOST:1", "[::1:3000"}) {
    EXPECT_TRUE(listen(text) == "has a host that is neither an IP address nor localhost" ||
                listen(text) == "has an IPv6 address without brackets")
        << text << " " << listen(text);
  }
  EXPECT_EQ(listen("::1:3000"), "has an IPv6 address without brackets");
  EXPECT_EQ(listen("[fe80::1%eth0]:1"), "has a host that is neither an IP address nor localhost");
  EXPECT_EQ(listen("[127.0.0.1]:1"), "has brackets around what is not an IPv6 address");
  EXPECT_EQ(listen("[localhost]:1"), "has brackets around what is not an IPv6 address");
  EXPECT_EQ(listen(std::string("127.0.0.1\0:1", 12)),
            "has a host that is neither an IP address nor localhost");
}

TEST(ListenAddressTest, TextReadsBack) {
  for (const char* text : {"127.0.0.1:3000", "[::1]:0", "localhost:1", "[2001:db8::7]:80"}) {
    EXPECT_EQ(to_text(*parse_listen_address(text)), text);
  }
}

TEST(ListenAddressTest, LoopbackIsThisMachineOnly) {
  for (const char* host :
       {"localhost", "127.0.0.1", "127.255.255.255", "::1", "0:0::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(is_loopback({host, 1})) << host;
  }
  for (const char* host : {"0.0.0.0", "::", "128.0.0.1", "126.255.255.255", "10.0.0.1", "::2",
                           "::ffff:10.0.0.1", "::127.0.0.1", "example.org", ""}) {
    EXPECT_FALSE(is_loopback({host, 1})) << host;
  }
}

TEST(AddressRangeTest, TextReadsBack) {
  for (const char* text : {"192.0.2.1", "10.0.0.0/8", "0.0.0.0/0", "128.0.0.0/1", "10.1.2.2/31",
                           "::1", "2001:db8::/32", "::/0", "8000::/1", "2001:db8::8/125"}) {
    EXPECT_EQ(range(text), text);
  }
  EXPECT_EQ(range("192.0.2.1/32"), "192.0.2.1");
  EXPECT_EQ(range("2001:DB8:0::1/128"), "2001:db8::1");
  EXPECT_EQ(range("::ffff:10.0.0.0/104"), "10.0.0.0/8");
}

TEST(AddressRangeTest, WhatIsNoRangeIsRefused) {
  for (const char* text : {"", "/8", "10.0.0/8", "example.org", "[::1]", "10.0.0.0:80", "*"}) {
    EXPECT_EQ(range(text), "is not an IP address or a CIDR range") << text;
  }
  for (const char* text : {"10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8"}) {
    EXPECT_EQ(range(text), "has a prefix that is not a number from 0 to 32") << text;
  }
  EXPECT_EQ(range("::/129"), "has a prefix that is not a number from 0 to 128");
  EXPECT_EQ(range("10.0.0.1/8"), "has bits set behind its prefix: the range is 10.0.0.0/8");
  EXPECT_EQ(range("2001:db8::1/64"), "has bits set behind its prefix: the range is 2001:db8::/64");
}

TEST(AddressRangeTest, CoversExactlyItsPrefix) {
  EXPECT_TRUE(covers("10.0.0.0/8", "10.0.0.0"));
  EXPECT_TRUE(covers("10.0.0.0/8", "10.255.255.255"));
  EXPECT_FALSE(covers("10.0.0.0/8", "11.0.0.0"));
  EXPECT_FALSE(covers("10.0.0.0/8", "9.255.255.255"));
  EXPECT_TRUE(covers("10.0.0.128/25", "10.0.0.128"));
  EXPECT_FALSE(covers("10.0.0.128/25", "10.0.0.127"));
  EXPECT_TRUE(covers("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(covers("192.0.2.1", "192.0.2.0"));
  EXPECT_TRUE(covers("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(covers("2001:db8::/33", "2001:db8:8000::1"));
}

TEST(AddressRangeTest, Ipv4IsTheSameOverADualStackSocket) {
  EXPECT_TRUE(covers("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_FALSE(covers("10.0.0.0/8", "::10.1.2.3"));
  EXPECT_FALSE(covers("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(covers("::/0", "10.1.2.3"));
}

}  // namespace
}  // namespace minuted::settings
