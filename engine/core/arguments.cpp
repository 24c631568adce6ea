#include "core/arguments.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "minuted/event.hpp"

namespace minuted {
namespace {

// Finds the first id that is none.
class IdCheck {
 public:
  IdCheck& of(std::string_view name, std::string_view id) {
    if (error_) return *this;
    if (const auto fault = check_id(id)) {
      error_ = Error{ErrorCode::kInvalidArgument,
                     std::string(name) + " " + shorten(id) + " " + *fault};
    }
    return *this;
  }
  IdCheck& of(std::string_view name, const std::vector<std::string>& ids) {
    for (const std::string& id : ids) of(name, id);
    return *this;
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace

std::optional<Error> check_arguments(const AppendRequest& request) {
  const auto& fault = request.batch.fault();
  if (!fault) return std::nullopt;
  return Error{ErrorCode::kInvalidArgument, "event " + std::to_string(fault->index) + " of the batch: " +
                                                fault->field + " " + fault->message};
}

std::optional<Error> check_arguments(const NodeUpdate& update) {
  return IdCheck().of("node", update.node).error();
}

std::optional<Error> check_arguments(const QuerySpec& query) {
  IdCheck check;
  check.of("repo", query.repos).of("bucket", query.buckets).of("host", query.hosts);
  if (query.after) {
    // Empty where the grouping leaves an id out.
    const RowKey& after = *query.after;
    if (!after.repo.empty()) check.of("repo", after.repo);
    if (!after.bucket.empty()) check.of("bucket", after.bucket);
    if (!after.host.empty()) check.of("host", after.host);
  }
  return check.error();
}

std::optional<Error> check_arguments(const EventQuery& query) {
  return IdCheck()
      .of("repo", query.repos)
      .of("bucket", query.buckets)
      .of("host", query.hosts)
      .error();
}

std::optional<Error> check_arguments(const TotalsQuery& query) {
  const bool by_repo = query.by == TotalsQuery::By::kRepo;
  return IdCheck().of(by_repo ? "repo" : "bucket", query.ids).of("repo", query.repos).error();
}

std::optional<Error> check_arguments(const NodeQuery& query) {
  return IdCheck().of("repo", query.repos).of("bucket", query.buckets).error();
}

std::optional<Error> check_arguments(const SeriesQuery& query) {
  IdCheck check;
  check.of("repo", query.repos).of("bucket", query.buckets);
  if (query.after) {
    const SeriesKey& after = *query.after;
    check.of("repo", after.repo).of("bucket", after.bucket).of("host", after.host);
  }
  return check.error();
}

std::optional<Error> check_arguments(const UsageQuery& query) {
  IdCheck check;
  if (query.scope == UsageScope::kRepo) check.of("repo", query.id);
  if (query.visible_repos) check.of("repo", *query.visible_repos);
  return check.of("bucket", query.buckets).error();
}

std::optional<Error> check_arguments(const Removal& removal) {
  IdCheck check;
  check.of("repo", removal.repo);
  if (removal.bucket) check.of("bucket", *removal.bucket);
  return check.error();
}

std::optional<Error> check_repo(std::string_view repo) {
  return IdCheck().of("repo", repo).error();
}

}  // namespace minuted
