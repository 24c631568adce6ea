// A key that is taken apart is put together again as it was.
#include "schema/keys.hpp"

#include <string>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace minuted;
  fuzz::Input input(data, size);
  const std::string_view key = input.rest();
  if (const auto repo = split_repo_key(key)) {
    MINUTED_REQUIRE(repo_key(repo->repo, repo->span, repo->first) == key);
    MINUTED_REQUIRE(key < repo_span_end(repo->span));
  }
  if (const auto pair = split_pair(key)) {
    const std::string prefix = pair_prefix(pair->repo, pair->bucket);
    MINUTED_REQUIRE(pair->prefix == prefix && key.starts_with(prefix));
    MINUTED_REQUIRE(key < after_prefix(prefix));
    const std::string index = bucket_index_key(pair->prefix);
    const auto repo = repo_of_bucket_index(index, bucket_index_prefix(pair->bucket));
    MINUTED_REQUIRE(pair->repo.empty() || repo == pair->repo);
  }
  return 0;
}
