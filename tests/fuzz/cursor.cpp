// A cursor is read back as it was made; one that was changed, or that nobody made, is refused; base64url has
// one text for each value.
#include <string>

#include "fuzz/fuzz.hpp"
#include "minuted/event.hpp"
#include "render/base64url.hpp"
#include "render/page_cursor.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace minuted;
  const SecretKey key{};
  fuzz::Input whole(data, size);
  const std::string_view text = whole.rest();
  if (const auto bytes = render::from_base64url(text)) {
    MINUTED_REQUIRE(render::to_base64url(*bytes) == text);
  }
  if (const auto cursor = render::decode_cursor(text, key)) {
    MINUTED_REQUIRE(render::encode_cursor(*cursor, key) == text);
  }

  fuzz::Input input(data, size);
  const std::uint64_t where = input.number();
  const auto flip = static_cast<unsigned char>(1U << input.byte() % 8);
  render::PageCursor cursor;
  cursor.range = {Minute{input.word()}, Minute{input.word()}};
  cursor.query_hash = input.number();
  cursor.last.minute = Minute{input.word()};
  const auto id = [&] {
    std::string made(input.bytes(input.byte()));
    return made.empty() || !check_id(made) ? made : std::string("id");
  };
  cursor.last.repo = id();
  cursor.last.bucket = id();
  cursor.last.host = id();
  std::string made = render::encode_cursor(cursor, key);
  MINUTED_REQUIRE(render::decode_cursor(made, key) == cursor);
  char& changed = made[where % made.size()];
  changed = static_cast<char>(static_cast<unsigned char>(changed) ^ flip);
  MINUTED_REQUIRE(!render::decode_cursor(made, key));
  return 0;
}
