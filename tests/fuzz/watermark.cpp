// The file of what is known to be on disk: bytes that are no slot are refused, and a mark that was written
// over whatever was there is read again.
#include "store/watermark.hpp"

#include <rocksdb/env.h>

#include <memory>
#include <string>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace minuted;
  static const std::unique_ptr<rocksdb::Env> env(rocksdb::NewMemEnv(rocksdb::Env::Default()));
  static const bool made = env->CreateDirIfMissing("/store").ok();
  MINUTED_REQUIRE(made);
  fuzz::Input input(data, size);
  const Mark mark{input.number(), input.number(), input.number(), input.number()};
  const std::string_view bytes = input.rest();
  const std::string path = "/store/acknowledged";
  MINUTED_REQUIRE(
      rocksdb::WriteStringToFile(env.get(), rocksdb::Slice(bytes.data(), bytes.size()), path).ok());
  const auto seen = Watermark::look(*env, "/store");
  auto opened = Watermark::open(*env, "/store");
  MINUTED_REQUIRE(seen.ok() == opened.ok());
  if (!seen.ok()) return 0;
  MINUTED_REQUIRE((*opened)->mark() == *seen);
  MINUTED_REQUIRE((*opened)->write(mark).ok());
  const auto again = Watermark::look(*env, "/store");
  MINUTED_REQUIRE(again.ok() && *again == mark);
  return 0;
}
