// `POST /events`: from a body to a receipt. The body is decoded here, committed by the engine's one
// commit thread, and answered when that has synced.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <memory>

#include "handlers/body_error.hpp"
#include "handlers/handlers.hpp"
#include "handlers/media_type.hpp"
#include "handlers/services.hpp"
#include "http/ascii.hpp"
#include "minuted/event.hpp"
#include "render/event_params.hpp"
#include "render/receipt_json.hpp"

namespace minuted::http {
namespace {

// A body up to here is decoded on the loop, some 30 µs of work; a larger one on a worker's thread.
constexpr std::size_t kInlineBodyBytesMax = 32 << 10;
// A decoder that has seen a large document holds several times its size: not for ever, and where memory is
// small, not after a part of what may be decoded at once.
constexpr std::size_t kDecoderBodyBytesMax = 4 << 20;
constexpr std::size_t kDecoderKeptPart = 8;
// What decoding takes at most beside a body: four bytes a token, of which there may be one a byte; events
// have a token every five bytes, and become some two bytes of batch a byte.
constexpr std::size_t kDecodeBytesPerByte = 4;

constexpr std::string_view kKeyHeader = "Idempotency-Key";

// The body's form by its Content-Type; none is taken for JSON.
std::optional<json::BodyForm> form_of(const Request& request) {
  const auto type = request.headers.find("Content-Type");
  if (!type) return json::BodyForm::kJson;
  const auto media = parse_media_type(*type);
  if (!media || !(media->charset.empty() || equals_ignoring_case(media->charset, "utf-8"))) {
    return std::nullopt;
  }
  if (equals_ignoring_case(media->type, "application/json")) return json::BodyForm::kJson;
  if (equals_ignoring_case(media->type, "application/x-ndjson") ||
      equals_ignoring_case(media->type, "application/ndjson")) {
    return json::BodyForm::kNdjson;
  }
  return std::nullopt;
}

std::optional<Response> check_key(const Request& request) {
  const std::size_t keys = request.headers.count(kKeyHeader);
  if (keys == 0) return std::nullopt;
  const std::string_view key = *request.headers.find(kKeyHeader);
  const bool visible = std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (keys == 1 && visible && !key.empty() && key.size() <= kIdempotencyKeyBytesMax) {
    return std::nullopt;
  }
  return error_response(400, "invalid_idempotency_key",
                        "Idempotency-Key " + shorten(key) +
                            (keys > 1 ? " is given " + std::to_string(keys) + " times" : "") +
                            " is not accepted; give one key of 1 to 128 visible ASCII characters");
}

std::optional<Coding> coding_of(const Request& request) {
  const auto encoding = request.headers.find("Content-Encoding");
  return encoding ? parse_coding(*encoding) : Coding::kIdentity;
}

// What decoding a body comes to, as work for whichever thread does it.
struct Decode {
  Request* request;
  Coding coding;
  InflateLimits inflate_limits;
  json::BodyForm form;
  json::DecodeContext context;
  const Engine* engine;
  ByteTurns* turns;
  bool strict;
  bool with_fingerprint;
  EventBatch batch{};
  Fingerprint fingerprint{};
  std::optional<Response> refusal{};  // of what the body is compressed with
  std::variant<json::Decoded, json::BodyError> outcome{};

  void operator()() {
    if (coding != Coding::kIdentity) {
      auto plain = inflate(coding, request->body.view(), inflate_limits, request->body_share);
      if (auto* refused = std::get_if<Response>(&plain)) {
        refusal = std::move(*refused);
        return;
      }
      request->body = std::move(std::get<BodyBuffer>(plain));
    }
    const std::string_view body = request->body.view();
    const bool large = body.size() > kInlineBodyBytesMax;
    const ByteTurns::Turn turn(*turns, large ? kDecodeBytesPerByte * body.size() : 0);
    thread_local std::optional<json::EventDecoder> decoder;
    if (!decoder) decoder.emplace();
    outcome = decoder->decode(body, form, context, batch);
    const std::size_t kept_max = std::min(kDecoderBodyBytesMax, turns->bytes_max() / kDecoderKeptPart);
    if (form == json::BodyForm::kJson && body.size() > kept_max) decoder.reset();
    if (with_fingerprint) fingerprint = engine->fingerprint(body, strict);
    batch.group();
  }
};

// Engine::append as something a coroutine awaits; the answer comes back on the caller's loop.
struct Append {
  Engine* engine;
  AppendRequest* request;
  std::optional<Result<Receipt>>* answer;

  template <class Handler>
  void operator()(Handler&& handler) const {
    // Shared, since a std::function must be copyable and a handler is not.
    auto kept = std::make_shared<std::decay_t<Handler>>(std::forward<Handler>(handler));
    engine->append(std::move(*request), [kept, answer = answer](Result<Receipt> result) {
      answer->emplace(std::move(result));
      const auto executor = asio::get_associated_executor(*kept);
      asio::post(executor, [kept]() { std::move (*kept)(); });
    });
  }
};

Awaitable<Result<Receipt>> append(Services& services, AppendRequest request) {
  std::optional<Result<Receipt>> answer;
  UseAwaitable token;
  co_await asio::async_initiate<UseAwaitable, void()>(
      Append{&services.engine, &request, &answer}, token);
  co_return std::move(*answer);
}

// What was rejected of a request that is answered now for the first time, for the metrics and the log.
void count(Services& services, std::string_view token, const json::Decoded& decoded) {
  for (const json::RejectExample& example : decoded.examples) {
    services.rejections.note(token, json::to_string(example.reason),
                             decoded.rejected_by_reason[static_cast<std::size_t>(example.reason)],
                             example.error);
  }
  for (std::size_t i = 0; i < json::kRejectReasons; ++i) {
    if (decoded.rejected_by_reason[i] != 0) {
      services.events.rejected[i].fetch_add(decoded.rejected_by_reason[i],
                                            std::memory_order_relaxed);
    }
  }
}

// The engine rejects events as well: those of new series when there are as many as there may be.
void note_engine_rejections(Services& services, std::string_view token,
                            const json::Decoded& decoded, const Receipt& receipt) {
  if (receipt.rejected <= decoded.rejected) return;
  const auto is_its_own = [&](const EventError& error) {
    return std::find(decoded.errors.begin(), decoded.errors.end(), error) == decoded.errors.end();
  };
  const auto example = std::find_if(receipt.errors.begin(), receipt.errors.end(), is_its_own);
  services.rejections.note(token, "series_max", receipt.rejected - decoded.rejected,
                           example == receipt.errors.end() ? EventError{} : *example);
}

Response invalid_event(const json::Decoded& decoded) {
  return error_response({ErrorCode::kEventRejected,
                         strict_rejection(decoded.rejected, decoded.errors.front())});
}

std::uint64_t count_of(const json::Decoded& decoded, json::RejectReason reason) {
  return decoded.rejected_by_reason[static_cast<std::size_t>(reason)];
}

Response receipt_response(const Receipt& receipt) {
  Response response;
  render::append_receipt_json(receipt, response.body);
  return response;
}

}  // namespace

std::optional<Response> check_events(Services& services, const Request& request) {
  const auto params = render::parse_event_params(request.query);
  if (const auto* fault = std::get_if<render::ParameterError>(&params)) {
    return error_response(400, fault->code, fault->message);
  }
  if (!form_of(request)) {
    return error_response(415, "unsupported_media_type",
                          "Content-Type " + shorten(*request.headers.find("Content-Type")) +
                              " is not accepted; send application/json or application/x-ndjson, "
                              "in UTF-8");
  }
  if (request.headers.count("Content-Encoding") > 1 || !coding_of(request)) {
    return error_response(415, "unsupported_encoding",
                          "Content-Encoding " + shorten(*request.headers.find("Content-Encoding")) +
                              " is not accepted; send gzip, zstd, or the body as it is");
  }
  if (auto refused = check_key(request)) return refused;
  if (const auto error = services.engine.clock_error()) return error_response(*error);
  return std::nullopt;
}

Awaitable<Response> post_events(Services& services, Request& request) {
  const auto params = std::get<render::EventParams>(render::parse_event_params(request.query));
  const auto key = request.headers.find(kKeyHeader);
  const Arrival arrival = services.engine.arrival();
  if (arrival.error) co_return error_response(*arrival.error);
  Decode decode{&request,
                *coding_of(request),
                services.options.inflate,
                *form_of(request),
                {arrival.now, arrival.oldest, arrival.newest, request.caller.limited_to(),
                 "use a token for it", services.options.json_depth_max},
                &services.engine,
                &services.decoding,
                params.strict,
                key.has_value()};
  if (request.body.size() <= kInlineBodyBytesMax && decode.coding == Coding::kIdentity) {
    decode();
  } else {
    co_await run_on(services.workers, decode);
  }
  request.free_body();
  if (decode.refusal) co_return std::move(*decode.refusal);
  if (const auto* refused = std::get_if<json::BodyError>(&decode.outcome)) {
    co_return body_error_response(*refused);
  }
  auto& decoded = std::get<json::Decoded>(decode.outcome);
  // A time that is not confirmed rejects nothing for good.
  if (arrival.doubt && count_of(decoded, json::RejectReason::kTooFarAhead) != 0) {
    co_return error_response(*arrival.doubt);
  }
  AppendRequest batch;
  batch.strict = params.strict;
  if (key) {
    batch.idempotency = IdempotencyKey{std::string(request.caller.name()), std::string(*key),
                                       decode.fingerprint};
  }
  // What is refused now may be the repeat of what was accepted when it was younger.
  const bool refused = params.strict && decoded.rejected != 0;
  if (refused) {
    if (!key) {
      count(services, request.caller.name(), decoded);
      co_return invalid_event(decoded);
    }
    batch.only_if_known = true;
  } else {
    batch.batch = std::move(decode.batch);
    batch.rejected = decoded.rejected;
    batch.errors = decoded.errors;
    batch.bytes_accounted = request.body_share.bytes();
  }
  const Result<Receipt> receipt = co_await append(services, std::move(batch));
  if (refused && !receipt.ok() && receipt.error().code == ErrorCode::kInvalidArgument) {
    count(services, request.caller.name(), decoded);
    co_return invalid_event(decoded);
  }
  if (!receipt.ok()) co_return error_response(receipt.error());
  if (!receipt.value().replayed) {
    count(services, request.caller.name(), decoded);
    note_engine_rejections(services, request.caller.name(), decoded, receipt.value());
    services.events.accepted.fetch_add(receipt.value().accepted, std::memory_order_relaxed);
  }
  co_return receipt_response(receipt.value());
}

}  // namespace minuted::http
