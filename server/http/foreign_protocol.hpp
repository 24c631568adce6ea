// The protocols that reach this port by mistake, recognised by the first bytes of a connection. Pure;
// any thread.
#pragma once

#include <optional>
#include <string_view>

namespace minuted::http {

// What to say to a client whose bytes, which are not HTTP/1.1, begin with `bytes`: one sentence that
// names the protocol and what to do, if it is TLS, HTTP/2 or a PROXY header.
std::optional<std::string_view> foreign_protocol_advice(std::string_view bytes);

}  // namespace minuted::http
