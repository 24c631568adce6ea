// A raw event as a line of NDJSON that POST /events takes back as it was. Pure; any thread.
#pragma once

#include <string>

#include "minuted/event.hpp"

namespace minuted::render {

struct EventLineStyle {
  bool unit_id = false;       // the bucket is called unitId
  bool quoted_bytes = false;  // byte counts are strings of digits; POST /events wants numbers
};

// Appends the line and its end. What the event does not have (a latency, a status, an id) is left out.
void append_event_line(const EventView& event, const EventLineStyle& style, std::string& out);

}  // namespace minuted::render
