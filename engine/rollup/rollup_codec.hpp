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
// A *minute value* is a hosts value of a minute that also keeps when its hosts were seen, until its hour is
// rolled:
//
//   0x05 | varint hosts ≥ 1 | per host: varint n, n bytes of id | varint m, m bytes of rollup | seen
//
//   seen   0x00                                  not known
//          varint 1 + 3 ms                       the last event, and none carried a latency
//          varint 2 + 3 ms                       it carried the only latency
//          varint 3 + 3 ms | varint latency_us | varint ms from the event that carried it to the last
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
#include "rollup/seen_in_minute.hpp"

namespace minuted {

// First byte of a stored rollup. Persisted: never renumbered; a new layout takes a new number.
enum class ValueKind : std::uint8_t {
  kHosts = 0x01,
  kRepo = 0x02,
  kPage = 0x03,     // see page/page_codec.hpp
  kRepoPage = 0x04,  // see page/repo_page_codec.hpp
  kMinuteHosts = 0x05,
  kDamaged = 0x7F,  // see store/rollup_merge.hpp
};

// The hosts of one span and their rollups, ascending by host.
class HostRollups {
 public:
  struct Entry {
    std::string host;
    Rollup rollup;
    SeenInMinute seen{};  // of a row of a minute only
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  // The rollup of `host`, an empty one made if it is new. Valid until the next call.
  Rollup& of(std::string_view host) { return entry_of(host).rollup; }
  Entry& entry_of(std::string_view host);
  // Adds rollups, and not when hosts were seen: for rows of several minutes.
  void merge(const HostRollups& other);
  // Adds another part of the same row.
  void merge_row(const HostRollups& other);
  // Removes the hosts that have no event.
  void drop_empty();

  const std::vector<Entry>& entries() const { return entries_; }
  std::vector<Entry>& entries() { return entries_; }
  bool empty() const { return entries_.empty(); }
  void clear() { entries_.clear(); }
  friend bool operator==(const HostRollups&, const HostRollups&) = default;

 private:
  std::vector<Entry> entries_;
};

// Appends the hosts value, or the minute value if it is known of any host when it was seen. `hosts` must not
// be empty.
void encode_hosts(const HostRollups& hosts, std::string& out);

// Merges an encoded hosts or minute value into `hosts`, the same row. False if the bytes are not one, whole and well-formed;
// `hosts` may then hold part of it.
[[nodiscard]] bool merge_encoded_hosts(std::string_view bytes, HostRollups& hosts);

// Walks an encoded hosts or minute value without keeping it, for reads.
class HostsReader {
 public:
  // Borrows `bytes`. Without `sketches` those are skipped and rollups come with empty ones.
  explicit HostsReader(std::string_view bytes, bool sketches = false);

  // The next host and its rollup. False at the end or at bytes that are not a hosts value: ok() tells
  // which.
  bool next(std::string_view& host, Rollup& rollup);
  // Of the host that next() gave.
  const SeenInMinute& seen() const { return seen_; }
  bool ok() const { return in_.ok(); }

 private:
  ByteReader in_;
  std::uint64_t left_;
  std::string_view previous_;  // host
  SeenInMinute seen_;
  bool of_minute_;
  bool any_seen_;  // of the hosts so far; a value of a minute where none is has the other kind
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
