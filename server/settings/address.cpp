#include "settings/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>

namespace minuted::settings {
namespace {

constexpr std::size_t kMappedBytes = 12;  // of ::ffff:0:0/96, before the four of IPv4
constexpr unsigned kMappedBits = 8 * kMappedBytes;
constexpr unsigned kAddressBits = 128;

Error fault(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

bool is_mapped(const IpAddress& address) {
  const auto& b = address.bytes;
  return std::all_of(b.begin(), b.begin() + 10, [](std::uint8_t byte) { return byte == 0; }) &&
         b[10] == 0xff && b[11] == 0xff;
}

IpAddress masked(IpAddress address, unsigned prefix_bits) {
  for (unsigned i = 0; i < address.bytes.size(); ++i) {
    const unsigned kept = std::clamp(prefix_bits, 8 * i, 8 * i + 8) - 8 * i;
    address.bytes[i] = static_cast<std::uint8_t>(address.bytes[i] & (0xff00U >> kept));
  }
  return address;
}

// Decimal digits only, at most `last`.
std::optional<unsigned> parse_small(std::string_view text, unsigned last) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > last) return std::nullopt;
  return value;
}

}  // namespace

std::optional<IpAddress> parse_ip(std::string_view text) {
  const std::string terminated(text);
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  IpAddress address;
  if (::inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  address.bytes = {};
  address.bytes[10] = address.bytes[11] = 0xff;
  if (::inet_pton(AF_INET, terminated.c_str(), address.bytes.data() + kMappedBytes) == 1) {
    return address;
  }
  return std::nullopt;
}

bool contains(const AddressRange& range, const IpAddress& address) {
  return masked(address, range.prefix_bits) == range.base;
}

bool is_loopback(const ListenAddress& listen) {
  if (listen.host == "localhost") return true;
  const auto address = parse_ip(listen.host);
  if (!address) return false;
  static const AddressRange kLoopback4 = *parse_address_range("127.0.0.0/8");
  static const AddressRange kLoopback6 = *parse_address_range("::1");
  return contains(kLoopback4, *address) || contains(kLoopback6, *address);
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
  if (text.find("://") != std::string_view::npos) {
    return fault("is a URL, of which only the host and port are accepted");
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return fault("has no port");
  std::string_view host = text.substr(0, colon);
  const auto port = parse_small(text.substr(colon + 1), 65535);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == std::string_view::npos) {
      return fault("has brackets around what is not an IPv6 address");
    }
  } else if (host.find(':') != std::string_view::npos) {
    return fault("has an IPv6 address without brackets");
  }
  if (host != "localhost" && !parse_ip(host)) {
    return fault("has a host that is neither an IP address nor localhost");
  }
  if (!port) return fault("has a port that is not a number from 0 to 65535");
  return ListenAddress{std::string(host), static_cast<std::uint16_t>(*port)};
}

Result<AddressRange> parse_address_range(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  const auto address = parse_ip(host);
  if (!address) return fault("is not an IP address or a CIDR range");
  unsigned bits = kAddressBits;
  if (slash != std::string_view::npos) {
    const bool four = host.find(':') == std::string_view::npos;
    const unsigned before = four ? kMappedBits : 0;
    const auto given = parse_small(text.substr(slash + 1), kAddressBits - before);
    if (!given) {
      return fault("has a prefix that is not a number from 0 to " +
                   std::to_string(kAddressBits - before));
    }
    bits = before + *given;
  }
  const AddressRange range{masked(*address, bits), static_cast<std::uint8_t>(bits)};
  if (range.base != *address) {
    return fault("has bits set behind its prefix: the range is " + to_text(range));
  }
  return range;
}

std::string to_text(const ListenAddress& listen) {
  const bool six = listen.host.find(':') != std::string::npos;
  return (six ? "[" + listen.host + "]" : listen.host) + ":" + std::to_string(listen.port);
}

std::string to_text(const AddressRange& range) {
  const bool four = is_mapped(range.base) && range.prefix_bits >= kMappedBits;
  char text[INET6_ADDRSTRLEN];
  ::inet_ntop(four ? AF_INET : AF_INET6, range.base.bytes.data() + (four ? kMappedBytes : 0), text,
              sizeof text);
  std::string out = text;
  if (range.prefix_bits < kAddressBits) {
    out += "/" + std::to_string(range.prefix_bits - (four ? kMappedBits : 0));
  }
  return out;
}

}  // namespace minuted::settings
