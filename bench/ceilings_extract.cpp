// The ceilings of reading: simdjson's On-Demand over the bodies, the fields in the order they were
// written in, which is the fastest it has; then a hash table of sums. Nothing is checked that a
// body of our own cannot have wrong. See ceilings.hpp.
#include <simdjson.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>
#include <string_view>

#include "ceilings.hpp"
#include "minuted/index_table.hpp"
#include "minuted/time.hpp"

namespace minuted::bench {
namespace {

constexpr auto kMeasured = std::chrono::milliseconds(300);
constexpr int kTries = 3;  // the best counts: a ceiling is what can be had undisturbed
constexpr std::size_t kIdBytesMax = 256;

struct Fields {
  std::string_view repo;
  std::string_view bucket;
  std::string_view host;
  std::string_view op;
  std::int64_t timestamp;
  std::uint64_t status;
  std::uint64_t upl_bytes;
  std::uint64_t dwl_bytes;
  std::int64_t size_change;
  double latency_ms;
};

// Sums by key; emptied at each batch, as a batch is its own.
class Groups {
 public:
  void clear() {
    groups_.clear();
    table_.clear();
  }
  std::size_t size() const { return groups_.size(); }
  // False for ids longer than any body of ours has.
  bool add(const Fields& f) {
    const std::int64_t minute = f.timestamp / kMillisPerMinute;
    char key[2 * kIdBytesMax + sizeof minute + 1];
    if (f.repo.size() > kIdBytesMax || f.bucket.size() > kIdBytesMax) return false;
    char* end = std::copy(f.repo.begin(), f.repo.end(), key);
    *end++ = '\0';
    end = std::copy(f.bucket.begin(), f.bucket.end(), end);
    std::memcpy(end, &minute, sizeof minute);
    end += sizeof minute;
    Sums& sums = at({key, static_cast<std::size_t>(end - key)});
    ++sums.events;
    sums.errors += f.status >= 400 ? 1 : 0;
    sums.upl_bytes += f.upl_bytes;
    sums.dwl_bytes += f.dwl_bytes;
    sums.size_change += f.size_change;
    sums.latency_ms += f.latency_ms;
    return true;
  }

 private:
  struct Sums {
    std::string key;
    std::uint64_t events = 0;
    std::uint64_t errors = 0;
    std::uint64_t upl_bytes = 0;
    std::uint64_t dwl_bytes = 0;
    std::int64_t size_change = 0;
    double latency_ms = 0;
  };

  Sums& at(std::string_view key) {
    const std::uint64_t hash = XXH3_64bits(key.data(), key.size());
    std::uint32_t number =
        table_.find(hash, [&](std::uint32_t other) { return groups_[other].key == key; });
    if (number == IndexTable::kNone) {
      number = static_cast<std::uint32_t>(groups_.size());
      table_.insert(hash, number);
      groups_.push_back({std::string(key)});
    }
    return groups_[number];
  }

  IndexTable table_;
  std::vector<Sums> groups_;
};

bool take(simdjson::ondemand::object object, Fields& f) {
  return object.find_field("timestamp").get(f.timestamp) == simdjson::SUCCESS &&
         object.find_field("repoId").get(f.repo) == simdjson::SUCCESS &&
         object.find_field("bucketId").get(f.bucket) == simdjson::SUCCESS &&
         object.find_field("host").get(f.host) == simdjson::SUCCESS &&
         object.find_field("op").get(f.op) == simdjson::SUCCESS &&
         object.find_field("status").get(f.status) == simdjson::SUCCESS &&
         object.find_field("upl_bytes").get(f.upl_bytes) == simdjson::SUCCESS &&
         object.find_field("dwl_bytes").get(f.dwl_bytes) == simdjson::SUCCESS &&
         object.find_field("size_change").get(f.size_change) == simdjson::SUCCESS &&
         object.find_field("latency_ms").get(f.latency_ms) == simdjson::SUCCESS;
}

// Calls `each(fields)` for the events of a body; what they add up to. A body that does not say what
// it was made of adds up to something else.
template <class Each>
load::EventSums read_body(simdjson::ondemand::parser& parser, const simdjson::padded_string& text,
                          const Each& each) {
  load::EventSums sums;
  simdjson::ondemand::document_stream lines;
  if (parser.iterate_many(text).get(lines) != simdjson::SUCCESS) return sums;
  for (auto line : lines) {
    simdjson::ondemand::object object;
    Fields fields;
    if (line.get_object().get(object) != simdjson::SUCCESS || !take(object, fields)) return {};
    if (!each(fields)) return {};
    sums.add({1, fields.upl_bytes, fields.dwl_bytes, fields.size_change});
  }
  return sums;
}

struct Text {
  simdjson::padded_string text;
  const load::EventSums& sums;
};

// Reads the bodies over and over; events a second of the best try.
template <class Begin, class Each>
Result<double> best_rate(const std::vector<Text>& texts, const Begin& begin, const Each& each) {
  using Clock = std::chrono::steady_clock;
  simdjson::ondemand::parser parser;
  parser.threaded = false;  // one core
  double best = 0;
  for (int i = 0; i < kTries; ++i) {
    std::uint64_t events = 0;
    const auto started = Clock::now();
    double seconds = 0;
    for (std::size_t n = 0; Clock::now() - started < kMeasured; n = (n + 1) % texts.size()) {
      begin();
      const load::EventSums sums = read_body(parser, texts[n].text, each);
      if (!(sums == texts[n].sums)) {
        return Error{ErrorCode::kCorruption, "a body does not read as what it was made of"};
      }
      events += sums.events;
      seconds = std::chrono::duration<double>(Clock::now() - started).count();
    }
    best = std::max(best, ratio_of(static_cast<double>(events), seconds));
  }
  return best;
}

}  // namespace

Result<Extraction> measure_extraction(const std::vector<load::Body>& bodies) {
  std::vector<Text> texts;
  for (const load::Body& body : bodies) texts.push_back({body.text, body.sums});
  // What is not summed is used all the same, so that no compiler leaves it out.
  std::uint64_t used = 0;
  const auto extract = best_rate(
      texts, [] {},
      [&](const Fields& f) {
        used += f.repo.size() + f.bucket.size() + f.host.size() + f.op.size() + f.status +
                std::bit_cast<std::uint64_t>(f.latency_ms) +
                static_cast<std::uint64_t>(f.timestamp);
        return true;
      });
  if (!extract) return extract.error();
  if (used == 0) return Error{ErrorCode::kCorruption, "bodies without ids"};

  Groups groups;
  std::uint64_t groups_seen = 0;
  std::uint64_t events = 0;
  const auto group = best_rate(
      texts,
      [&] {
        groups_seen += groups.size();
        groups.clear();
      },
      [&](const Fields& f) {
        ++events;
        return groups.add(f);
      });
  if (!group) return group.error();
  groups_seen += groups.size();
  return Extraction{*extract, *group,
                    ratio_of(static_cast<double>(groups_seen), static_cast<double>(events))};
}

}  // namespace minuted::bench
