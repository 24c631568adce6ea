// The engine's counters and gauges under their public names, all `minuted_…`, base units in the
// name. The names are an interface: dashboards and alerts are built on them. Pure; any thread.
#pragma once

#include "minuted/stats.hpp"
#include "render/metrics_text.hpp"

namespace minuted::render {

// Writes every field of `stats`. No labels but fixed ones: cardinality does not grow with the data.
void append_engine_metrics(const EngineStats& stats, MetricsWriter& out);

}  // namespace minuted::render
