// A body that the engine's decoders refuse, as an answer of HTTP. Pure; any thread.
#pragma once

#include "http/response.hpp"
#include "json/event_json.hpp"

namespace minuted::http {

// 400 with the decoder's message, and with the headers that would have the body accepted where it
// has a hint.
Response body_error_response(const json::BodyError& error);

}  // namespace minuted::http
