// An answer's few parts that a load looks at, read by Beast's parser without keeping the rest: no
// allocation an answer once the body's memory is there. One thread.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace minuted::load {

// What is kept of an answer's body; the rest is read and dropped.
inline constexpr std::size_t kAnswerBodyBytesMax = 4096;

struct Answer {
  unsigned status = 0;
  std::optional<std::uint32_t> retry_after_seconds;
  std::string body;  // at most kAnswerBodyBytesMax
};

class AnswerParser final : public boost::beast::http::basic_parser<false> {
 public:
  // Fills `answer`, which is borrowed and emptied first.
  explicit AnswerParser(Answer& answer);

 private:
  using Error = boost::beast::error_code;
  using Text = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb, Text, Text, int, Error&) override {}
  void on_response_impl(int code, Text, int, Error&) override;
  void on_field_impl(boost::beast::http::field name, Text, Text value, Error&) override;
  void on_header_impl(Error&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
  std::size_t on_body_impl(Text text, Error&) override;
  void on_chunk_header_impl(std::uint64_t, Text, Error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text text, Error&) override;
  void on_finish_impl(Error&) override {}

  std::size_t keep(Text text);

  Answer& answer_;
};

// What the 200 to a batch says.
struct Receipt {
  std::uint64_t accepted;
  std::uint64_t rejected;
  bool replayed;
};
// nullopt for a body that is no receipt.
std::optional<Receipt> read_receipt(std::string_view body);

}  // namespace minuted::load
