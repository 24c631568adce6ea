// Appending: a batch of events, the key that makes it repeatable, and what became of it. Values; see
// Engine::append.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "minuted/event_batch.hpp"
#include "minuted/fingerprint.hpp"
#include "minuted/result.hpp"

namespace minuted {

// Why one event of a batch was refused.
struct EventError {
  std::uint64_t index = 0;  // of the event in its body, from 0
  std::string field;        // empty when the event as a whole is at fault
  std::string message;
  friend bool operator==(const EventError&, const EventError&) = default;
};

// Rejected events a receipt names one by one; the rest are only counted.
inline constexpr std::size_t kReceiptErrorsMax = 20;

// What became of a batch. Stored with its idempotency key, so that a repeat gets the same.
struct Receipt {
  std::uint64_t accepted = 0;
  std::uint64_t rejected = 0;
  std::uint64_t duplicates = 0;
  std::vector<EventError> errors;  // the first kReceiptErrorsMax of the rejected
  bool replayed = false;           // this answer is the first one's, nothing was counted now
  friend bool operator==(const Receipt&, const Receipt&) = default;
};

// The message of kEventRejected: how many events are rejected, and the first of them.
inline std::string strict_rejection(std::uint64_t rejected, const EventError& first) {
  return std::to_string(rejected) +
         " events of the strict batch are not accepted, and so none is; the first is at index " +
         std::to_string(first.index) + ": " + first.message;
}

inline constexpr std::size_t kIdempotencyKeyBytesMax = 128;

// Names a request so that sending it again changes nothing. Both texts are UTF-8 without control
// characters.
struct IdempotencyKey {
  std::string scope;  // whose key it is, up to 255 bytes; the same key in two scopes is two keys
  std::string key;    // 1–128 bytes
  Fingerprint body;   // of everything that makes the request this one
};

struct AppendRequest {
  EventBatch batch;                             // may be empty
  std::optional<IdempotencyKey> idempotency;
  std::uint64_t rejected = 0;                   // goes into the receipt as it is
  std::vector<EventError> errors;               // same
  // All or nothing: if any event is rejected, by the engine or already in `rejected`, nothing of the batch
  // is stored, no series of it is known, its key stays unused, and the answer is kEventRejected.
  bool strict = false;
  // Answer from the key's record if there is one, else kInvalidArgument; nothing is stored. Needs a
  // key and an empty batch. For a request that is refused now but may have been accepted before.
  bool only_if_known = false;
  // Bytes that the caller has accounted for elsewhere, and will until the answer: so much of the batch's
  // memory does not count in Options::commit_queue_bytes_max.
  std::size_t bytes_accounted = 0;
};

using AppendDone = std::function<void(Result<Receipt>)>;

}  // namespace minuted
