// A hosts value or repo value that is accepted is the same once it was encoded again, and equal contents
// have equal bytes; the reader that keeps nothing sees the same rows.
#include <string>

#include "fuzz/fuzz.hpp"
#include "rollup/rollup_codec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace minuted;
  fuzz::Input input(data, size);
  const std::string_view bytes = input.rest();

  RepoRollup repo;
  if (merge_encoded_repo(bytes, repo)) {
    std::string encoded;
    encode_repo(repo, encoded);
    RepoRollup again;
    MINUTED_REQUIRE(merge_encoded_repo(encoded, again) && again == repo);
  }

  HostRollups hosts;
  const bool accepted = merge_encoded_hosts(bytes, hosts);
  HostsReader reader(bytes, true);
  std::size_t rows = 0;
  std::string_view host;
  Rollup rollup;
  while (reader.next(host, rollup)) {
    if (accepted) {
      MINUTED_REQUIRE(rows < hosts.entries().size());
      MINUTED_REQUIRE(hosts.entries()[rows].host == host && hosts.entries()[rows].rollup == rollup);
    }
    ++rows;
  }
  MINUTED_REQUIRE(reader.ok() == accepted);
  if (!accepted) return 0;
  MINUTED_REQUIRE(!hosts.empty() && rows == hosts.entries().size());
  std::string encoded;
  encode_hosts(hosts, encoded);
  HostRollups again;
  MINUTED_REQUIRE(merge_encoded_hosts(encoded, again) && again == hosts);
  std::string encoded_again;
  encode_hosts(again, encoded_again);
  MINUTED_REQUIRE(encoded_again == encoded);
  return 0;
}
