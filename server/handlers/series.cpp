// `GET /series`: the known series, page by page.
#include <memory>
#include <utility>
#include <variant>

#include "handlers/handlers.hpp"
#include "handlers/reading.hpp"
#include "handlers/services.hpp"
#include "render/json_text.hpp"
#include "render/node_json.hpp"
#include "render/node_params.hpp"

namespace minuted::http {
namespace {

// The snapshot is taken on a worker's thread, at the first piece.
class SeriesSource final : public BodySource {
 public:
  SeriesSource(Services& services, render::SeriesParams params)
      : engine_(services.engine), cursor_key_(services.cursor_key()), params_(std::move(params)) {}

  Result<bool> fill(std::string& out) override {
    if (!cursor_) {
      auto opened = engine_.series(params_.query);
      if (!opened) return opened.error();
      cursor_ = std::move(*opened);
    }
    while (out.size() < kPieceBytes) {
      // Others want the thread as well: a search that finds little takes turns with them.
      const auto ready = cursor_->prepare();
      if (!ready) return ready.error();
      if (!*ready) return true;
      if (!begun_) out += render::kNodesBegin;
      begun_ = true;
      SeriesRow row;
      const auto more = cursor_->next(row);
      if (!more) return more.error();
      if (!*more || rows_ == params_.limit) {
        end(*more, out);
        return false;
      }
      if (rows_++ != 0) out += ',';
      render::append_series(row, params_.unit_id, out);
      if (rows_ == params_.limit) {
        last_ = {std::string(row.repo), std::string(row.bucket), std::string(row.host)};
      }
    }
    return true;
  }

 private:
  void end(bool more_rows, std::string& out) const {
    if (!more_rows) {
      out += render::kNodesEnd;
      return;
    }
    out += R"(],"nextCursor":)";
    render::append_json_string(render::encode_series_cursor(params_.query_hash, last_, cursor_key_), out);
    out += '}';
  }

  Engine& engine_;
  const SecretKey cursor_key_;
  const render::SeriesParams params_;
  std::unique_ptr<SeriesCursor> cursor_;
  bool begun_ = false;
  std::uint64_t rows_ = 0;
  SeriesKey last_;  // of a full page
};

}  // namespace

Awaitable<Response> get_series(Services& services, Request& request) {
  auto parsed = render::parse_series_params(request.query, services.cursor_key());
  if (const auto* fault = std::get_if<render::ParameterError>(&parsed)) {
    co_return error_response(400, fault->code, fault->message);
  }
  auto& params = std::get<render::SeriesParams>(parsed);
  Response response;
  if (!narrow(params.query.repos, request.caller)) {
    response.body = std::string(render::kNodesBegin) + std::string(render::kNodesEnd);
    co_return response;
  }
  response.source = std::make_unique<SeriesSource>(services, std::move(params));
  response.source_ms_max = services.options.snapshot_ms_max;
  co_return response;
}

}  // namespace minuted::http
