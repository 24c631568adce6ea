// What is made with a store's secret. Values; see Engine::fingerprint and Engine::derive_key.
#pragma once

#include <array>
#include <cstdint>

namespace minuted {

// 128 bits that stand for a body: equal bodies have equal fingerprints within one store, unequal
// ones differ but for a chance of 2^-128.
struct Fingerprint {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

// See Engine::derive_key.
using SecretKey = std::array<unsigned char, 32>;

}  // namespace minuted
