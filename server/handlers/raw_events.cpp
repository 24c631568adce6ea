// `GET /events`: raw events as they were pushed, a line each.
#include <memory>

#include "handlers/handlers.hpp"
#include "handlers/reading.hpp"
#include "handlers/services.hpp"
#include "render/event_json.hpp"
#include "render/minute_params.hpp"

namespace minuted::http {
namespace {

// The snapshot is taken on a worker's thread, at the first piece.
class EventSource final : public BodySource {
 public:
  EventSource(Engine& engine, render::RawEventParams params)
      : engine_(engine), params_(std::move(params)) {}

  Result<bool> fill(std::string& out) override {
    if (!cursor_) {
      auto opened = engine_.events(params_.query);
      if (!opened) return opened.error();
      cursor_ = std::move(*opened);
    }
    out.reserve(kPieceBytes + kPieceBytes / 4);
    while (out.size() < kPieceBytes) {
      const auto more = cursor_->next(event_);
      if (!more) return more.error();
      if (!*more) return false;
      render::append_event_line(event_, {params_.unit_id, params_.quoted_bytes}, out);
    }
    return true;
  }

 private:
  Engine& engine_;
  const render::RawEventParams params_;
  std::unique_ptr<EventCursor> cursor_;
  EventView event_;
};

}  // namespace

Awaitable<Response> get_events(Services& services, Request& request) {
  auto parsed = render::parse_raw_event_params(request.query, services.engine.now());
  if (const auto* fault = std::get_if<render::ParameterError>(&parsed)) {
    co_return error_response(400, fault->code, fault->message);
  }
  auto& params = std::get<render::RawEventParams>(parsed);
  Response response;
  response.content_type = "application/x-ndjson";
  response.vary = kVaryCoding;
  if (!narrow(params.query.repos, request.caller)) {
    response.source = std::make_unique<TextSource>(std::string());
    co_return response;
  }
  response.source =
      std::make_unique<EventSource>(services.engine, std::move(params));
  response.source_ms_max = services.options.snapshot_ms_max;
  co_return response;
}

}  // namespace minuted::http
