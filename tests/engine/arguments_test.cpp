// What no key could hold is refused where it enters the engine: an id with a NUL would end within a
// key, and name another repo or bucket. Embedding programs have no JSON decoder before the engine.
#include <cstddef>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/engine_fixture.hpp"

namespace minuted::test {
namespace {

using namespace std::string_view_literals;

class ArgumentsTest : public EngineTest {
 protected:
  void SetUp() override {
    options_.retention.raw_ms = 24 * kHourMs;
    open();
  }

  // The error of appending two events of which the second is this one.
  Error refusal_of(const EventView& event) {
    const auto receipt = engine_->append_and_wait(request_of({event_at(kNowMs), event}));
    EXPECT_FALSE(receipt.ok());
    EXPECT_TRUE(read().empty()) << "nothing of the batch is stored";
    return receipt.ok() ? Error{} : receipt.error();
  }

  static constexpr std::string_view kBad = "a\0b"sv;
};

TEST_F(ArgumentsTest, AnEventThatNoKeyCouldHoldRefusesItsBatch) {
  struct Case {
    const char* message;
    void (*spoil)(EventView&);
  };
  static const std::string kLong(256, 'x');
  const Case cases[] = {
      {"event 1 of the batch: repo \"a\\x00b\" must not contain control characters",
       [](EventView& e) { e.repo = kBad; }},
      {"event 1 of the batch: bucket \"a\\x00b\" must not contain control characters",
       [](EventView& e) { e.bucket = kBad; }},
      {"event 1 of the batch: host \"a\\x00b\" must not contain control characters",
       [](EventView& e) { e.host = kBad; }},
      {"event 1 of the batch: repo \"\" must not be empty", [](EventView& e) { e.repo = {}; }},
      {"event 1 of the batch: status 1000 is not within 0 and 999",
       [](EventView& e) { e.status = 1000; }},
      {"event 1 of the batch: timestamp -1 is not within 0 and ",
       [](EventView& e) { e.timestamp = Millis{-1}; }},
      {"event 1 of the batch: latency_us 10000000000001 is not within 0 and 10000000000000",
       [](EventView& e) { e.latency_us = kLatencyUsMax + 1; }},
      {"event 1 of the batch: id \"xxx", [](EventView& e) { e.id = kLong; }},
      {"event 1 of the batch: bucket \"xxx", [](EventView& e) { e.bucket = kLong; }},
  };
  for (const Case& one : cases) {
    EventView event = event_at(kNowMs);
    one.spoil(event);
    const Error error = refusal_of(event);
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    EXPECT_TRUE(error.message.starts_with(one.message)) << error.message;
  }
  EXPECT_EQ(append(request_of({event_at(kNowMs)})).accepted, 1U) << "the engine goes on";
}

TEST_F(ArgumentsTest, AClearedBatchIsRightAgain) {
  EventBatch batch;
  EventView bad = event_at(kNowMs);
  bad.host = kBad;
  batch.add(bad, 7);
  ASSERT_TRUE(batch.fault().has_value());
  EXPECT_EQ(batch.fault()->index, 7U);
  EXPECT_TRUE(batch.empty());
  batch.clear();
  EXPECT_FALSE(batch.fault().has_value());
}

// One public function with one id in one of its places. It returns the function's error.
struct Door {
  const char* name;
  const char* kind;  // what the message calls the id
  std::optional<Error> (*call)(Engine& engine, std::string id);
  bool may_be_empty = false;
};

template <class T>
std::optional<Error> error_of(const Result<T>& result) {
  return result.ok() ? std::nullopt : std::optional(result.error());
}

EventView event_of(std::string_view repo, std::string_view bucket, std::string_view host) {
  EventView event;
  event.repo = repo;
  event.bucket = bucket;
  event.host = host;
  event.timestamp = Millis{kNowMs};
  return event;
}

std::optional<Error> append_event(Engine& engine, const EventView& event) {
  AppendRequest request;
  request.batch.add(event);
  return error_of(engine.append_and_wait(std::move(request)));
}

std::optional<Error> query_after(Engine& engine, RowKey after) {
  QuerySpec spec{kAllMinutes, {}, {}, {}};
  spec.after = std::move(after);
  return error_of(engine.query(spec));
}

std::optional<Error> series_after(Engine& engine, SeriesKey after) {
  return error_of(engine.series({{}, {}, {}, std::move(after)}));
}

UsageQuery usage_of(UsageScope scope, std::string id) {
  UsageQuery query;
  query.scope = scope;
  query.id = std::move(id);
  query.window = {Minute{0}, 1, 5};
  return query;
}

const Door kDoors[] = {
    {"append_repo", "repo",
     [](Engine& e, std::string id) { return append_event(e, event_of(id, "b", "h")); }},
    {"append_bucket", "bucket",
     [](Engine& e, std::string id) { return append_event(e, event_of("r", id, "h")); }},
    {"append_host", "host",
     [](Engine& e, std::string id) { return append_event(e, event_of("r", "b", id)); }},
    {"append_without_waiting", "repo",
     [](Engine& e, std::string id) {
       std::promise<Result<Receipt>> answer;
       AppendRequest request;
       request.batch.add(event_of(id, "b", "h"));
       e.append(std::move(request), [&](Result<Receipt> r) { answer.set_value(std::move(r)); });
       return error_of(answer.get_future().get());
     }},
    {"update_node", "node",
     [](Engine& e, std::string id) {
       NodeUpdate update;
       update.node = std::move(id);
       update.heartbeat.emplace();
       return error_of(e.tell_node_and_wait(std::move(update)));
     }},
    {"update_node_without_waiting", "node",
     [](Engine& e, std::string id) {
       std::promise<Result<NodeFacts>> answer;
       NodeUpdate update;
       update.node = std::move(id);
       e.tell_node(std::move(update), [&](Result<NodeFacts> r) { answer.set_value(std::move(r)); });
       return error_of(answer.get_future().get());
     }},
    {"update_repo", "repo",
     [](Engine& e, std::string id) {
       return error_of(e.tell_repo(id, {"w", std::nullopt}));
     }},
    {"update_repo_workspace", "workspace",
     [](Engine& e, std::string id) {
       return error_of(e.tell_repo("r", {id, std::nullopt}));
     },
     true},
    {"update_repo_provider", "provider",
     [](Engine& e, std::string id) {
       return error_of(e.tell_repo("r", {std::nullopt, id}));
     },
     true},
    {"query_repos", "repo",
     [](Engine& e, std::string id) {
       return error_of(e.query({kAllMinutes, {"r", id}, {}, {}}));
     }},
    {"query_buckets", "bucket",
     [](Engine& e, std::string id) {
       return error_of(e.query({kAllMinutes, {}, {id}, {}}));
     }},
    {"query_hosts", "host",
     [](Engine& e, std::string id) {
       return error_of(e.query({kAllMinutes, {}, {}, {id}}));
     }},
    {"query_after_repo", "repo",
     [](Engine& e, std::string id) {
       return query_after(e, {id, "b", Minute{1}, "h"});
     },
     true},
    {"query_after_bucket", "bucket",
     [](Engine& e, std::string id) {
       return query_after(e, {"r", id, Minute{1}, "h"});
     },
     true},
    {"query_after_host", "host",
     [](Engine& e, std::string id) {
       return query_after(e, {"r", "b", Minute{1}, id});
     },
     true},
    {"events_repos", "repo",
     [](Engine& e, std::string id) {
       return error_of(e.events({kAllMinutes, {id}, {}, {}}));
     }},
    {"events_buckets", "bucket",
     [](Engine& e, std::string id) {
       return error_of(e.events({kAllMinutes, {}, {id}, {}}));
     }},
    {"events_hosts", "host",
     [](Engine& e, std::string id) {
       return error_of(e.events({kAllMinutes, {}, {}, {id}}));
     }},
    {"totals_of_repos", "repo",
     [](Engine& e, std::string id) {
       return error_of(e.totals({TotalsQuery::By::kRepo, {id}, {}}));
     }},
    {"totals_of_buckets", "bucket",
     [](Engine& e, std::string id) {
       return error_of(e.totals({TotalsQuery::By::kBucket, {id}, {}}));
     }},
    {"totals_within_repos", "repo",
     [](Engine& e, std::string id) {
       return error_of(e.totals({TotalsQuery::By::kBucket, {"b"}, {id}}));
     }},
    {"nodes_repos", "repo",
     [](Engine& e, std::string id) {
       return error_of(e.nodes({{id}, {}, std::nullopt}));
     }},
    {"nodes_buckets", "bucket",
     [](Engine& e, std::string id) {
       return error_of(e.nodes({{}, {id}, std::nullopt}));
     }},
    {"series_repos", "repo",
     [](Engine& e, std::string id) {
       return error_of(e.series({{id}, {}, {}, std::nullopt}));
     }},
    {"series_buckets", "bucket",
     [](Engine& e, std::string id) {
       return error_of(e.series({{}, {id}, {}, std::nullopt}));
     }},
    {"series_search", "beginning of a repo, bucket or host",
     [](Engine& e, std::string id) {
       return error_of(e.series({{}, {}, id, std::nullopt}));
     },
     true},
    {"series_after_repo", "repo",
     [](Engine& e, std::string id) {
       return series_after(e, {id, "b", "h"});
     }},
    {"series_after_bucket", "bucket",
     [](Engine& e, std::string id) {
       return series_after(e, {"r", id, "h"});
     }},
    {"series_after_host", "host",
     [](Engine& e, std::string id) {
       return series_after(e, {"r", "b", id});
     }},
    {"usage_of_repo", "repo",
     [](Engine& e, std::string id) { return error_of(e.usage(usage_of(UsageScope::kRepo, id))); }},
    {"usage_of_workspace", "workspace",
     [](Engine& e, std::string id) {
       return error_of(e.usage(usage_of(UsageScope::kWorkspace, id)));
     }},
    {"usage_visible_repos", "repo",
     [](Engine& e, std::string id) {
       UsageQuery query = usage_of(UsageScope::kOrg, "");
       query.visible_repos = {id};
       return error_of(e.usage(query));
     }},
    {"usage_buckets", "bucket",
     [](Engine& e, std::string id) {
       UsageQuery query = usage_of(UsageScope::kOrg, "");
       query.buckets = {id};
       return error_of(e.usage(query));
     }},
    {"remove_repo", "repo",
     [](Engine& e, std::string id) {
       return error_of(e.remove({id, std::nullopt, MinuteRange{Minute{1}, Minute{2}}}));
     }},
    {"remove_bucket", "bucket",
     [](Engine& e, std::string id) {
       return error_of(e.remove({"r", id, MinuteRange{Minute{1}, Minute{2}}}));
     }},
};

// All of them at one engine: its opening takes most of the time.
class IdsTest : public testing::TestWithParam<Door> {
 protected:
  static void SetUpTestSuite() {
    store_ = std::make_unique<Store>();
    Options options;
    options.path = store_->dir / "store";
    options.clock = &store_->clock;
    options.fold_interval_ms = 0;
    options.retention.raw_ms = 24 * kHourMs;
    auto opened = Engine::open(options);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store_->engine = std::move(*opened);
  }
  static void TearDownTestSuite() { store_.reset(); }

  static Engine& engine() { return *store_->engine; }
  static std::size_t rows() { return read_rows(engine(), {kAllMinutes, {}, {}, {}}).size(); }

  // That the id is refused in this place, for this reason, and that nothing came of it.
  void expect_refused(const std::string& id, std::string_view why) {
    const Door& door = GetParam();
    const std::size_t rows_before = rows();
    const std::optional<Error> error = door.call(engine(), id);
    ASSERT_TRUE(error.has_value()) << shorten(id);
    EXPECT_EQ(error->code, ErrorCode::kInvalidArgument);
    std::string expected = std::string(door.kind) + " " + shorten(id) + " " + std::string(why) +
                           "; give 1 to 255 bytes of UTF-8 without control characters and commas";
    if (std::string_view(door.name).starts_with("append")) {
      expected = "event 0 of the batch: " + expected;
    }
    EXPECT_EQ(error->message, expected);
    EXPECT_EQ(rows(), rows_before);
  }

 private:
  struct Store {
    TempDir dir;
    ManualClock clock{Millis{kNowMs}};
    std::unique_ptr<Engine> engine;
  };
  static inline std::unique_ptr<Store> store_;
};

TEST_P(IdsTest, OnesThatNoKeyCouldHoldAreRefused) {
  // With an id of "a", one of "a\0b" would find what it must not.
  expect_refused(std::string("a\0b", 3), "must not contain control characters");
  expect_refused(std::string(1, '\0'), "must not contain control characters");
  expect_refused("a\x7F", "must not contain control characters");
  expect_refused("a\xC2\x85", "must not contain control characters");
  expect_refused("a,b", "must not contain a comma");
  expect_refused("a\xFF", "must be valid UTF-8");
  expect_refused(std::string(256, 'x'), "must be 1 to 255 bytes, not 256");
}

TEST_P(IdsTest, EmptyOnesAreRefusedUnlessTheyStandForNothing) {
  if (!GetParam().may_be_empty) return expect_refused("", "must not be empty");
  const auto error = GetParam().call(engine(), "");
  EXPECT_FALSE(error.has_value()) << error->message;
}

TEST_P(IdsTest, LongAndForeignOnesAreAccepted) {
  for (const std::string& id :
       {std::string(255, 'x'), std::string("\xC3\xA4 /\\\"\xF0\x9F\x98\x80")}) {
    const auto error = GetParam().call(engine(), id);
    EXPECT_FALSE(error.has_value()) << error->message;
  }
}

INSTANTIATE_TEST_SUITE_P(Everywhere, IdsTest, testing::ValuesIn(kDoors),
                         [](const auto& one) { return std::string(one.param.name); });

// Keys of idempotency are hashed, so that none could break a record's key; but an empty one is
// nobody's.
TEST_F(ArgumentsTest, IdempotencyKeysAreChecked) {
  const auto error_with = [&](std::string scope, std::string key) {
    AppendRequest request = request_of({event_at(kNowMs)});
    request.idempotency = IdempotencyKey{std::move(scope), std::move(key), {}};
    return error_of(engine_->append_and_wait(std::move(request)));
  };
  struct Case {
    std::string scope;
    std::string key;
    const char* message;
  };
  const Case cases[] = {
      {"s", "", "idempotency key \"\" has 0 bytes; give 1 to 128 bytes"},
      {"s", std::string(129, 'k'), " has 129 bytes; give 1 to 128 bytes"},
      {"s", std::string("a\0b", 3),
       "idempotency key \"a\\x00b\" is not accepted; give UTF-8 without control characters"},
      {"s", "a\xFF", " is not accepted; give UTF-8 without control characters"},
      {std::string("a\0b", 3), "k", "scope of an idempotency key \"a\\x00b\" is not accepted"},
      {std::string(256, 's'), "k", " has 256 bytes; give up to 255 bytes"},
  };
  for (const Case& one : cases) {
    const auto error = error_with(one.scope, one.key);
    ASSERT_TRUE(error.has_value()) << one.message;
    EXPECT_EQ(error->code, ErrorCode::kInvalidArgument);
    EXPECT_NE(error->message.find(one.message), std::string::npos) << error->message;
  }
  EXPECT_TRUE(read().empty()) << "nothing was stored";
  for (const std::string& key :
       {std::string(128, 'k'), std::string("with space"), std::string("\xC3\xA4")}) {
    EXPECT_FALSE(error_with("", key).has_value());
  }
}

TEST_F(ArgumentsTest, IdsOfEventsAreChecked) {
  for (const std::string& id :
       {std::string("a\xFF"), std::string("0123456789\xC3"), std::string(129, 'x')}) {
    EventView event = event_at(kNowMs);
    event.id = id;
    const Error error = refusal_of(event);
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    EXPECT_TRUE(error.message.starts_with("event 1 of the batch: id " + shorten(id) + " must be "))
        << error.message;
    EXPECT_TRUE(error.message.ends_with("; give 1 to 128 bytes of UTF-8")) << error.message;
  }
}

TEST_F(ArgumentsTest, DescriptionsOfNodesAreChecked) {
  struct Case {
    const char* message;
    void (*spoil)(NodeUpdate&);
  };
  const Case cases[] = {
      {"endpoint \"a\\x00b\" is not accepted",
       [](NodeUpdate& u) { u.facts.endpoint = std::string(kBad); }},
      {"region \"a\\x00b\" is not accepted",
       [](NodeUpdate& u) { u.facts.region = std::string(kBad); }},
      {"storage type \"a\\x00b\" is not",
       [](NodeUpdate& u) { u.facts.storage_type = std::string(kBad); }},
      {" has 256 bytes; give up to 255",
       [](NodeUpdate& u) { u.facts.provider = std::string(256, 'x'); }},
      {"version \"\\xff\" is not accepted", [](NodeUpdate& u) { u.facts.version = "\xFF"; }},
      {" has 65 bytes; give up to 64",
       [](NodeUpdate& u) { u.heartbeat->status = std::string(65, 'x'); }},
      {"ip \"a\\x00b\" is not accepted",
       [](NodeUpdate& u) { u.heartbeat->ip = std::string(kBad); }},
      {"latency_us 10000000000001 is not within",
       [](NodeUpdate& u) { u.heartbeat->latency_us = kLatencyUsMax + 1; }},
  };
  for (const Case& one : cases) {
    NodeUpdate update;
    update.node = "n";
    update.heartbeat.emplace();
    one.spoil(update);
    const auto error = error_of(engine_->tell_node_and_wait(std::move(update)));
    ASSERT_TRUE(error.has_value()) << one.message;
    EXPECT_EQ(error->code, ErrorCode::kInvalidArgument);
    EXPECT_NE(error->message.find(one.message), std::string::npos) << error->message;
  }
}

TEST_F(ArgumentsTest, LimitsOfReposNameRepos) {
  for (auto limits : {&SeriesLimits::repo_new_per_minute_max, &SeriesLimits::repo_total_max}) {
    Options options = options_;
    (options.series.*limits)[std::string(kBad)] = 1;
    const auto opened = Engine::open(options);
    ASSERT_FALSE(opened.ok());
    EXPECT_TRUE(
        opened.error().message.starts_with("repo \"a\\x00b\" must not contain control characters"))
        << opened.error().message;
  }
}

}  // namespace
}  // namespace minuted::test
