#include "handlers/access.hpp"

#include "handlers/services.hpp"

namespace minuted::http {

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
    return std::nullopt;
  }
  request.caller = auth::identify(services.tokens->current(),
                                  request.headers.find("Authorization"), services.clock.now());
  if (const auto refusal = request.caller.refuse(route.need)) return answer_of(*refusal);
  return std::nullopt;
}

}  // namespace minuted::http
