// Who asks, and whether they may: the first thing done with a header in order. Any thread.
#pragma once

#include <optional>

#include "http/request.hpp"
#include "http/response.hpp"
#include "http/route.hpp"

namespace minuted::http {

// Fills request.principal, or answers 401 or 403 in the handler's place.
std::optional<Response> admit(Services& services, const Route& route, Request& request);

// The answer that says no.
Response answer_of(const auth::Refusal& refusal);

}  // namespace minuted::http
