// What is served of the API's document: the document itself, its page and the page's style, as they were
// made when the daemon was built. Values for the program's whole life; any thread.
#pragma once

#include <span>
#include <string_view>

namespace minuted::openapi {

struct Served {
  std::string_view path;  // `/openapi.json`, …
  std::string_view content_type;
  std::string_view etag;  // a hash of the content, quotes and all
  std::string_view content;
};

std::span<const Served> served();

}  // namespace minuted::openapi
