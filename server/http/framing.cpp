#include "http/framing.hpp"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <charconv>
#include <string>

#include "minuted/event.hpp"

namespace minuted::http {
namespace {

namespace bhttp = boost::beast::http;

constexpr unsigned kHttp11 = 11;  // the parser lets nothing else pass but 10

std::string_view view_of(boost::beast::string_view text) { return {text.data(), text.size()}; }

Method method_of(bhttp::verb verb) {
  switch (verb) {
    case bhttp::verb::get: return Method::kGet;
    case bhttp::verb::head: return Method::kHead;
    case bhttp::verb::post: return Method::kPost;
    case bhttp::verb::put: return Method::kPut;
    case bhttp::verb::delete_: return Method::kDelete;
    case bhttp::verb::options: return Method::kOptions;
    default: return Method::kOther;
  }
}

Response refuse(std::uint16_t status, std::string_view code, const std::string& message) {
  Response response = error_response(status, code, message);
  response.close = true;
  return response;
}

std::size_t field_bytes(const Header& header) {
  constexpr std::size_t kAround = 4;  // ": " and CRLF
  std::size_t bytes = 0;
  for (const auto& field : header) {
    bytes += field.name_string().size() + field.value().size() + kAround;
  }
  return bytes;
}

std::optional<Response> judge_sizes(const Header& header, const Limits& limits) {
  if (header.target().size() > limits.uri_bytes_max) {
    return refuse(414, "uri_too_long",
                  "the request target has " + std::to_string(header.target().size()) +
                      " bytes; " + std::to_string(limits.uri_bytes_max) + " are accepted");
  }
  if (const std::size_t bytes = field_bytes(header); bytes > limits.header_bytes_max) {
    return refuse(431, "header_too_large",
                  "the header fields have " + std::to_string(bytes) + " bytes; " +
                      std::to_string(limits.header_bytes_max) + " are accepted");
  }
  return std::nullopt;
}

// Where the body ends, so that nobody can read it otherwise.
std::optional<Response> read_lengths(const Header& header, Framing& framing) {
  const std::size_t encodings = header.count(bhttp::field::transfer_encoding);
  const std::size_t lengths = header.count(bhttp::field::content_length);
  if (encodings != 0) {
    const std::string_view coding = view_of(header[bhttp::field::transfer_encoding]);
    if (encodings > 1 || !boost::beast::iequals({coding.data(), coding.size()}, "chunked")) {
      return refuse(400, "bad_framing",
                    "Transfer-Encoding " + shorten(coding) +
                        " is not accepted; send it once, as exactly chunked, or not at all");
    }
    if (header.version() != kHttp11) {
      return refuse(400, "bad_framing", "Transfer-Encoding needs HTTP/1.1; send Content-Length");
    }
    if (lengths != 0) {
      return refuse(400, "bad_framing",
                    "Transfer-Encoding and Content-Length are both given; send one of them");
    }
    framing.chunked = true;
    return std::nullopt;
  }
  if (lengths == 0) return std::nullopt;
  const std::string_view text = view_of(header[bhttp::field::content_length]);
  if (lengths > 1) {
    return refuse(400, "bad_framing",
                  "Content-Length is given " + std::to_string(lengths) +
                      " times; send it once, as digits only");
  }
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return refuse(400, "bad_framing",
                  "Content-Length " + shorten(text) +
                      " is not one decimal number of bytes; send it once, as digits only");
  }
  framing.content_length = length;
  return std::nullopt;
}

// Splits the target; a proxy's absolute form is taken as well (RFC 9112, section 3.2.2).
std::optional<Response> read_target(const Header& header, Framing& framing) {
  std::string_view target = view_of(header.target());
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!boost::beast::iequals({target.data(), std::min(target.size(), scheme.size())},
                               {scheme.data(), scheme.size()})) {
      continue;
    }
    target.remove_prefix(scheme.size());
    const std::size_t authority = std::min(target.find_first_of("/?#"), target.size());
    framing.host = target.substr(0, authority);
    target.remove_prefix(authority);
    if (target.empty()) target = "/";
    break;
  }
  const bool star = target == "*" && framing.method == Method::kOptions;
  if (!star && (target.empty() || target.front() != '/' || target.find('#') != target.npos)) {
    return refuse(400, "bad_target",
                  "the request target " + shorten(view_of(header.target())) +
                      " is not a path; it begins with / and has no #");
  }
  const std::size_t mark = std::min(target.find('?'), target.size());
  framing.path = target.substr(0, mark);
  framing.query = target.substr(std::min(mark + 1, target.size()));
  return std::nullopt;
}

std::optional<Response> judge_expectation(const Header& header, Framing& framing) {
  const auto at = header.find(bhttp::field::expect);
  if (at == header.end()) return std::nullopt;
  if (!boost::beast::iequals(at->value(), "100-continue")) {
    return refuse(417, "expectation_failed",
                  "Expect " + shorten(view_of(at->value())) + " is not known; 100-continue is");
  }
  framing.expects_continue = header.version() == kHttp11;
  return std::nullopt;
}

}  // namespace

bool folds_a_field(std::string_view lines) {
  return lines.find("\n ") != lines.npos || lines.find("\n\t") != lines.npos;
}

std::optional<std::string> without_empty_segments(std::string_view path) {
  const bool repeated = path.find("//") != path.npos;
  if (!repeated && (path.size() < 2 || path.back() != '/')) return std::nullopt;
  std::string plain;
  plain.reserve(path.size());
  for (const char c : path) {
    if (c != '/' || plain.empty() || plain.back() != '/') plain += c;
  }
  if (plain.size() > 1 && plain.back() == '/') plain.pop_back();
  return plain;
}

std::optional<Response> refuse_conflicts(const Headers& headers) {
  for (const std::string_view name : {"Content-Type", "Content-Encoding", "Authorization"}) {
    if (headers.count(name) < 2 || headers.all_equal(name)) continue;
    return error_response(400, "conflicting_fields",
                          std::string(name) + " is given " + std::to_string(headers.count(name)) +
                              " times with different values; send it once");
  }
  return std::nullopt;
}

std::variant<Framing, Response> read_framing(const Header& header, const Limits& limits) {
  if (auto refused = judge_sizes(header, limits)) return std::move(*refused);
  Framing framing{};
  framing.method = method_of(header.method());
  if (auto refused = read_lengths(header, framing)) return std::move(*refused);
  if (auto refused = read_target(header, framing)) return std::move(*refused);
  const std::size_t hosts = header.count(bhttp::field::host);
  if (hosts > 1 || (hosts == 0 && header.version() == kHttp11)) {
    return refuse(400, "bad_host", "Host is given " + std::to_string(hosts) +
                                       " times; HTTP/1.1 wants it exactly once");
  }
  if (hosts == 1 && !framing.host) framing.host = view_of(header[bhttp::field::host]);
  if (auto refused = judge_expectation(header, framing)) return std::move(*refused);
  return framing;
}

}  // namespace minuted::http
