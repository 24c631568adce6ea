// Reads about nodes: how they are now, and on which minutes of a day they gave a sign of life.
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "handlers/body_error.hpp"
#include "handlers/handlers.hpp"
#include "handlers/reading.hpp"
#include "handlers/services.hpp"
#include "json/node_json.hpp"
#include "render/node_json.hpp"
#include "render/node_params.hpp"
#include "render/path_ids.hpp"

namespace minuted::http {
namespace {

using render::NodeForm;
using render::NodeParams;

std::string_view begin_of(NodeForm form) {
  return form == NodeForm::kBucketDay ? render::kNodeStatsBegin : render::kNodesBegin;
}

// The snapshot is taken on a worker's thread, at the first piece.
class NodeSource final : public BodySource {
 public:
  NodeSource(Engine& engine, NodeQuery query, const render::NodeStyle& style)
      : engine_(engine), query_(std::move(query)), style_(style) {}

  Result<bool> fill(std::string& out) override {
    if (!cursor_) {
      auto opened = engine_.nodes(query_);
      if (!opened) return opened.error();
      cursor_ = std::move(*opened);
    }
    NodeRow row;
    while (out.size() < kPieceBytes) {
      const auto more = cursor_->next(row);
      if (!more) return more.error();
      if (!begun_) out += begin_of(style_.form);
      begun_ = true;
      if (!*more) {
        out += render::kNodesEnd;
        return false;
      }
      if (rows_++ != 0) out += ',';
      render::append_node(row, style_, out);
    }
    return true;
  }

 private:
  Engine& engine_;
  const NodeQuery query_;
  const render::NodeStyle style_;
  std::unique_ptr<NodeCursor> cursor_;
  bool begun_ = false;
  std::uint64_t rows_ = 0;
};

Response answer(Services& services, const Request& request, NodeParams params, NodeForm form) {
  Response response;
  if (!narrow(params.query.repos, request.caller)) {
    response.body = std::string(begin_of(form)) + std::string(render::kNodesEnd);
    return response;
  }
  const render::NodeStyle style{form, params.unit_id, services.engine.now(),
                                services.options.node_offline_after_ms};
  response.source = std::make_unique<NodeSource>(services.engine, std::move(params.query), style);
  response.source_ms_max = services.options.snapshot_ms_max;
  return response;
}

Response answer(Services& services, const Request& request,
                std::variant<NodeParams, render::ParameterError> parsed, NodeForm form) {
  if (const auto* fault = std::get_if<render::ParameterError>(&parsed)) {
    return error_response(400, fault->code, fault->message);
  }
  return answer(services, request, std::move(std::get<NodeParams>(parsed)), form);
}

}  // namespace

Awaitable<Response> get_nodes(Services& services, Request& request) {
  co_return answer(services, request, render::parse_node_params(request.query), NodeForm::kLatest);
}

Awaitable<Response> get_node_days(Services& services, Request& request) {
  co_return answer(services, request,
                   render::parse_node_day_params(request.query, services.engine.now()),
                   NodeForm::kDay);
}

Awaitable<Response> post_bucket_stats(Services& services, Request& request) {
  auto ids = render::path_ids(kBucketStatsPath, request.path);
  if (const auto* fault = std::get_if<render::ParameterError>(&ids)) {
    co_return error_response(400, fault->code, fault->message);
  }
  const auto day = json::decode_day(request.body.view(), services.options.json_depth_max);
  if (const auto* refused = std::get_if<json::BodyError>(&day)) {
    co_return body_error_response(*refused);
  }
  request.release_body();
  NodeParams params;
  params.query.buckets = std::move(std::get<std::vector<std::string>>(ids));
  const Minute first = std::get<Minute>(day);
  params.query.days = MinuteRange{first, {first.value + kMinutesPerDay}};
  co_return answer(services, request, std::move(params), NodeForm::kBucketDay);
}

}  // namespace minuted::http
