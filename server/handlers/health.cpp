// Whether the daemon lives, whether it can do its work, and what it is.
#include "handlers/handlers.hpp"
#include "handlers/opening.hpp"
#include "handlers/services.hpp"
#include "render/error_mapping.hpp"
#include "render/json_text.hpp"

namespace minuted::http {

Awaitable<Response> get_livez(Services&, Request&) {
  Response response;
  response.body = R"({"success":true,"status":"alive"})";
  co_return response;
}

Awaitable<Response> get_readyz(Services& services, Request&) {
  if (services.stopping) {
    co_return retry_response(503, "stopping", "the daemon is stopping", 5);
  }
  const EngineStatus status = services.engine.status();
  // Until the other routes are served as well, so that what follows a 200 here is not refused.
  if (services.opening || status.state == EngineState::kOpening) co_return opening_response(status);
  if (status.reason) {
    const std::string_view what = status.state == EngineState::kReadOnly
                                      ? "the data is served read-only: "
                                      : "writes are stopped: ";
    co_return retry_response(503, "writes_stopped",
                             std::string(what) + render::message_of(*status.reason), 5);
  }
  if (const auto clock_error = services.engine.clock_error()) co_return error_response(*clock_error);
  Response response;
  response.body = R"({"success":true,"status":"ready"})";
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
