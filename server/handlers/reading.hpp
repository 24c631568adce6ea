// What the handlers of streamed reads share: what the caller may see. Any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "auth/access.hpp"
#include "handlers/services.hpp"
#include "http/response.hpp"

namespace minuted::http {

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

// Leaves of the repos asked for (empty: all; ascending) what the caller may see; false if nothing is
// left of them.
bool narrow(std::vector<std::string>& repos, const auth::Caller& caller);

}  // namespace minuted::http
