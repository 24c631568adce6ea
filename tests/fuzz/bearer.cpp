// The Authorization header, and the first bytes of a connection: what is taken for a token is one, and no
// request of HTTP is taken for another protocol.
#include "auth/bearer.hpp"

#include <algorithm>
#include <string>

#include "fuzz/fuzz.hpp"
#include "http/foreign_protocol.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace minuted;
  fuzz::Input input(data, size);
  const std::string_view text = input.rest();
  const auto parsed = auth::parse_bearer(text);
  if (const auto* token = std::get_if<std::string_view>(&parsed)) {
    MINUTED_REQUIRE(!token->empty() && token->size() <= auth::kPresentedBytesMax);
    MINUTED_REQUIRE(token->data() >= text.data() &&
                    token->data() + token->size() <= text.data() + text.size());
    MINUTED_REQUIRE(std::all_of(token->begin(), token->end(), [](char c) { return c > ' ' && c < 127; }));
    const auto again = auth::parse_bearer("Bearer " + std::string(*token));
    MINUTED_REQUIRE(std::holds_alternative<std::string_view>(again));
  } else {
    MINUTED_REQUIRE(!auth::explain(std::get<auth::BearerFault>(parsed)).empty());
  }
  MINUTED_REQUIRE(!http::foreign_protocol_advice("GET /" + std::string(text)));
  MINUTED_REQUIRE(!http::foreign_protocol_advice("POST /" + std::string(text)));
  if (const auto advice = http::foreign_protocol_advice(text)) MINUTED_REQUIRE(!advice->empty());
  return 0;
}
