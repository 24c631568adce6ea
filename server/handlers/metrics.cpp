// `GET /metrics`: every counter of the daemon, as Prometheus reads them. No label grows with the data.
#include "handlers/handlers.hpp"
#include "handlers/routes.hpp"
#include "handlers/services.hpp"
#include "render/engine_metrics.hpp"
#include "render/metrics_text.hpp"

namespace minuted::http {
namespace {

using render::MetricsWriter;

void append_requests(const HttpCounters& http, MetricsWriter& out) {
  out.counter("minuted_http_requests_total",
              "Requests answered, by route and status; route \"none\" is no route of ours.");
  const auto table = routes();
  for (std::size_t route = 0; route < http.route_rows(); ++route) {
    const bool known = route < table.size();
    const std::string_view method = known ? to_string(table[route].method) : "any";
    const std::string_view path = known ? table[route].path : "none";
    for (std::size_t i = 0; i < kCountedStatuses.size(); ++i) {
      const std::uint64_t count = http.requests(route, i);
      if (count == 0) continue;
      const std::string status =
          i + 1 == kCountedStatuses.size() ? "other" : std::to_string(kCountedStatuses[i]);
      out.sample(count, {{"method", method}, {"route", path}, {"status", status}});
    }
  }
  out.histogram("minuted_http_request_seconds",
                "Time from the start of a request's header to the end of its answer.");
  out.sample_histogram(kRequestSecondsBounds, http.request_seconds());
  out.counter("minuted_http_refusals_total",
              "Requests and connections refused or broken off, by reason.");
  for (const auto& [reason, count] : http.refusals()) out.sample(count, {{"reason", reason}});
}

void append_connections(const Services& services, MetricsWriter& out) {
  const HttpCounters& http = services.http;
  out.counter("minuted_http_received_bytes_total", "Bytes of request bodies received.");
  out.sample(http.bytes_received.load());
  out.counter("minuted_http_sent_bytes_total", "Bytes of answers' bodies sent.");
  out.sample(http.bytes_sent.load());
  out.counter("minuted_http_connections_total", "Connections accepted.");
  out.sample(http.connections_opened.load());
  out.gauge("minuted_http_connections", "Connections open.");
  out.sample(http.connections_open.load());
  out.counter("minuted_http_accept_failures_total", "Connections that could not be accepted.");
  out.sample(http.accept_failures.load());
  out.counter("minuted_http_connections_evicted_total",
              "Connections closed to admit others, by what they were waiting for their client to do.");
  for (std::size_t i = 1; i < kWaitings; ++i) {
    out.sample(http.connections_evicted[i].load(), {{"waiting_for", to_string(static_cast<Waiting>(i))}});
  }
  out.gauge("minuted_http_reads", "Streamed answers under way, each with a snapshot of the store.");
  out.sample(std::uint64_t{services.reads.held()});
  out.gauge("minuted_http_reads_waiting", "Of them, those that wait for their client to take more.");
  out.sample(std::uint64_t{services.reads.waiting()});
  out.counter("minuted_http_reads_evicted_total", "Answers cut short because their readers were the slowest.");
  out.sample(services.reads.evicted_total());
  out.gauge("minuted_http_in_flight_bytes", "Bytes of request bodies held.");
  out.sample(std::uint64_t{services.budget.used()});
  out.gauge("minuted_http_answer_bytes", "Memory of the answers under way.");
  out.sample(std::uint64_t{services.answers.used()});
}

void append_events(const EventCounters& events, MetricsWriter& out) {
  out.counter("minuted_events_accepted_total", "Events accepted and made durable.");
  out.sample(events.accepted.load());
  out.counter("minuted_events_rejected_total", "Events rejected, by reason.");
  for (std::size_t i = 0; i < json::kRejectReasons; ++i) {
    out.sample(events.rejected[i].load(),
               {{"reason", json::to_string(static_cast<json::RejectReason>(i))}});
  }
}

struct Render {
  const Services* services;
  std::string text{};
  void operator()() {
    MetricsWriter out(text);
    out.gauge("minuted_build_info", "Always 1; the version is the label.");
    out.sample(std::uint64_t{1}, {{"version", MINUTED_VERSION}});
    append_requests(services->http, out);
    append_connections(*services, out);
    append_events(services->events, out);
    render::append_engine_metrics(services->engine.stats(), out);
  }
};

}  // namespace

Awaitable<Response> get_metrics(Services& services, Request&) {
  Render render{&services};
  co_await run_on(services.administration, render);  // it asks the disk for the log's size
  Response response;
  response.content_type = render::kMetricsContentType;
  response.body = std::move(render.text);
  co_return response;
}

}  // namespace minuted::http
