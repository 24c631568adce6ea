// `GET /v2/stats/storage` and its breakdowns: what a window has, in one or broken down.
#include <memory>

#include "handlers/handlers.hpp"
#include "handlers/reading.hpp"
#include "handlers/services.hpp"
#include "minuted/event.hpp"
#include "render/query_string.hpp"
#include "render/storage_json.hpp"
#include "render/storage_params.hpp"

namespace minuted::http {
namespace {

// The snapshot is taken on a worker's thread, at the first piece.
class StorageSource final : public BodySource {
 public:
  // `by`: of a breakdown, as in the path.
  StorageSource(Engine& engine, render::StorageParams params, std::string by)
      : engine_(engine), params_(std::move(params)), by_(std::move(by)) {}

  Result<bool> fill(std::string& out) override {
    if (!cursor_) {
      auto opened = engine_.usage(params_.query);
      if (!opened) return opened.error();
      cursor_ = std::move(*opened);
    }
    while (out.size() < kPieceBytes) {
      // Others want the thread as well: what is long in coming is added up in turns with them.
      const auto ready = cursor_->prepare();
      if (!ready.ok()) return ready;
      if (!*ready) return true;
      const auto more = params_.query.by ? append_next(out) : append_all(out);
      if (!more.ok() || !*more) return more;
    }
    return true;
  }

 private:
  Result<bool> append_all(std::string& out) {
    UsageEntity all;
    const auto found = cursor_->next(all);
    if (!found.ok() || !*found) return found;
    render::append_storage(params_, all.points, out);
    return false;
  }

  Result<bool> append_next(std::string& out) {
    if (!begun_) {
      begun_ = true;
      render::append_breakdown_head(params_, {by_, cursor_->entities(), cursor_->requests()}, out);
    }
    UsageEntity entity;
    const auto more = cursor_->next(entity);
    if (!more.ok()) return more;
    if (!*more) {
      out += render::kBreakdownEnd;
      return false;
    }
    if (entities_++ != 0) out += ',';
    render::append_entity(params_, entity, out);
    return true;
  }

  Engine& engine_;
  const render::StorageParams params_;
  const std::string by_;
  std::unique_ptr<UsageCursor> cursor_;
  bool begun_ = false;
  std::uint64_t entities_ = 0;
};

Response answer(Services& services, const Request& request, std::optional<UsageBy> by,
                std::string_view by_name) {
  auto parsed = render::parse_storage_params(request.query, services.engine.now(), by);
  if (const auto* fault = std::get_if<render::ParameterError>(&parsed)) {
    return error_response(400, fault->code, fault->message);
  }
  auto& params = std::get<render::StorageParams>(parsed);
  if (const auto limited = request.caller.limited_to()) {
    params.query.visible_repos.emplace(limited->begin(), limited->end());
  }
  Response response;
  response.source = std::make_unique<StorageSource>(services.engine, std::move(params), std::string(by_name));
  response.source_ms_max = services.options.snapshot_ms_max;
  return response;
}

}  // namespace

Awaitable<Response> get_storage(Services& services, Request& request) {
  co_return answer(services, request, std::nullopt, {});
}

Awaitable<Response> get_storage_breakdown(Services& services, Request& request) {
  const std::string_view name = request.path.substr(request.path.rfind('/') + 1);
  const auto by = render::parse_breakdown(name);
  if (!by) {
    co_return error_response(404, "not_found",
                             "storage is not broken down by " + shorten(name) + "; ask for " +
                                 std::string(render::breakdown_names()));
  }
  co_return answer(services, request, by, name);
}

}  // namespace minuted::http
