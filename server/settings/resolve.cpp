#include "settings/resolve.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "minuted/event.hpp"
#include "settings/memory_shares.hpp"
#include "settings/origin.hpp"

namespace minuted::settings {
namespace {

class Resolver {
 public:
  Resolver() : winners_(definitions().size()) {}

  void take(const Given& given) {
    Winner& best = winners_[index_of(*given.definition)];
    const bool first = best.given == nullptr;
    Settings dropped;
    const bool good = take_values(given, first ? out_.settings : dropped) && !given.faulty;
    if (first) best = {&given, good, false};
  }

  Resolved finish(const std::optional<MemoryLimit>& limit) {
    fit_memory(limit);
    share_memory();
    check_order("body-bytes-max", "bytes-in-flight-max");
    check_order("body-bytes-max", "inflated-bytes-max");
    check_tiers();
    check_access();
    check_pages();
    for (const Winner& winner : winners_) out_.origins.push_back(origin_of(winner));
    return std::move(out_);
  }

 private:
  struct Winner {
    const Given* given = nullptr;  // the caller's
    bool good = true;
    bool is_share = false;  // of memory
  };

  static std::size_t index_of(const Definition& definition) {
    return static_cast<std::size_t>(&definition - definitions().data());
  }

  // The default of memory where the process may not have as much as that needs.
  void fit_memory(const std::optional<MemoryLimit>& limit) {
    if (!limit) return;
    const Winner& memory = winner(*find_definition("memory"));
    std::size_t& bytes = out_.settings.memory_bytes;
    const std::string allowed = limit->file + " allows " + std::to_string(limit->bytes) + " bytes";
    if (memory.given == nullptr) {
      const std::size_t fitting = default_memory_bytes(limit->bytes);
      if (fitting == bytes) return;
      bytes = fitting;
      memory_origin_ = "the default where " + allowed;
      out_.notes.push_back("memory is " + to_text(NumberForm::kSize, bytes) + ", since " + allowed +
                           " and --memory is not given");
    }
    if (memory.good && bytes + kMemoryBesideBytes > limit->bytes) {
      out_.notes.push_back("memory " + to_text(NumberForm::kSize, bytes) + " and up to " +
                           to_text(NumberForm::kSize, kMemoryBesideBytes) +
                           " beside it are more than " + allowed +
                           "; the system may end the process");
    }
  }

  // Gives each bound of memory that was not given itself its share of the whole.
  void share_memory() {
    const Winner& memory = winner(*find_definition("memory"));
    if (!memory.good || (memory.given == nullptr && memory_origin_.empty())) return;
    Settings& s = out_.settings;
    for (const MemoryShare& share : kMemoryShares) give_share(share, SIZE_MAX);
    give_share(kBodyShare, s.bytes_in_flight_max);
  }

  void give_share(const MemoryShare& share, std::size_t bytes_max) {
    const Definition& definition = *find_definition(share.name);
    Winner& of = winners_[index_of(definition)];
    if (of.given != nullptr) return;
    const std::size_t bytes = std::min(share_of(share, out_.settings.memory_bytes), bytes_max);
    out_.settings.*share.bytes = static_cast<std::size_t>(
        std::clamp<std::uint64_t>(bytes, definition.range.first, definition.range.last));
    of.is_share = true;
  }

  std::string origin_of(const Winner& winner) const {
    const Winner& memory = winners_[index_of(*find_definition("memory"))];
    if (winner.is_share) return "a share of " + origin_of(memory);
    if (&winner == &memory && winner.given == nullptr && !memory_origin_.empty()) return memory_origin_;
    if (winner.given == nullptr) return "the default";
    if (winner.given->layer != Layer::kFile) return winner.given->origin;
    return winner.given->origin + ":" + std::to_string(winner.given->line);
  }

  bool take_values(const Given& given, Settings& settings) {
    const Definition& definition = *given.definition;
    if (given.values.size() > kListElementsMax) {
      out_.errors.push_back(place_of(given, given.line) + " has " +
                            std::to_string(given.values.size()) + " elements; give at most " +
                            std::to_string(kListElementsMax));
      return false;
    }
    const std::size_t errors_before = out_.errors.size();
    for (const Value& value : given.values) {
      if (const auto fault = definition.take(definition, value.text, settings)) {
        out_.errors.push_back(place_of(given, value.line) + " " + shorten(value.text) + " " +
                              *fault + "; give " + expectation_of(definition));
      }
    }
    return out_.errors.size() == errors_before;
  }

  // A setting as the sentence about it begins: where it was given, or its flag; and its value.
  std::string offender(const Definition& definition) const {
    const Given* const given = winner(definition).given;
    return (given == nullptr ? flag_of(definition) : place_of(*given, given->line)) + " " +
           shorten(definition.texts(definition, out_.settings).front());
  }

  const Winner& winner(const Definition& definition) const {
    return winners_[index_of(definition)];
  }

  // Both are sizes.
  void check_order(std::string_view lower, std::string_view upper) {
    const Definition& low = *find_definition(lower);
    const Definition& high = *find_definition(upper);
    if (!winner(low).good || !winner(high).good) return;
    const auto value = [&](const Definition& of) {
      const std::string text = of.texts(of, out_.settings).front();
      return *parse_number(*number_form(of.form), text, of.range);
    };
    if (value(low) <= value(high)) return;
    const bool told_high = winner(low).given == nullptr;  // blame what was given
    const auto plain = [&](const Definition& of) {
      return std::string(of.name) + " " + of.texts(of, out_.settings).front() + " (" +
             origin_of(winner(of)) + ")";
    };
    out_.errors.push_back(told_high ? offender(high) + " is below " + plain(low) +
                                          "; give at least that, or lower " + flag_of(low)
                                    : offender(low) + " is above " + plain(high) +
                                          "; give at most that, or raise " + flag_of(high));
  }

  // A minute that is kept is in an hour that is kept, and that hour in a day: the engine opens nothing
  // else.
  void check_tiers() {
    const Definition& retention = *find_definition("retention");
    const Winner& winner_of_it = winner(retention);
    if (winner_of_it.given == nullptr || !winner_of_it.good) return;
    const TierAges& ages = out_.settings.retention;
    const auto check = [&](std::string_view coarse, std::int64_t coarse_ms, std::string_view fine,
                           std::int64_t fine_ms) {
      if (coarse_ms == 0 || (fine_ms != 0 && coarse_ms >= fine_ms)) return;
      const auto text = [](std::int64_t ms) {
        return to_text(NumberForm::kDuration, static_cast<std::uint64_t>(ms));
      };
      out_.errors.push_back(
          place_of(*winner_of_it.given, winner_of_it.given->line) + " keeps " +
          std::string(coarse) + " for " + text(coarse_ms) + ", but " + std::string(fine) + " " +
          (fine_ms == 0 ? "for ever" : "for " + text(fine_ms)) +
          "; a coarser tier must be kept at least as long as a finer one: " +
          (fine_ms == 0 ? "give " + std::string(fine) + "=" + text(coarse_ms) + " or less"
                        : "give " + std::string(coarse) + "=" + text(fine_ms) + " or more") +
          ", or leave " + std::string(coarse) + " out to keep it for ever");
    };
    check("hour", ages.hour_ms, "minute", ages.minute_ms);
    check("day", ages.day_ms, "hour", ages.hour_ms);
  }

  void check_access() {
    const Definition& listen = *find_definition("listen");
    const Definition& tokens = *find_definition("tokens");
    const Definition& anyone = *find_definition("serve-anyone-without-tokens");
    if (!winner(listen).good || !winner(tokens).good || !winner(anyone).good) return;
    if (is_loopback(out_.settings.listen) || !out_.settings.tokens_file.empty() ||
        out_.settings.serve_anyone_without_tokens) {
      return;
    }
    out_.errors.push_back(
        offender(listen) + " can be reached from other machines and there are no tokens; give " +
        flag_of(tokens) + " FILE, or " + flag_of(anyone) + " to let anyone read and write");
  }

  // A page is in any browser that runs on this machine, and needs no way in from outside.
  void check_pages() {
    const Definition& origins = *find_definition("cors-origin");
    const Definition& tokens = *find_definition("tokens");
    const Definition& anyone = *find_definition("serve-anyone-without-tokens");
    if (!winner(origins).good || !winner(tokens).good || !winner(anyone).good) return;
    const auto& given = out_.settings.cors_origins;
    const bool any = std::find(given.begin(), given.end(), kAnyOrigin) != given.end();
    if (!any || !out_.settings.tokens_file.empty() || out_.settings.serve_anyone_without_tokens) {
      return;
    }
    const Given& from = *winner(origins).given;
    out_.errors.push_back(place_of(from, from.line) + " " + shorten(kAnyOrigin) +
                          " lets every page read and write and there are no tokens; name the pages' "
                          "origins, give " +
                          flag_of(tokens) + " FILE, or " + flag_of(anyone) +
                          " to let anyone read and write");
  }

  std::vector<Winner> winners_;  // by definition
  std::string memory_origin_;    // of a default that the surroundings decided
  Resolved out_;
};

}  // namespace

Resolved resolve(std::span<const Given> given, const std::optional<MemoryLimit>& limit) {
  Resolver resolver;
  for (const Given& one : given) resolver.take(one);
  return resolver.finish(limit);
}

}  // namespace minuted::settings
