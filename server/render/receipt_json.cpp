#include "render/receipt_json.hpp"

#include "render/json_text.hpp"

namespace minuted::render {

void append_receipt_json(const Receipt& receipt, std::string& out) {
  out += R"({"success":true,"accepted":)";
  out += std::to_string(receipt.accepted);
  out += R"(,"rejected":)";
  out += std::to_string(receipt.rejected);
  out += R"(,"duplicates":)";
  out += std::to_string(receipt.duplicates);
  out += R"(,"duplicate":)";
  out += receipt.replayed ? "true" : "false";
  out += R"(,"errors":[)";
  bool first = true;
  for (const EventError& error : receipt.errors) {
    out += first ? R"({"index":)" : R"(,{"index":)";
    first = false;
    out += std::to_string(error.index);
    out += R"(,"field":)";
    append_json_string(error.field, out);
    out += R"(,"error":)";
    append_json_string(error.message, out);
    out += '}';
  }
  out += "]}";
}

}  // namespace minuted::render
