#include "auth/loopback.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

#include "minuted/event.hpp"

namespace minuted::auth {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

// `host[:port]`, taken apart. The name in lower case and without the trailing dot.
struct Authority {
  std::string name;  // brackets included
  std::optional<std::uint16_t> port;
};

std::optional<Authority> parse_authority(std::string_view text) {
  const bool bracketed = text.starts_with('[');
  const std::size_t close = bracketed ? text.find(']') : 0;
  if (close == text.npos) return std::nullopt;
  const std::size_t colon = text.find(':', close);
  std::string_view name = text.substr(0, colon);
  if (bracketed && name.size() != close + 1) return std::nullopt;
  Authority authority;
  if (colon != text.npos && colon + 1 < text.size()) {
    const char* const end = text.data() + text.size();
    std::uint16_t port = 0;
    const auto read = std::from_chars(text.data() + colon + 1, end, port);
    if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
    authority.port = port;
  }
  if (!bracketed && name.ends_with('.')) name.remove_suffix(1);
  if (name.empty()) return std::nullopt;
  authority.name = lower(name);
  return authority;
}

bool is_loopback(const Authority& authority) {
  const std::string& name = authority.name;
  if (name == "localhost") return true;
  if (name.front() == '[') {
    in6_addr address;
    return ::inet_pton(AF_INET6, name.substr(1, name.size() - 2).c_str(), &address) == 1 &&
           IN6_IS_ADDR_LOOPBACK(&address);
  }
  // Four decimal parts and nothing else: shorter and octal forms mean different things to different
  // programs.
  in_addr address;
  return ::inet_pton(AF_INET, name.c_str(), &address) == 1 &&
         ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET;
}

struct Origin {
  bool secure;
  Authority site;
  std::uint16_t port() const { return site.port.value_or(secure ? kHttpsPort : kHttpPort); }
};

std::optional<Origin> parse_origin(std::string_view text) {
  const std::size_t end = text.find("://");
  if (end == text.npos) return std::nullopt;
  const std::string scheme = lower(text.substr(0, end));
  if (scheme != "http" && scheme != "https") return std::nullopt;
  auto site = parse_authority(text.substr(end + 3));
  if (!site) return std::nullopt;
  return Origin{scheme == "https", std::move(*site)};
}

}  // namespace

bool host_is_loopback(std::string_view host) {
  // A NUL would end the text early for inet_pton.
  if (host.find('\0') != host.npos) return false;
  const auto authority = parse_authority(host);
  return authority && is_loopback(*authority);
}

bool origin_is_foreign(std::string_view origin, std::string_view host,
                       std::span<const std::string> allowed) {
  const auto named = [&](const std::string& one) { return one == "*" || one == origin; };
  if (std::any_of(allowed.begin(), allowed.end(), named)) return false;
  if (origin.find('\0') != origin.npos) return true;
  const auto from = parse_origin(origin);
  if (!from) return true;
  if (is_loopback(from->site)) return false;
  const auto here = parse_authority(host);
  if (!here || here->name != from->site.name) return true;
  // Behind a proxy that ends TLS the scheme is not ours to know, but a Host without a port is of
  // the page's own scheme.
  return here->port ? *here->port != from->port()
                    : from->port() != (from->secure ? kHttpsPort : kHttpPort);
}

std::optional<Refusal> refuse_site(const SiteHeaders& headers, const SiteRules& rules) {
  const bool host_missing = !headers.host && !headers.http_1_0;
  const bool host_foreign = headers.host && !host_is_loopback(*headers.host);
  if (!rules.any_host && (host_missing || host_foreign)) {
    const std::string which =
        headers.host ? "the Host " + shorten(*headers.host) + " is not this machine's own"
                     : "the request has no Host header";
    return Refusal{403,
                   "foreign_host",
                   which +
                       "; a daemon without tokens answers to localhost, 127.0.0.0/8 and [::1] "
                       "only: use one of them, or start it with --tokens",
                   {}};
  }
  if (headers.origin &&
      origin_is_foreign(*headers.origin, headers.host.value_or(""), rules.allowed_origins)) {
    return Refusal{403,
                   "foreign_origin",
                   "the request comes from a page of " + shorten(*headers.origin) +
                       ", which is another site; a daemon without tokens answers to pages of its "
                       "own only: let that one in with --cors-origin, or start it with --tokens",
                   {}};
  }
  return std::nullopt;
}

}  // namespace minuted::auth
