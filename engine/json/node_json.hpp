// The bodies of requests about nodes, to values: every rule on their fields. Unknown fields are
// ignored. BodyError codes: "malformed_json", "wrong_shape", and "invalid_field" for a field that is not
// accepted, which the message names with its value. Bodies must be followed by kBodyPadding readable
// bytes. Pure; any thread.
#pragma once

#include <string_view>
#include <variant>

#include "json/event_json.hpp"
#include "minuted/nodes.hpp"
#include "minuted/time.hpp"

namespace minuted::json {

// `{"latency_ms","status","ip"}`, each of them optional; an empty body is one without any. latency_ms as
// in an event; status and ip strings of up to kNodeStatusBytesMax bytes.
std::variant<Heartbeat, BodyError> decode_heartbeat(std::string_view body, std::size_t depth_max);

// `{"endpoint","region","storageType","provider","version"}`, those that are to change; strings of up to
// kNodeFactBytesMax bytes, "" to take one back.
std::variant<NodeFactsPatch, BodyError> decode_node_facts(std::string_view body,
                                                          std::size_t depth_max);

// `{"day":"2024-01-15T00:00:00.000Z"}`: the first minute of the UTC day that contains it. The day must
// be given: an ISO 8601 date or time from 1970 on.
std::variant<Minute, BodyError> decode_day(std::string_view body, std::size_t depth_max);

}  // namespace minuted::json
