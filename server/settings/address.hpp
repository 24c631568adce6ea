// Addresses as settings name them: where to listen, and which peers an address or a CIDR range
// covers. Pure values; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "minuted/result.hpp"

namespace minuted::settings {

// An address of either family in network order; one of IPv4 is held as ::ffff:a.b.c.d, so that a
// peer that comes in over a dual-stack socket compares equal to itself.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

// The addresses whose first `prefix_bits` (0 … 128, counted in the 16-byte form) are `base`'s. The
// other bits of `base` are 0.
struct AddressRange {
  IpAddress base;
  std::uint8_t prefix_bits = 0;
  friend bool operator==(const AddressRange&, const AddressRange&) = default;
};

struct ListenAddress {
  std::string host;        // an IP address without brackets, or "localhost"
  std::uint16_t port = 0;  // 0: the system's choice
  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

// Only programs of the same machine can reach it: localhost, 127.0.0.0/8, ::1.
bool is_loopback(const ListenAddress& listen);

bool contains(const AddressRange& range, const IpAddress& address);

// `192.0.2.1` or `2001:db8::1`; no zone, no brackets.
std::optional<IpAddress> parse_ip(std::string_view text);

// The texts of settings: `HOST:PORT` or `[HOST]:PORT`; an address, or one with `/BITS`. An error's
// message goes on from the value: it says what is wrong with it, not whose value it is.
Result<ListenAddress> parse_listen_address(std::string_view text);
Result<AddressRange> parse_address_range(std::string_view text);

// Back to text that parses to the same.
std::string to_text(const ListenAddress& listen);
std::string to_text(const AddressRange& range);

}  // namespace minuted::settings
