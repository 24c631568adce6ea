// `GET /repo/stats`, `/bucket/stats` and `/unit/stats`: totals since the beginning.
#include <memory>

#include "handlers/handlers.hpp"
#include "handlers/reading.hpp"
#include "handlers/services.hpp"
#include "render/minute_params.hpp"
#include "render/totals_json.hpp"

namespace minuted::http {
namespace {

// The snapshot is taken on a worker's thread, at the first piece.
class TotalsSource final : public BodySource {
 public:
  TotalsSource(Engine& engine, TotalsQuery query, render::TotalsForm form)
      : engine_(engine), query_(std::move(query)), form_(form) {}

  Result<bool> fill(std::string& out) override {
    if (!cursor_) {
      auto opened = engine_.totals(query_);
      if (!opened) return opened.error();
      cursor_ = std::move(*opened);
      out += render::kTotalsBegin;
    }
    Totals totals;
    while (out.size() < kPieceBytes) {
      const auto more = cursor_->next(totals);
      if (!more) return more.error();
      if (!*more) {
        out += render::kTotalsEnd;
        return false;
      }
      if (rows_++ != 0) out += ',';
      render::append_totals(totals, form_, out);
    }
    return true;
  }

 private:
  Engine& engine_;
  const TotalsQuery query_;
  const render::TotalsForm form_;
  std::unique_ptr<TotalsCursor> cursor_;
  std::uint64_t rows_ = 0;
};

Response answer(Services& services, const Request& request, TotalsQuery query,
                render::TotalsForm form) {
  Response response;
  response.vary = kVaryCoding;
  if (!narrow(query.repos, request.caller)) {
    response.source = std::make_unique<TextSource>(std::string(render::kTotalsBegin) +
                                                   std::string(render::kTotalsEnd));
    return response;
  }
  response.source =
      std::make_unique<TotalsSource>(services.engine, std::move(query), form);
  response.source_ms_max = services.options.snapshot_ms_max;
  return response;
}

}  // namespace

Awaitable<Response> get_totals(Services& services, Request& request) {
  const auto form = request.path == "/repo/stats"   ? render::TotalsForm::kRepo
                    : request.path == "/unit/stats" ? render::TotalsForm::kUnit
                                                    : render::TotalsForm::kBucket;
  auto ids = render::parse_ids(request.query, form == render::TotalsForm::kRepo
                                                  ? render::IdOf::kRepo
                                                  : render::IdOf::kBucket);
  if (const auto* fault = std::get_if<render::ParameterError>(&ids)) {
    co_return error_response(400, fault->code, fault->message);
  }
  TotalsQuery query;
  query.by = form == render::TotalsForm::kRepo ? TotalsQuery::By::kRepo : TotalsQuery::By::kBucket;
  query.ids = std::move(std::get<std::vector<std::string>>(ids));
  if (query.by == TotalsQuery::By::kBucket) {
    auto repos = render::parse_ids(request.query, render::IdOf::kRepo);
    if (const auto* fault = std::get_if<render::ParameterError>(&repos)) {
      co_return error_response(400, fault->code, fault->message);
    }
    query.repos = std::move(std::get<std::vector<std::string>>(repos));
  }
  co_return answer(services, request, std::move(query), form);
}

}  // namespace minuted::http
