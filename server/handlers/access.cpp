#include "handlers/access.hpp"

#include "handlers/opening.hpp"
#include "handlers/services.hpp"

namespace minuted::http {
namespace {

std::optional<Response> refuse_while_opening(const Services& services, auth::Need need) {
  if (!services.opening || need == auth::Need::kNothing || need == auth::Need::kMetrics) {
    return std::nullopt;
  }
  return opening_response(services.engine.status());
}

}  // namespace

Response answer_of(const auth::Refusal& refusal) {
  Response response = error_response(refusal.status, refusal.code, refusal.message);
  if (!refusal.challenge.empty()) {
    response.headers.emplace_back("WWW-Authenticate", std::string(refusal.challenge));
  }
  return response;
}

std::optional<Response> admit(Services& services, const Route& route, Request& request) {
  if (services.tokens == nullptr) {
    const auth::SiteHeaders site{request.host, request.headers.find("Origin"), request.http_1_0};
    const auto foreign = auth::refuse_site(site, services.options.site_rules);
    if (foreign) return answer_of(*foreign);
    return refuse_while_opening(services, route.need);
  }
  request.caller = auth::identify(services.tokens->current(),
                                  request.headers.find("Authorization"), services.clock.now());
  if (const auto refusal = request.caller.refuse(route.need)) return answer_of(*refusal);
  return refuse_while_opening(services, route.need);
}

}  // namespace minuted::http
