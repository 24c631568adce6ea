// What an operator tells the daemon to do.
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "handlers/access.hpp"
#include "handlers/handlers.hpp"
#include "handlers/services.hpp"
#include "render/minute_params.hpp"
#include "render/path_ids.hpp"

namespace minuted::http {
namespace {

struct Fold {
  Engine* engine;
  Result<void> outcome{};
  void operator()() { outcome = engine->fold(); }
};

struct Remove {
  Engine* engine;
  Removal removal;
  Result<void> outcome{};
  void operator()() { outcome = engine->remove(removal); }
};

// Whether there is a `?` with nothing behind it. Path and query are parts of one target.
bool has_bare_mark(const Request& request) {
  return request.query.empty() && request.query.data() != request.path.data() + request.path.size();
}

// What is to be removed, or why not.
std::variant<Removal, Response> removal_of(std::string_view pattern, const Request& request) {
  const auto refused = [](const render::ParameterError& fault) {
    return error_response(400, fault.code, fault.message);
  };
  auto ids = render::path_ids(pattern, request.path);
  if (const auto* fault = std::get_if<render::ParameterError>(&ids)) return refused(*fault);
  if (has_bare_mark(request)) {
    return refused({render::kInvalidParameter,
                    "the query is empty; give startDate and endDate, or leave out the ?"});
  }
  // Dates in a body would not be looked at, and all would be removed.
  if (request.body.size() != 0) {
    return refused({render::kInvalidParameter,
                    "the body of " + std::to_string(request.body.size()) +
                        " bytes is not accepted; give startDate and endDate as query parameters, and "
                        "no body"});
  }
  auto dates = render::parse_dates(request.query);
  if (const auto* fault = std::get_if<render::ParameterError>(&dates)) return refused(*fault);
  auto& names = std::get<std::vector<std::string>>(ids);
  if (auto refusal = request.caller.refuse_repo(names.front())) return answer_of(*refusal);
  Removal removal{std::move(names.front()), std::nullopt,
                  std::get<std::optional<MinuteRange>>(dates)};
  if (names.size() > 1) removal.bucket = std::move(names[1]);
  return removal;
}

Awaitable<Response> remove(Services& services, Request& request, std::string_view pattern) {
  auto removal = removal_of(pattern, request);
  if (auto* refused = std::get_if<Response>(&removal)) co_return std::move(*refused);
  Remove work{&services.engine, std::move(std::get<Removal>(removal))};
  co_await run_on(services.administration, work);
  if (!work.outcome.ok()) co_return error_response(work.outcome.error());
  Response response;
  response.body = R"({"success":true})";
  co_return response;
}

}  // namespace

Awaitable<Response> delete_repo(Services& services, Request& request) {
  return remove(services, request, kRepoPath);
}

Awaitable<Response> delete_bucket(Services& services, Request& request) {
  return remove(services, request, kBucketPath);
}

Awaitable<Response> post_fold(Services& services, Request&) {
  Fold fold{&services.engine};
  co_await run_on(services.administration, fold);
  if (!fold.outcome.ok()) co_return error_response(fold.outcome.error());
  Response response;
  response.body = R"({"success":true})";
  co_return response;
}

}  // namespace minuted::http
