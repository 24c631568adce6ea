// Routes: one table of method, path and handler, from which 404, 405 and Allow fall out by themselves.
// The table is the handlers'; what a row means is said here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/asio.hpp"
#include "http/request.hpp"
#include "http/response.hpp"

namespace minuted::http {

class Services;  // what handlers work with; theirs, opaque here

enum class BodyRule : std::uint8_t {
  kIgnored,  // up to kIgnoredBodyBytesMax is drained, more is refused
  kTaken,    // read whole into Request::body
  kSmall,    // the same, if there is one, up to kSmallBodyBytesMax
};
inline constexpr std::size_t kIgnoredBodyBytesMax = 64 << 10;
inline constexpr std::size_t kSmallBodyBytesMax = 64 << 10;

struct Route {
  Method method;
  std::string_view path;  // a segment in braces, as in /repos/{repoId}, stands for any
  auth::Need need;  // who may ask
  BodyRule body;
  // Judges the header before the body is read; an answer ends the request. May be null.
  std::optional<Response> (*check)(Services&, const Request&);
  // Answers. For HEAD it is called as for GET and what it would stream is not asked for.
  Awaitable<Response> (*handle)(Services&, Request&);
};

// Position of the route in `routes`, or nullopt. HEAD finds GET's.
std::optional<std::size_t> find_route(std::span<const Route> routes, Method method,
                                      std::string_view path);

// The path of the route whose path is most like `path`, letters of either case being alike and
// segments in braces standing for whatever is there. `routes` must not be empty.
std::string_view nearest_path(std::span<const Route> routes, std::string_view path);

// `GET, HEAD, POST`, …: the methods of `path`, empty if there is no such path.
std::string allowed_methods(std::span<const Route> routes, std::string_view path);

}  // namespace minuted::http
