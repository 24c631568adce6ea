// The records of idempotency keys, nodes and event ids: what is accepted is the same once it was encoded
// again, and the short look at a record agrees with the whole.
#include <string>

#include "fuzz/fuzz.hpp"
#include "store/event_ids.hpp"
#include "store/idempotency.hpp"
#include "store/node_book.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace minuted;
  fuzz::Input input(data, size);
  const std::string_view bytes = input.rest();
  if (const auto record = decode_record(bytes)) {
    MINUTED_REQUIRE(record_time(bytes) == record->committed_at);
    MINUTED_REQUIRE(!record->receipt.replayed);
    MINUTED_REQUIRE(decode_record(encode_record(*record)) == record);
  }
  if (const auto node = decode_node(bytes)) {
    MINUTED_REQUIRE(decode_node(encode_node(*node)) == node);
  }
  if (const auto time = event_id_time(bytes)) MINUTED_REQUIRE(time->value >= 0);
  return 0;
}
