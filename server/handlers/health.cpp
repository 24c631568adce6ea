// Whether the daemon lives, whether it can do its work, and what it is.
#include "handlers/handlers.hpp"
#include "handlers/services.hpp"
#include "render/json_text.hpp"

namespace minuted::http {

Awaitable<Response> get_livez(Services&, Request&) {
  Response response;
  response.body = R"({"success":true,"status":"alive"})";
  co_return response;
}

Awaitable<Response> get_readyz(Services& services, Request&) {
  Response response;
  if (services.stopping) {
    response = retry_response(503, "stopping", "the daemon is stopping", 5);
  } else if (const auto failure = services.engine.failure()) {
    response = retry_response(503, "writes_stopped", "writes are stopped: " + failure->message, 5);
  } else if (const auto clock_error = services.engine.clock_error()) {
    response = error_response(*clock_error);
  } else {
    response.body = R"({"success":true,"status":"ready"})";
  }
  co_return response;
}

Awaitable<Response> get_version(Services&, Request&) {
  Response response;
  response.body = R"({"success":true,"name":"minuted","version":)";
  render::append_json_string(MINUTED_VERSION, response.body);
  response.body += '}';
  co_return response;
}

}  // namespace minuted::http
