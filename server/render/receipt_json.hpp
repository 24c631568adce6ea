// The answer to `POST /events`: a Receipt as JSON. Last stop of an event's journey in. Pure; any
// thread.
#pragma once

#include <string>

#include "minuted/engine.hpp"

namespace minuted::render {

// Appends the whole body; errors are written as many as the receipt holds, in its order.
void append_receipt_json(const Receipt& receipt, std::string& out);

}  // namespace minuted::render
