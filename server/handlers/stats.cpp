// `GET /stats/minute`, `/stats/hourly` and `/stats/daily`: from a query string to a stream of rows.
#include <memory>

#include "handlers/handlers.hpp"
#include "handlers/reading.hpp"
#include "handlers/services.hpp"
#include "render/json_text.hpp"
#include "render/minute_params.hpp"
#include "render/page_cursor.hpp"
#include "render/row_json.hpp"

namespace minuted::http {
namespace {

// The rows of a query as JSON. The snapshot is taken on a worker's thread, at the first piece.
class RowSource final : public BodySource {
 public:
  // Takes a slot that is already taken.
  RowSource(Engine& engine, Slots& slots, render::MinuteParams params)
      : engine_(engine),
        slot_(slots),
        params_(std::move(params)),
        writer_(params_.unit_id, params_.spec.grouping.value_or(Grouping{true, true, true})) {}

  Result<bool> fill(std::string& out) override {
    if (!cursor_) {
      auto opened = engine_.query(params_.spec);
      if (!opened) return opened.error();
      cursor_ = std::move(*opened);
    }
    out.reserve(kPieceBytes + kPieceBytes / 4);
    while (out.size() < kPieceBytes) {
      if (params_.spec.grouping) {
        // Others want the thread as well: what is long in coming is added up in turns with them.
        const auto ready = cursor_->prepare();
        if (!ready) return ready.error();
        if (!*ready) return true;
      }
      if (!begun_) out += render::kRowsBegin;
      begun_ = true;
      const auto more = cursor_->next(row_);
      if (!more) return more.error();
      const bool page_is_full = params_.limit && rows_ == *params_.limit;
      if (!*more || page_is_full) {
        end(*more, out);
        return false;
      }
      if (rows_++ != 0) out += ',';
      writer_.append(row_, out);
      if (params_.limit && rows_ == *params_.limit) {
        last_ = RowKey{std::string(row_.repo), std::string(row_.bucket), row_.minute,
                       std::string(row_.host)};
      }
    }
    return true;
  }

 private:
  void end(bool more_rows, std::string& out) {
    if (!more_rows) {
      out += render::kRowsEnd;
      return;
    }
    out += R"(],"nextCursor":)";
    render::append_json_string(
        render::encode_cursor({params_.spec.range, params_.query_hash, std::move(last_)}), out);
    out += '}';
  }

  Engine& engine_;
  const Slot slot_;
  const render::MinuteParams params_;
  std::unique_ptr<RowCursor> cursor_;
  render::RowJsonWriter writer_;
  Row row_;
  bool begun_ = false;
  std::uint64_t rows_ = 0;
  RowKey last_;  // of a full page
};

Span span_of(const Request& request) {
  return request.path == "/stats/daily"    ? Span::kDay
         : request.path == "/stats/hourly" ? Span::kHour
                                           : Span::kMinute;
}

}  // namespace

Awaitable<Response> get_rows(Services& services, Request& request) {
  auto parsed = render::parse_minute_params(request.query, services.clock.now(), span_of(request));
  if (const auto* fault = std::get_if<render::ParameterError>(&parsed)) {
    co_return error_response(400, fault->code, fault->message);
  }
  auto& params = std::get<render::MinuteParams>(parsed);
  Response response;
  if (!narrow(params.spec.repos, request.caller)) {
    response.body = std::string(render::kRowsBegin) + std::string(render::kRowsEnd);
    co_return response;
  }
  if (auto refused = refuse_scan(services)) co_return std::move(*refused);
  response.source =
      std::make_unique<RowSource>(services.engine, services.scans, std::move(params));
  response.source_ms_max = services.options.snapshot_ms_max;
  co_return response;
}

}  // namespace minuted::http
