// What is answered while the store is being opened. Any thread.
#pragma once

#include "http/response.hpp"
#include "minuted/status.hpp"

namespace minuted::http {

// 503 with what is done and how far it is.
Response opening_response(const EngineStatus& status);

}  // namespace minuted::http
