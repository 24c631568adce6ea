// `PUT /repos/{repoId}`: what an operator tells of a repo, answered once it is on disk.
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "handlers/access.hpp"
#include "handlers/body_error.hpp"
#include "handlers/handlers.hpp"
#include "handlers/services.hpp"
#include "json/repo_json.hpp"
#include "render/json_text.hpp"
#include "render/path_ids.hpp"

namespace minuted::http {
namespace {

struct Tell {
  Engine* engine;
  std::string repo;
  RepoFactsChange change;
  Result<RepoFacts> outcome = RepoFacts{};
  void operator()() { outcome = engine->tell_repo(repo, change); }
};

// The repo that the path names, or why it cannot be told of.
std::variant<std::string, Response> repo_of(const Request& request) {
  auto ids = render::path_ids(kRepoPath, request.path);
  if (const auto* fault = std::get_if<render::ParameterError>(&ids)) {
    return error_response(400, fault->code, fault->message);
  }
  auto& repo = std::get<std::vector<std::string>>(ids).front();
  if (auto refusal = request.caller.refuse_repo(repo)) return answer_of(*refusal);
  return std::move(repo);
}

Response answer_with(std::string_view repo, const RepoFacts& facts) {
  Response response;
  std::string& out = response.body;
  out = R"({"success":true,"repoId":)";
  render::append_json_string(repo, out);
  out += R"(,"workspace":)";
  render::append_json_string(facts.workspace, out);
  out += R"(,"provider":)";
  render::append_json_string(facts.provider, out);
  out += '}';
  return response;
}

}  // namespace

std::optional<Response> check_put_repo(Services& services, const Request& request) {
  auto repo = repo_of(request);
  if (auto* refused = std::get_if<Response>(&repo)) return std::move(*refused);
  return check_small_json(services, request);
}

Awaitable<Response> put_repo(Services& services, Request& request) {
  auto repo = repo_of(request);
  if (auto* refused = std::get_if<Response>(&repo)) co_return std::move(*refused);
  auto change = json::decode_repo_facts(request.body.view(), services.options.json_depth_max);
  if (const auto* refused = std::get_if<json::BodyError>(&change)) {
    co_return body_error_response(*refused);
  }
  request.release_body();
  Tell tell{&services.engine, std::move(std::get<std::string>(repo)),
            std::move(std::get<RepoFactsChange>(change))};
  co_await run_on(services.workers, tell);
  if (!tell.outcome.ok()) co_return error_response(tell.outcome.error());
  co_return answer_with(tell.repo, *tell.outcome);
}

}  // namespace minuted::http
