// What the handlers of streamed reads share: their place among those under way, and what the caller may
// see. Any thread.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth/access.hpp"
#include "handlers/services.hpp"
#include "http/response.hpp"

namespace minuted::http {

// A scan's place among those that may hold a snapshot at once; gives it back at its end. Takes a slot
// that is already taken.
class Slot {
 public:
  explicit Slot(Slots& slots) : slots_(&slots) {}
  ~Slot() { slots_->give_back(); }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

 private:
  Slots* slots_;
};

// An answer that is whole already, answered like one that is not: compressed where that is asked for.
class TextSource final : public BodySource {
 public:
  explicit TextSource(std::string text) : text_(std::move(text)) {}
  Result<bool> fill(std::string& out) override {
    out += text_;
    return false;
  }

 private:
  const std::string text_;
};

// Takes a slot, or says that there is none.
std::optional<Response> refuse_scan(Services& services);

// Leaves of the repos asked for (empty: all; ascending) what the caller may see; false if nothing is
// left of them.
bool narrow(std::vector<std::string>& repos, const auth::Caller& caller);

}  // namespace minuted::http
