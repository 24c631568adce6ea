// The records of idempotency keys, nodes, event ids and of the meta family: what is accepted is the same once it was encoded
// again, and the short look at a record agrees with the whole.
#include <string>
#include <string_view>

#include "fuzz/fuzz.hpp"
#include "schema/meta_records.hpp"
#include "store/event_ids.hpp"
#include "store/idempotency.hpp"
#include "store/node_book.hpp"

namespace {

using namespace minuted;

template <class Record>
void check_meta(std::string_view bytes) {
  const auto record = Record::decode(bytes);
  if (!record) return;
  const std::string again = record->encode();
  MINUTED_REQUIRE(Record::decode(again) == record);
}

template <class... Records>
void check_all_meta(std::string_view bytes) {
  (check_meta<Records>(bytes), ...);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
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
  check_all_meta<SecretRecord, CommitRecord, RawFloorRecord, FoldMarkRecord, UnreadableKey,
                 RollBoundaries, RepoRowsRecord, ClockRecord, SeriesCountRecord, NodeCountRecord,
                 RemovalRecord>(bytes);
  if (const auto time = event_id_time(bytes)) MINUTED_REQUIRE(time->value >= 0);
  return 0;
}
