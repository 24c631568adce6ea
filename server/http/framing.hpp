// What must hold of a request's header before anything is made of it: one way to read where its body
// ends, a target we understand, sizes within bounds. The traps are those of request smuggling: two
// readers of one connection must never disagree on where a request ends (RFC 9112, sections 6 and 11.2).
// Pure; any thread.
#pragma once

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "http/limits.hpp"
#include "http/request.hpp"
#include "http/response.hpp"

namespace minuted::http {

using Header = boost::beast::http::request_header<>;

struct Framing {
  Method method;
  std::string_view path;   // begins with `/`, or is `*`
  std::string_view query;
  std::optional<std::string_view> host;  // an absolute target's wins over the Host field
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
  bool expects_continue = false;

  bool has_body() const { return chunked || content_length.value_or(0) != 0; }
};

// Whether `lines`, whole ones of a header as they were sent, have a field that goes on in the next
// line (obs-fold, RFC 9112, section 5.2). What the parser makes of them does not show it.
bool folds_a_field(std::string_view lines);

// `path` with repeated slashes as one and without a slash at its end; nullopt if it has neither. Of `/`
// nothing is left out.
std::optional<std::string> without_empty_segments(std::string_view path);

// The refusal of a header that gives a field of which there can be one only, Content-Type,
// Content-Encoding or Authorization, more than once with different values: whoever reads it in front of
// the daemon may go by another than the daemon does.
std::optional<Response> refuse_conflicts(const Headers& headers);

// The header's framing, or the refusal, after which the connection cannot go on.
std::variant<Framing, Response> read_framing(const Header& header, const Limits& limits);

}  // namespace minuted::http
