// The stored bytes of rollups.
//
// A *hosts value* is what one (repo, bucket, span) keeps, span being a minute, an hour, a day or all
// time: its hosts, ascending, each with a rollup.
//
//   0x01 | varint hosts ≥ 1 | per host: varint n, n bytes of id | varint m, m bytes of rollup
//
// A rollup's m bytes: a varint of flags, one bit a field that is not zero, then those fields in the
// order of their bits:
//
//   bit 0–5  ops[0–5]        varint          bit 8   upl_bytes     varint, up to 128 bits
//   bit 6    client_errors   varint          bit 9   dwl_bytes     varint, up to 128 bits
//   bit 7    server_errors   varint          bit 10  size_change   zigzag varint, up to 128 bits
//   bit 11   latency         varint count | varint sum_us, up to 128 bits
//                            count ≥ 2: varint min_us | varint max_us - min_us
//                            count ≥ 3: varint buckets | per bucket, ascending:
//                              varint (index - previous index) * 2 + (count > 1); previous starts at 0
//                              count > 1: varint count - 2
//   With one or two latencies, minimum and maximum say what the sketch holds.
//
// A *repo value* is the small sum over all buckets of a repo:
//
//   0x02 | varint requests | varint upl_bytes | varint dwl_bytes | zigzag varint size_change
//        | varint latency_count | varint latency_sum_us
//
// Both begin with their kind and version in one byte; equal contents have equal bytes. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/bytes.hpp"
#include "minuted/repo_rollup.hpp"
#include "minuted/rollup.hpp"

namespace minuted {

// First byte of a stored rollup. Persisted: never renumbered; a new layout takes a new number.
enum class ValueKind : std::uint8_t {
  kHosts = 0x01,
  kRepo = 0x02,
  kPage = 0x03,     // see page/page_codec.hpp
  kRepoPage = 0x04,  // see page/repo_page_codec.hpp
  kDamaged = 0x7F,  // see store/rollup_merge.hpp
};

// The hosts of one span and their rollups, ascending by host.
class HostRollups {
 public:
  struct Entry {
    std::string host;
    Rollup rollup;
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  // The rollup of `host`, an empty one made if it is new. Valid until the next call.
  Rollup& of(std::string_view host);
  void merge(const HostRollups& other);
  // Removes the hosts that have no event.
  void drop_empty();

  const std::vector<Entry>& entries() const { return entries_; }
  bool empty() const { return entries_.empty(); }
  void clear() { entries_.clear(); }
  friend bool operator==(const HostRollups&, const HostRollups&) = default;

 private:
  std::vector<Entry> entries_;
};

// Appends the hosts value. `hosts` must not be empty.
void encode_hosts(const HostRollups& hosts, std::string& out);

// Merges an encoded hosts value into `hosts`. False if the bytes are not one, whole and well-formed;
// `hosts` may then hold part of it.
[[nodiscard]] bool merge_encoded_hosts(std::string_view bytes, HostRollups& hosts);

// Walks an encoded hosts value without keeping it, for reads.
class HostsReader {
 public:
  // Borrows `bytes`. Without `sketches` those are skipped and rollups come with empty ones.
  explicit HostsReader(std::string_view bytes, bool sketches = false);

  // The next host and its rollup. False at the end or at bytes that are not a hosts value: ok() tells
  // which.
  bool next(std::string_view& host, Rollup& rollup);
  bool ok() const { return in_.ok(); }

 private:
  ByteReader in_;
  std::uint64_t left_;
  std::string_view previous_;  // host
  bool sketches_;
};

// The sketch's bytes as a rollup with three latencies or more has them, from "varint buckets" on.
void encode_sketch(const LatencySketch& sketch, std::string& out);
// Fills an empty sketch. False unless `bytes` are exactly one sketch of so many latencies.
[[nodiscard]] bool decode_sketch(std::string_view bytes, std::uint64_t latencies,
                                 LatencySketch& sketch);

// The small value per repo.
void encode_repo(const RepoRollup& repo, std::string& out);
[[nodiscard]] bool merge_encoded_repo(std::string_view bytes, RepoRollup& repo);

}  // namespace minuted
