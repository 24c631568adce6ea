// What an operator tells the daemon to do.
#include "handlers/handlers.hpp"
#include "handlers/services.hpp"

namespace minuted::http {
namespace {

struct Fold {
  Engine* engine;
  Result<void> outcome{};
  void operator()() { outcome = engine->fold(); }
};

}  // namespace

Awaitable<Response> post_fold(Services& services, Request&) {
  Fold fold{&services.engine};
  co_await run_on(services.administration, fold);
  if (!fold.outcome.ok()) co_return error_response(fold.outcome.error());
  Response response;
  response.body = R"({"success":true})";
  co_return response;
}

}  // namespace minuted::http
