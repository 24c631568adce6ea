#include "http/foreign_protocol.hpp"

namespace minuted::http {

std::optional<std::string_view> foreign_protocol_advice(std::string_view bytes) {
  using namespace std::string_view_literals;
  // A handshake's first byte, which no method begins with.
  if (bytes.starts_with('\x16')) {
    return "the request is TLS, and here is HTTP; ask by http://, or have a proxy end TLS before the "
           "daemon";
  }
  if (bytes.starts_with("PRI * HTTP/2")) {
    return "the request is HTTP/2, and here is HTTP/1.1; have the client or the proxy use HTTP/1.1";
  }
  if (bytes.starts_with("PROXY ")) {
    return "the connection begins with a PROXY header, which is not read here; have the proxy send "
           "none";
  }
  // The signature of version 2, of which empty lines may have been taken off already.
  while (bytes.starts_with("\r\n")) bytes.remove_prefix(2);
  if (bytes.starts_with("\0\r\nQUIT\n"sv)) {
    return "the connection begins with a PROXY header of version 2, which is not read here; have the "
           "proxy send none";
  }
  return std::nullopt;
}

}  // namespace minuted::http
