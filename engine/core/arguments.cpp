#include "core/arguments.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "minuted/event.hpp"

namespace minuted {
namespace {

// Finds the first argument that is not accepted.
class ArgumentCheck {
 public:
  ArgumentCheck& id(std::string_view kind, std::string_view id) {
    if (error_) return *this;
    if (const auto fault = check_id(id)) refuse(kind, id, *fault + "; " + kIdAdvice);
    return *this;
  }
  ArgumentCheck& ids(std::string_view kind, const std::vector<std::string>& all) {
    for (const std::string& one : all) id(kind, one);
    return *this;
  }
  // An id, or nothing.
  ArgumentCheck& id_or_empty(std::string_view kind, std::string_view text) {
    return text.empty() ? *this : id(kind, text);
  }
  ArgumentCheck& id_or_empty_if_given(std::string_view kind,
                                      const std::optional<std::string>& text) {
    return text ? id_or_empty(kind, *text) : *this;
  }

  ArgumentCheck& idempotency_key(std::string_view key) {
    if (error_) return *this;
    if (key.empty() || key.size() > kIdempotencyKeyBytesMax) {
      refuse("idempotency key", key,
             "has " + std::to_string(key.size()) + " bytes; give 1 to " +
                 std::to_string(kIdempotencyKeyBytesMax) + " bytes");
    } else if (!is_text(key)) {
      refuse("idempotency key", key, std::string("is not accepted; ") + kTextAdvice);
    }
    return *this;
  }

  // Descriptive text; empty is accepted.
  ArgumentCheck& text(std::string_view kind, std::string_view text, std::size_t bytes_max) {
    if (error_) return *this;
    if (text.size() > bytes_max) {
      refuse(kind, text,
             "has " + std::to_string(text.size()) + " bytes; give up to " +
                 std::to_string(bytes_max) + " bytes");
    } else if (!is_text(text)) {
      refuse(kind, text, std::string("is not accepted; ") + kTextAdvice);
    }
    return *this;
  }
  ArgumentCheck& text_if_given(std::string_view kind, const std::optional<std::string>& value,
                               std::size_t bytes_max) {
    return value ? text(kind, *value, bytes_max) : *this;
  }

  ArgumentCheck& number(std::string_view kind, std::uint64_t value, std::uint64_t max) {
    if (!error_ && value > max) {
      error_ =
          Error{ErrorCode::kInvalidArgument, std::string(kind) + " " + std::to_string(value) +
                                                 " is not within 0 and " + std::to_string(max)};
    }
    return *this;
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  static constexpr const char* kTextAdvice = "give UTF-8 without control characters";

  static bool is_text(std::string_view text) {
    return is_valid_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
             return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
           });
  }

  void refuse(std::string_view kind, std::string_view value, const std::string& fault) {
    error_ =
        Error{ErrorCode::kInvalidArgument, std::string(kind) + " " + shorten(value) + " " + fault};
  }

  std::optional<Error> error_;
};

}  // namespace

std::optional<Error> check_arguments(const AppendRequest& request) {
  if (const auto& fault = request.batch.fault()) {
    return Error{ErrorCode::kInvalidArgument, "event " + std::to_string(fault->index) +
                                                  " of the batch: " + fault->field + " " +
                                                  fault->message};
  }
  if (!request.idempotency) return std::nullopt;
  return ArgumentCheck()
      .idempotency_key(request.idempotency->key)
      .text("scope of an idempotency key", request.idempotency->scope, kIdBytesMax)
      .error();
}

std::optional<Error> check_arguments(const NodeUpdate& update) {
  ArgumentCheck check;
  check.id("node", update.node)
      .text_if_given("endpoint", update.facts.endpoint, kNodeFactBytesMax)
      .text_if_given("region", update.facts.region, kNodeFactBytesMax)
      .text_if_given("storage type", update.facts.storage_type, kNodeFactBytesMax)
      .text_if_given("provider", update.facts.provider, kNodeFactBytesMax)
      .text_if_given("version", update.facts.version, kNodeFactBytesMax);
  if (const auto& heartbeat = update.heartbeat) {
    check.number("latency_us", heartbeat->latency_us.value_or(0), kLatencyUsMax)
        .text("status", heartbeat->status, kNodeStatusBytesMax)
        .text("ip", heartbeat->ip, kNodeStatusBytesMax);
  }
  return check.error();
}

std::optional<Error> check_arguments(const QuerySpec& query) {
  ArgumentCheck check;
  check.ids("repo", query.repos).ids("bucket", query.buckets).ids("host", query.hosts);
  if (query.after) {
    // Empty where the grouping leaves an id out.
    check.id_or_empty("repo", query.after->repo)
        .id_or_empty("bucket", query.after->bucket)
        .id_or_empty("host", query.after->host);
  }
  return check.error();
}

std::optional<Error> check_arguments(const EventQuery& query) {
  return ArgumentCheck()
      .ids("repo", query.repos)
      .ids("bucket", query.buckets)
      .ids("host", query.hosts)
      .error();
}

std::optional<Error> check_arguments(const TotalsQuery& query) {
  const bool by_repo = query.by == TotalsQuery::By::kRepo;
  return ArgumentCheck()
      .ids(by_repo ? "repo" : "bucket", query.ids)
      .ids("repo", query.repos)
      .error();
}

std::optional<Error> check_arguments(const NodeQuery& query) {
  return ArgumentCheck().ids("repo", query.repos).ids("bucket", query.buckets).error();
}

std::optional<Error> check_arguments(const SeriesQuery& query) {
  ArgumentCheck check;
  check.ids("repo", query.repos)
      .ids("bucket", query.buckets)
      .id_or_empty("beginning of a repo, bucket or host", query.search);
  if (query.after) {
    check.id("repo", query.after->repo)
        .id("bucket", query.after->bucket)
        .id("host", query.after->host);
  }
  return check.error();
}

std::optional<Error> check_arguments(const UsageQuery& query) {
  ArgumentCheck check;
  // The whole store has no id.
  if (query.scope == UsageScope::kRepo) check.id("repo", query.id);
  if (query.scope == UsageScope::kWorkspace) check.id("workspace", query.id);
  if (query.visible_repos) check.ids("repo", *query.visible_repos);
  return check.ids("bucket", query.buckets).error();
}

std::optional<Error> check_arguments(const Removal& removal) {
  ArgumentCheck check;
  check.id("repo", removal.repo);
  if (removal.bucket) check.id("bucket", *removal.bucket);
  return check.error();
}

std::optional<Error> check_arguments(std::string_view repo, const RepoFactsChange& change) {
  return ArgumentCheck()
      .id("repo", repo)
      .id_or_empty_if_given("workspace", change.workspace)
      .id_or_empty_if_given("provider", change.provider)
      .error();
}

std::optional<Error> check_arguments(const SeriesLimits& limits) {
  ArgumentCheck check;
  for (const auto& [repo, max] : limits.repo_new_per_minute_max) check.id("repo", repo);
  for (const auto& [repo, max] : limits.repo_total_max) check.id("repo", repo);
  return check.error();
}

}  // namespace minuted
