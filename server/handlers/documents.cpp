// `GET /openapi.json`, `/docs` and the page's style: made when the daemon was built, and kept by clients for
// as long as they are the same.
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "handlers/handlers.hpp"
#include "handlers/reading.hpp"
#include "http/preference.hpp"
#include "openapi/served.hpp"

namespace minuted::http {
namespace {

// Within it nobody asks again, so an upgrade is seen by everybody after an hour.
constexpr std::string_view kCacheControl = "public, max-age=3600";
// The page loads its style and nothing else.
constexpr std::string_view kPagePolicy =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

// Whether a list of entity tags names `etag`; both are weak (RFC 9110, section 13.1.2).
bool names(std::string_view list, std::string_view etag) {
  for (auto member = take_member(list); member; member = take_member(list)) {
    if (*member == "*" || *member == etag || *member == etag.substr(2)) return true;
  }
  return false;
}

}  // namespace

Awaitable<Response> get_document(Services&, Request& request) {
  const auto all = openapi::served();
  const auto one = std::find_if(all.begin(), all.end(), [&](const openapi::Served& served) {
    return served.path == request.path;
  });
  Response response;
  response.content_type = one->content_type;
  response.vary = kVaryCoding;
  response.headers.emplace_back("ETag", one->etag);
  response.cache_control = kCacheControl;
  if (one->content_type.starts_with("text/html")) response.content_policy = kPagePolicy;
  if (names(request.headers.joined("If-None-Match"), one->etag)) {
    response.status = 304;
    co_return response;
  }
  response.source = std::make_unique<TextSource>(std::string(one->content));
  co_return response;
}

}  // namespace minuted::http
