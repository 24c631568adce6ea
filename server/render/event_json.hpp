// A raw event as a line of NDJSON that POST /events takes back as it was. Pure; any thread.
#pragma once

#include <string>

#include "minuted/event.hpp"

namespace minuted::render {

// Appends the line and its end. `unit_id`: the bucket is called unitId. What the event does not have
// (a latency, a status, an id) is left out.
void append_event_line(const EventView& event, bool unit_id, std::string& out);

}  // namespace minuted::render
