// The OpenAPI document as a page for people: HTML that loads one style sheet and nothing else, and needs
// no script. Made when the daemon is built. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace minuted::openapi {

// `document` as compose() makes it; `style` is where the page finds its style sheet.
std::string render_page(std::string_view document, std::string_view style);

}  // namespace minuted::openapi
