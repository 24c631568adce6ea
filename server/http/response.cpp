#include "http/response.hpp"

#include "render/error_mapping.hpp"
#include "render/json_text.hpp"

namespace minuted::http {

void append_guards(const Response& response, std::string& head) {
  head += kGuardLines;
  head.append("\r\nContent-Security-Policy: ").append(response.content_policy);
  head.append("\r\nCache-Control: ").append(response.cache_control);
}

Response error_response(std::uint16_t status, std::string_view code, std::string_view message) {
  Response response;
  response.status = status;
  response.error_code = code;
  response.body = R"({"success":false,"message":)";
  render::append_json_string(message, response.body);
  response.body += R"(,"error_code":)";
  render::append_json_string(code, response.body);
  response.body += '}';
  return response;
}

Response retry_response(std::uint16_t status, std::string_view code, std::string_view message,
                        std::uint32_t retry_after_seconds) {
  Response response = error_response(status, code, message);
  response.headers.emplace_back("Retry-After", std::to_string(retry_after_seconds));
  return response;
}

Response error_response(const Error& error) {
  const render::HttpError mapped = render::http_error(error.code);
  if (mapped.retry_after_seconds) {
    return retry_response(mapped.status, mapped.code, render::message_of(error),
                          *mapped.retry_after_seconds);
  }
  return error_response(mapped.status, mapped.code, render::message_of(error));
}

}  // namespace minuted::http
