// `PUT /nodes/{nodeId}` and `POST /nodes/{nodeId}/heartbeat`: what is told of nodes, answered once it is
// on disk.
#include <boost/asio/post.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "handlers/body_error.hpp"
#include "handlers/handlers.hpp"
#include "handlers/media_type.hpp"
#include "handlers/services.hpp"
#include "http/ascii.hpp"
#include "json/node_json.hpp"
#include "minuted/event.hpp"
#include "render/node_json.hpp"
#include "render/path_ids.hpp"

namespace minuted::http {
namespace {

// Engine::tell_node as something a coroutine awaits; the answer comes back on the caller's loop.
struct Tell {
  Engine* engine;
  NodeUpdate* update;
  std::optional<Result<NodeFacts>>* answer;

  template <class Handler>
  void operator()(Handler&& handler) const {
    // Shared, since a std::function must be copyable and a handler is not.
    auto kept = std::make_shared<std::decay_t<Handler>>(std::forward<Handler>(handler));
    engine->tell_node(std::move(*update), [kept, answer = answer](Result<NodeFacts> result) {
      answer->emplace(std::move(result));
      const auto executor = asio::get_associated_executor(*kept);
      asio::post(executor, [kept]() { std::move (*kept)(); });
    });
  }
};

Awaitable<Result<NodeFacts>> tell(Services& services, NodeUpdate update) {
  std::optional<Result<NodeFacts>> answer;
  UseAwaitable token;
  co_await asio::async_initiate<UseAwaitable, void()>(Tell{&services.engine, &update, &answer},
                                                      token);
  co_return std::move(*answer);
}

// What a caller that is limited to repos hears of a node: what it has just told, for the rest may be of
// nodes of others' repos.
NodeFacts told_in(const NodeFactsPatch& patch) {
  return {patch.endpoint.value_or(""), patch.region.value_or(""), patch.storage_type.value_or(""),
          patch.provider.value_or(""), patch.version.value_or("")};
}

// The node that the path names, or why it can be none.
std::variant<NodeUpdate, Response> update_of(std::string_view pattern, const Request& request) {
  auto ids = render::path_ids(pattern, request.path);
  if (const auto* fault = std::get_if<render::ParameterError>(&ids)) {
    return error_response(400, fault->code, fault->message);
  }
  NodeUpdate update;
  update.node = std::move(std::get<std::vector<std::string>>(ids).front());
  return update;
}

}  // namespace

std::optional<Response> check_small_json(Services&, const Request& request) {
  if (const auto encoding = request.headers.find("Content-Encoding");
      encoding && !equals_ignoring_case(*encoding, "identity")) {
    return error_response(415, "unsupported_encoding",
                          "Content-Encoding " + shorten(*encoding) +
                              " is not accepted here; send the body as it is");
  }
  const auto type = request.headers.find("Content-Type");
  if (!type) return std::nullopt;
  const auto media = parse_media_type(*type);
  const bool is_utf8 =
      media && (media->charset.empty() || equals_ignoring_case(media->charset, "utf-8"));
  if (is_utf8 && equals_ignoring_case(media->type, "application/json")) return std::nullopt;
  return error_response(415, "unsupported_media_type",
                        "Content-Type " + shorten(*type) +
                            " is not accepted; send application/json, in UTF-8");
}

Awaitable<Response> put_node(Services& services, Request& request) {
  auto update = update_of(kNodePath, request);
  if (auto* refused = std::get_if<Response>(&update)) co_return std::move(*refused);
  auto facts = json::decode_node_facts(request.body.view(), services.options.json_depth_max);
  if (const auto* refused = std::get_if<json::BodyError>(&facts)) {
    co_return body_error_response(*refused);
  }
  request.release_body();
  auto& told = std::get<NodeUpdate>(update);
  told.facts = std::move(std::get<NodeFactsPatch>(facts));
  const std::string node = told.node;
  const NodeFacts said = told_in(told.facts);
  const Result<NodeFacts> known = co_await tell(services, std::move(told));
  if (!known.ok()) co_return error_response(known.error());
  Response response;
  render::append_node_facts(node, request.caller.limited_to() ? said : *known, response.body);
  co_return response;
}

Awaitable<Response> post_heartbeat(Services& services, Request& request) {
  auto update = update_of(kHeartbeatPath, request);
  if (auto* refused = std::get_if<Response>(&update)) co_return std::move(*refused);
  auto said = json::decode_heartbeat(request.body.view(), services.options.json_depth_max);
  if (const auto* refused = std::get_if<json::BodyError>(&said)) {
    co_return body_error_response(*refused);
  }
  request.release_body();
  auto& told = std::get<NodeUpdate>(update);
  told.heartbeat = std::move(std::get<Heartbeat>(said));
  const Result<NodeFacts> known = co_await tell(services, std::move(told));
  if (!known.ok()) co_return error_response(known.error());
  Response response;
  response.body = R"({"success":true})";
  co_return response;
}

}  // namespace minuted::http
