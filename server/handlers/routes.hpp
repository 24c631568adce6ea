// Every route the daemon has. Start here to find what answers a request.
#pragma once

#include <span>

#include "http/route.hpp"

namespace minuted::http {

std::span<const Route> routes();

}  // namespace minuted::http
