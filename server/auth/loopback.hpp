// What keeps web pages away from a daemon that runs without tokens: it is reached by a loopback
// name only (else a page could rebind its own name to 127.0.0.1 and read the answers), and pages of
// other sites may not make it do things. Pure; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "auth/access.hpp"

namespace minuted::auth {

// Whether a `Host` value is `localhost`, an address of 127.0.0.0/8 or `[::1]` (in any spelling), in
// any case, with one trailing dot or none on names and IPv4, with a port or none. Nothing else is.
bool host_is_loopback(std::string_view host);

// Whether an `Origin` value is of another site than the daemon: not an http(s) origin on loopback,
// not the site of `host`, not one of `allowed` (whole origins like `https://grafana.example`, as
// browsers send them; `*` stands for all). `null`, which sandboxed pages send, is foreign, as is anything that is not one origin.
bool origin_is_foreign(std::string_view origin, std::string_view host,
                       std::span<const std::string> allowed);

struct SiteHeaders {
  std::optional<std::string_view> host;    // of an absolute-form target if the request has one
  std::optional<std::string_view> origin;  // no header: not from a page, or from one of our own
  bool http_1_0 = false;
};

struct SiteRules {
  bool any_host = false;  // the operator opened the daemon to the network in so many words
  std::span<const std::string> allowed_origins{};  // the operator's; borrowed
};

// Why a daemon without tokens turns the request away (a 403), or nullopt. HTTP/1.0 has no Host, and
// without one is let in, for no browser speaks it; from HTTP/1.1 on a Host is wanted.
std::optional<Refusal> refuse_site(const SiteHeaders& headers, const SiteRules& rules);

}  // namespace minuted::auth
