// What the handlers of streamed reads share: their place among those under way, and what the caller may
// see. Any thread.
#pragma once

#include <optional>
#include <string>
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

// Takes a slot, or says that there is none.
std::optional<Response> refuse_scan(Services& services);

// Leaves of the repos asked for (empty: all; ascending) what the caller may see; false if nothing is
// left of them.
bool narrow(std::vector<std::string>& repos, const auth::Caller& caller);

}  // namespace minuted::http
