#include "load/answer.hpp"

#include <algorithm>
#include <charconv>

namespace minuted::load {
namespace {

// The number behind `name` in a receipt, whose names are all different and come before its errors.
std::optional<std::uint64_t> number_after(std::string_view name, std::string_view body) {
  const std::size_t at = body.find(name);
  if (at == body.npos) return std::nullopt;
  std::uint64_t number = 0;
  const char* const begin = body.data() + at + name.size();
  const auto parsed = std::from_chars(begin, body.data() + body.size(), number);
  if (parsed.ec != std::errc()) return std::nullopt;
  return number;
}

}  // namespace

AnswerParser::AnswerParser(Answer& answer) : answer_(answer) {
  answer_.status = 0;
  answer_.retry_after_seconds.reset();
  answer_.body.clear();
  eager(true);
}

void AnswerParser::on_response_impl(int code, Text, int, Error&) {
  answer_.status = static_cast<unsigned>(code);
}

void AnswerParser::on_field_impl(boost::beast::http::field name, Text, Text value, Error&) {
  if (name != boost::beast::http::field::retry_after) return;
  std::uint32_t seconds = 0;
  const auto parsed = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (parsed.ec == std::errc()) answer_.retry_after_seconds = seconds;
}

std::size_t AnswerParser::on_body_impl(Text text, Error&) { return keep(text); }

std::size_t AnswerParser::on_chunk_body_impl(std::uint64_t, Text text, Error&) {
  return keep(text);
}

std::size_t AnswerParser::keep(Text text) {
  answer_.body.append(text.data(),
                      std::min(text.size(), kAnswerBodyBytesMax - answer_.body.size()));
  return text.size();
}

std::optional<Receipt> read_receipt(std::string_view body) {
  const auto accepted = number_after(R"("accepted":)", body);
  const auto rejected = number_after(R"("rejected":)", body);
  if (!accepted || !rejected) return std::nullopt;
  return Receipt{*accepted, *rejected, body.find(R"("duplicate":true)") != body.npos};
}

}  // namespace minuted::load
