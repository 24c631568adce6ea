// `GET /stats/minute`, `/stats/hourly` and `/stats/daily`: from a query string to a stream of rows, in the
// form that is asked for.
#include <array>
#include <memory>
#include <optional>

#include "handlers/accept.hpp"
#include "handlers/handlers.hpp"
#include "handlers/reading.hpp"
#include "handlers/services.hpp"
#include "render/minute_params.hpp"
#include "render/page_cursor.hpp"
#include "render/row_writer.hpp"

namespace minuted::http {
namespace {

// The rows of a query. The snapshot is taken on a worker's thread, at the first piece.
class RowSource final : public BodySource {
 public:
  RowSource(Services& services, render::MinuteParams params, render::RowFormat format)
      : engine_(services.engine),
        cursor_key_(services.cursor_key()),
        params_(std::move(params)),
        writer_(format, params_.columns) {}

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
      if (!begun_) writer_.begin(out);
      begun_ = true;
      const auto more = cursor_->next(row_);
      if (!more) return more.error();
      const bool page_is_full = params_.limit && rows_ == *params_.limit;
      if (!*more || page_is_full) {
        end(*more, out);
        return false;
      }
      ++rows_;
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
    writer_.end(more_rows ? render::encode_cursor(
                                {params_.spec.range, params_.query_hash, std::move(last_)}, cursor_key_)
                          : std::string(),
                out);
  }

  Engine& engine_;
  const SecretKey cursor_key_;
  const render::MinuteParams params_;
  std::unique_ptr<RowCursor> cursor_;
  render::RowWriter writer_;
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

// In order of preference where the client has none.
constexpr std::array kFormats{render::RowFormat::kJson, render::RowFormat::kNdjson,
                              render::RowFormat::kCsv};

// The form of the rows; nullopt if the client takes none of them.
std::optional<render::RowFormat> format_of(const render::MinuteParams& params,
                                           const Request& request) {
  if (params.format) return params.format;
  constexpr std::array<std::string_view, kFormats.size()> kTypes{kJson, "application/x-ndjson",
                                                                 "text/csv"};
  const auto chosen = choose_media_type(request.headers.joined("Accept"), kTypes);
  if (!chosen) return std::nullopt;
  return kFormats[*chosen];
}

Response not_acceptable(const Request& request) {
  Response response = error_response(
      406, "not_acceptable",
      "Accept " + shorten(request.headers.joined("Accept")) +
          " takes none of application/json, application/x-ndjson and text/csv; accept one of them, or "
          "give format=json, ndjson or csv");
  response.vary = kVaryFormAndCoding;
  return response;
}

}  // namespace

Awaitable<Response> get_rows(Services& services, Request& request) {
  auto parsed = render::parse_minute_params(request.query, services.engine.now(),
                                            services.cursor_key(), span_of(request));
  if (const auto* fault = std::get_if<render::ParameterError>(&parsed)) {
    co_return error_response(400, fault->code, fault->message);
  }
  auto& params = std::get<render::MinuteParams>(parsed);
  const auto format = format_of(params, request);
  if (!format) co_return not_acceptable(request);
  if (const auto fault = render::check_paging(params, *format)) {
    co_return error_response(400, fault->code, fault->message);
  }
  Response response;
  response.content_type = render::media_type_of(*format);
  response.vary = kVaryFormAndCoding;
  if (!narrow(params.spec.repos, request.caller)) {
    render::RowWriter writer(*format, params.columns);
    std::string none;
    writer.begin(none);
    writer.end({}, none);
    response.source = std::make_unique<TextSource>(std::move(none));
    co_return response;
  }
  response.source = std::make_unique<RowSource>(services, std::move(params), *format);
  response.source_ms_max = services.options.snapshot_ms_max;
  co_return response;
}

}  // namespace minuted::http
