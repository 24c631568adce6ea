#include "crash/scripted_run.hpp"

#include <algorithm>
#include <cstdlib>
#include <future>
#include <latch>
#include <set>
#include <sstream>
#include <thread>

#include "crash/stored_state.hpp"
#include "engine_over.hpp"
#include "model/oracle.hpp"
#include "schema/keys.hpp"
#include "schema/tiers.hpp"
#include "store/store.hpp"

namespace minuted::test {
namespace {

constexpr std::size_t kBatches = 12;
constexpr std::uint64_t kEventsMax = 14;
constexpr std::uint64_t kEventSpanMs = 3 * 3'600'000;  // so that the tiers' spans differ
// Past the time after which a commit is recorded as acknowledged again.
constexpr std::int64_t kWatermarkStepMs = 1'500;
// After so long every span of events is closed.
constexpr std::int64_t kAllClosedMs = 20 * kMillisPerDay;
const QuerySpec kEverything{{{0}, {kMinuteMax.value + 1}}, {}, {}, {}};

using Present = std::vector<bool>;  // which batches the store holds

AppendRequest request_of(const Batch& batch) {
  AppendRequest request;
  for (const Event& e : batch.events) request.batch.add(e.view());
  request.idempotency = batch.key;
  request.rejected = batch.rejected;
  request.errors = batch.errors;
  return request;
}

Result<std::vector<OracleRow>> read_rows(Engine& engine) {
  auto cursor = engine.query(kEverything);
  if (!cursor) return cursor.error();
  std::vector<OracleRow> rows;
  Row row;
  for (;;) {
    const auto more = (*cursor)->next(row);
    if (!more) return more.error();
    if (!*more) return rows;
    rows.push_back(to_oracle(row));
  }
}

// What differs first, or nothing.
std::optional<std::string> difference(const std::vector<OracleRow>& rows,
                                      const std::vector<OracleRow>& expected) {
  const auto [at, wanted] =
      std::mismatch(rows.begin(), rows.end(), expected.begin(), expected.end());
  if (at == rows.end() && wanted == expected.end()) return std::nullopt;
  std::ostringstream out;
  out << rows.size() << " rows where " << expected.size() << " are right; first ";
  if (at != rows.end()) out << *at;
  out << " instead of ";
  if (wanted != expected.end()) out << *wanted;
  return out.str();
}

// Which batches are there, by their markers; then every row must be the sum of just these.
Present check_rows(Engine& engine, const std::vector<Batch>& batches, const Receipts& receipts,
                   Violations& violations) {
  Present present(batches.size());
  const auto rows = read_rows(engine);
  if (!rows) {
    violations.push_back("reading fails: " + rows.error().message);
    return present;
  }
  std::set<std::string> buckets;
  for (const OracleRow& row : *rows) buckets.insert(row.bucket);
  Oracle oracle;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    present[i] = buckets.contains(batches[i].marker);
    if (receipts[i] && !present[i]) {
      violations.push_back("acknowledged batch " + std::to_string(i) + " is lost");
    }
    if (!present[i]) continue;
    for (const Event& e : batches[i].events) oracle.add(e.view());
  }
  if (auto differs = difference(*rows, oracle.rows(kEverything))) violations.push_back(*differs);
  return present;
}

// The catalog was written with the batches: it names their series and no others.
void check_catalog(const Store& store, const std::vector<Batch>& batches, const Present& present,
                   Violations& violations) {
  std::set<std::string> expected;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    if (!present[i]) continue;
    for (const Event& e : batches[i].events) {
      const std::string prefix = pair_prefix(e.repo, e.bucket);
      expected.insert(series_key(prefix, e.host));
      expected.insert(bucket_index_key(prefix));
      expected.insert(host_index_key(prefix, e.host));
    }
  }
  if (keys_of(store, Family::kCatalog, violations) != expected) {
    violations.emplace_back("the catalog does not hold the series of the batches that are there");
  }
}

// Every batch once more: what is there is answered as it was, what is not is taken.
void resend_all(Engine& engine, const std::vector<Batch>& batches, const Present& present,
                const Receipts& receipts, Violations& violations) {
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const std::string name = "resent batch " + std::to_string(i);
    auto receipt = engine.append_and_wait(request_of(batches[i]));
    if (!receipt) {
      violations.push_back(name + " is refused: " + receipt.error().message);
      continue;
    }
    if (receipt->replayed != present[i]) {
      violations.push_back(name + (present[i] ? " is there but counted again"
                                              : " is not there but answered as if it were"));
    }
    Receipt expected = receipts[i].value_or(
        Receipt{batches[i].events.size(), batches[i].rejected, 0, batches[i].errors, false});
    expected.replayed = receipt->replayed;
    if (*receipt != expected) violations.push_back(name + " gets another answer than at first");
  }
}

}  // namespace

std::vector<Batch> make_batches(Random& random) {
  const Names names = random.names(2, 3, 3);
  std::vector<Batch> batches(kBatches);
  for (std::size_t i = 0; i < kBatches; ++i) {
    Batch& batch = batches[i];
    batch.key = {"scope", "key-" + std::to_string(i), {0, i}};
    batch.marker = "marker of batch " + std::to_string(i);
    const std::uint64_t count = random.between(3, kEventsMax);
    for (std::uint64_t n = 0; n < count; ++n) {
      batch.events.push_back(random.event(names, Millis{1'700'000'000'000}, kEventSpanMs));
    }
    batch.events.front().bucket = batch.marker;
    batch.rejected = i % 3;
    if (batch.rejected != 0) batch.errors = {{i, "host", "must not be empty"}};
  }
  return batches;
}

Options script_options(const std::string& path, const Clock& clock) {
  Options options;
  options.path = path;
  options.clock = &clock;
  options.mark_interval_ms = 0;  // no call at a moment that differs from run to run
  options.fold_interval_ms = 0;
  options.seal_interval_ms = 0;
  options.idempotency_window_ms = 10 * kAllClosedMs;
  options.fold_batch_bytes = 1'000;  // a fold is several batches: cuts fall between them
  options.memtable_bytes = 1U << 20;
  options.block_cache_bytes = 1U << 20;
  options.disk_reserve_bytes = 0;  // how full this machine's disk is must not matter
  options.disk_reserve_percent = 0;
  return options;
}

// At a time at which all spans are closed.
static Result<void> seal_all(Engine& engine, ManualClock& clock) {
  clock.set_now(Millis{clock.now().value + kAllClosedMs});
  auto sealed = engine.seal();
  clock.set_now(Millis{clock.now().value - kAllClosedMs});
  return sealed;
}

ScriptedRun::ScriptedRun(const std::string& path, const std::vector<Batch>& batches,
                         FaultyDisk& disk, ManualClock& clock)
    : path_(path), batches_(batches), disk_(disk), clock_(clock), receipts_(batches.size()) {}

ScriptedRun::~ScriptedRun() = default;

// Automatic compaction would start at four files of a family; each flush here is compacted at once.
void ScriptedRun::run() {
  open();
  append(0, 1);
  append(1, 1);
  read();
  fold();
  clock_.advance_ms(kWatermarkStepMs);
  append(2, 1);
  compact();
  append(3, 3);
  fold();
  append(6, 1);
  seal();
  reopen();
  read();
  append(7, 1);
  fold();
  seal();
  compact();
  reopen();
  clock_.advance_ms(kWatermarkStepMs);
  append(8, 2);
  fold();
  append(10, 1);
  read();
  compact();
  append(11, 1);
  engine_.reset();
}

void ScriptedRun::open() {
  failed_syncs_at_open_ = disk_.files->failed_log_syncs();
  auto opened = open_engine_over(script_options(path_, clock_), disk_.env.get());
  if (!opened) return note("opening", opened.error());
  engine_ = std::move(*opened);
}

void ScriptedRun::reopen() {
  engine_.reset();
  open();
}

// The batches meet in one commit, but for the first: the commit thread is held in its answer until
// the others are queued.
void ScriptedRun::append(std::size_t first, std::size_t count) {
  if (!engine_) return;
  struct Answer {
    std::promise<Result<Receipt>> result;
    std::uint64_t failed_syncs = 0;  // before it
  };
  const auto script_thread = std::this_thread::get_id();
  std::vector<Answer> answers(count);
  std::promise<void> answering;
  std::latch queued(1);
  for (std::size_t i = 0; i < count; ++i) {
    engine_->append(request_of(batches_[first + i]), [&, i](Result<Receipt> result) {
      if (i == 0) {
        answering.set_value();
        // A refusal comes at once, on the thread that should queue the others.
        if (std::this_thread::get_id() != script_thread) queued.wait();
      }
      answers[i].failed_syncs = disk_.files->failed_log_syncs();
      answers[i].result.set_value(std::move(result));
    });
    if (i == 0) answering.get_future().wait();
  }
  queued.count_down();
  for (std::size_t i = 0; i < count; ++i) {
    auto result = answers[i].result.get_future().get();
    if (!result) {
      note("appending", result.error());
      continue;
    }
    if (answers[i].failed_syncs != failed_syncs_at_open_) {
      violations_.push_back("batch " + std::to_string(first + i) +
                            " was acknowledged after a failed sync");
    }
    receipts_[first + i] = std::move(*result);
  }
  wait_for_commit_thread();
}

// It records the acknowledged commit after the answers; the next step must not overtake that. A
// question it answers without touching the store comes after.
void ScriptedRun::wait_for_commit_thread() {
  AppendRequest question;
  question.only_if_known = true;
  (void)engine_->append_and_wait(std::move(question));
}

void ScriptedRun::fold() {
  if (!engine_) return;
  if (auto done = engine_->fold(); !done) note("folding", done.error());
}

void ScriptedRun::seal() {
  if (!engine_) return;
  if (auto done = seal_all(*engine_, clock_); !done) note("sealing", done.error());
}

void ScriptedRun::compact() {
  if (!engine_) return;
  // Held: a failed write would have it closed under the compaction.
  const auto store = held_store_below(*engine_);
  if (auto done = store->flush(); !done) return note("flushing", done.error());
  if (auto done = store->drop_folded_raw(0); !done) {
    return note("dropping folded raw events", done.error());
  }
  if (auto done = store->compact(); !done) note("compacting", done.error());
}

void ScriptedRun::read() {
  if (!engine_) return;
  Violations found;
  check_rows(*engine_, batches_, receipts_, found);
  const bool refused = found.size() == 1 && found[0].starts_with("reading fails");
  if (!refused || !disk_.files->hit()) {
    for (std::string& violation : found) violations_.push_back("while running: " + violation);
  }
}

// A step may fail because of a fault, and only because of one.
void ScriptedRun::note(const char* step, const std::optional<Error>& error) {
  if (error && !disk_.files->hit()) {
    violations_.push_back(std::string(step) + " fails without a fault: " + error->message);
  }
}

Violations check_recovered(const std::string& path, const std::vector<Batch>& batches,
                           const Receipts& receipts, ManualClock& clock) {
  Violations violations;
  FaultyDisk disk(path, {});
  auto opened = open_engine_over(script_options(path, clock), disk.env.get());
  if (!opened) {
    violations.push_back("the store does not open: " + opened.error().message);
    return violations;
  }
  Engine& engine = **opened;
  Store& store = store_below(engine);
  const Present present = check_rows(engine, batches, receipts, violations);
  check_tiers(store, violations);
  check_catalog(store, batches, present, violations);

  resend_all(engine, batches, present, receipts, violations);
  const Present all(batches.size(), true);
  const auto check_all = [&] {
    if (check_rows(engine, batches, receipts, violations) != all) {
      violations.emplace_back("not every batch is there after all were resent");
    }
  };
  check_all();
  if (auto folded = engine.fold(); !folded) {
    violations.push_back("the fold fails: " + folded.error().message);
  }
  check_all();
  check_tiers(store, violations);
  check_catalog(store, batches, all, violations);
  if (count_unfolded(store, violations) != 0) {
    violations.emplace_back("raw events are left after the fold");
  }
  if (!store.flush().ok() || !store.drop_folded_raw(0).ok()) {
    violations.emplace_back("the store cannot be flushed, or folded raw events not dropped");
  }
  if (!keys_of(store, Family::kRaw, violations).empty()) {
    violations.emplace_back("raw events are in tables after they were folded and flushed");
  }
  if (auto sealed = seal_all(engine, clock); !sealed) {
    violations.push_back("the seal fails: " + sealed.error().message);
  }
  check_all();
  check_tiers(store, violations);
  for (const SealedTier& tier : kSealedTiers) {
    if (keys_of(store, tier.rows, violations).empty()) continue;
    violations.emplace_back("rows are left after the seal");
  }
  if (auto failure = engine.failure()) violations.push_back("writes stopped: " + failure->message);
  return violations;
}

}  // namespace minuted::test
