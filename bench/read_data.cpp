#include "read_data.hpp"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <utility>
#include <vector>

#include "engine_over.hpp"
#include "figures.hpp"
#include "fill/fill.hpp"
#include "page/page_codec.hpp"
#include "render/row_json.hpp"
#include "schema/families.hpp"
#include "store/store.hpp"

namespace minuted::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kCeilingSeconds = 0.5;  // for each
constexpr std::size_t kPagesHeld = 200;
constexpr std::size_t kBufferBytes = 64 << 10;  // of JSON, emptied when full

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// What is done a second, by a function that does some of it and says how much.
template <class Work>
double per_second(Work work) {
  work();  // what is cold becomes warm
  const auto begin = Clock::now();
  double done = 0;
  double seconds = 0;
  do {
    done += work();
    seconds = seconds_since(begin);
  } while (seconds < kCeilingSeconds);
  return done / seconds;
}

// Tells whether data that are there are those wanted.
std::string description_of(const fill::FleetOptions& f) {
  std::ostringstream text;
  text << f.repos << " repos, " << f.buckets_per_repo << " buckets, " << f.hosts
       << " hosts, minutes " << f.range.begin.value << " to " << f.range.end.value << ", "
       << f.events_min << " to " << f.events_max << " events, seed " << f.seed << ", uniform "
       << f.uniform << "\n";
  return text.str();
}

std::string text_of(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::uint64_t rows_of(const fill::FleetOptions& f) {
  return std::uint64_t{f.repos} * f.buckets_per_repo * f.hosts *
         (f.range.end.value - f.range.begin.value);
}

void show_progress(const fill::Progress& progress) {
  std::fprintf(stderr, "\rfilling %5.1f%% %8.0f s", progress.share * 100, progress.seconds);
}

QuerySpec day_of_a_bucket(const fill::FleetOptions& fleet, std::mt19937_64& random) {
  const auto draw = [&](std::uint32_t bound) {
    return static_cast<std::uint32_t>(random() % bound);
  };
  QuerySpec spec;
  spec.repos = {fill::Fleet::repo(draw(fleet.repos))};
  spec.buckets = {fill::Fleet::bucket(draw(fleet.buckets_per_repo))};
  spec.range = {fleet.range.begin, {fleet.range.begin.value + kMinutesPerDay}};
  spec.columns = Columns::kSums;
  return spec;
}

// Rows of the spec, each handed to `take`; 0 if the engine fails.
template <class Take>
double read_rows(Engine& engine, const QuerySpec& spec, Take take) {
  const auto cursor = engine.query(spec);
  if (!cursor) return 0;
  Row row;
  for (double rows = 0;; ++rows) {
    const auto more = (*cursor)->next(row);
    if (!more.ok()) return 0;
    if (!*more) return rows;
    take(row);
  }
}

void measure_json(Engine& engine, const QuerySpec& spec, ReadCeilings& ceilings) {
  struct Kept {
    Minute minute;
    std::string host;
    Rollup rollup;
  };
  std::vector<Kept> kept;
  (void)read_rows(engine, spec, [&](const Row& row) {
    kept.push_back({row.minute, std::string(row.host), *row.rollup});
  });
  if (kept.empty()) return;
  render::RowJsonWriter writer;
  std::string out;
  double bytes_per_row = 0;
  ceilings.json_rows_per_second = per_second([&] {
    double bytes = 0;
    out.clear();
    for (const Kept& one : kept) {
      writer.append({spec.repos[0], spec.buckets[0], one.host, one.minute, &one.rollup}, out);
      out += ',';
      if (out.size() < kBufferBytes) continue;
      bytes += static_cast<double>(out.size());
      out.clear();
    }
    const auto rows = static_cast<double>(kept.size());
    bytes_per_row = (bytes + static_cast<double>(out.size())) / rows;
    return rows;
  });
  ceilings.json_bytes_per_second = ceilings.json_rows_per_second * bytes_per_row;
}

void measure_store(const Store& store, ReadCeilings& ceilings) {
  const auto view = store.view();
  ceilings.steps_per_second = per_second([&] {
    double steps = 0;
    for (auto cursor = view->cursor(Family::kRepo, {}, {}); cursor->valid(); cursor->next())
      ++steps;
    return steps;
  });
  std::vector<std::string> pages;
  for (auto cursor = view->cursor(Family::kMinutePage, {}, {});
       cursor->valid() && pages.size() < kPagesHeld; cursor->next()) {
    pages.emplace_back(cursor->value());
  }
  if (pages.empty()) return;
  PageReader reader;
  const auto decode = [&](bool sums_only) {
    PagePart part;
    part.sums_only = sums_only;
    double rows = 0;
    std::uint32_t slot = 0;
    std::string_view host;
    Rollup rollup;
    for (const std::string& page : pages) {
      if (!reader.open(page, part)) continue;
      while (reader.next(slot, host, rollup)) ++rows;
    }
    return rows;
  };
  ceilings.page_rows_per_second = per_second([&] { return decode(false); });
  ceilings.page_sums_rows_per_second = per_second([&] { return decode(true); });
}

ReadCeilings measure_ceilings(Engine& engine, const fill::FleetOptions& fleet) {
  ReadCeilings ceilings;
  std::mt19937_64 random(fleet.seed);
  measure_json(engine, day_of_a_bucket(fleet, random), ceilings);
  measure_store(store_below(engine), ceilings);
  ceilings.cursor_rows_per_second = per_second(
      [&] { return read_rows(engine, day_of_a_bucket(fleet, random), [](const Row&) {}); });
  return ceilings;
}

std::vector<FamilyAtRest> families_in(const Store& store) {
  std::vector<FamilyAtRest> families;
  const auto view = store.view();
  for (const FamilyInfo& info : kFamilyTable) {
    FamilyAtRest one{info.disk_name};
    for (auto cursor = view->cursor(info.family, {}, {}); cursor->valid(); cursor->next()) {
      ++one.keys;
      one.bytes += cursor->key().size() + cursor->value().size();
    }
    if (one.keys != 0) families.push_back(one);
  }
  return families;
}

}  // namespace

std::uint64_t table_bytes_below(const std::string& directory) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory, error)) {
    if (entry.path().extension() == ".sst") bytes += entry.file_size(error);
  }
  return bytes;
}

std::string store_in(const std::string& directory) { return directory + "/store"; }

Result<ReadData> make_read_data(const std::string& directory, const fill::FleetOptions& fleet,
                                bool ceilings) {
  const std::string store = store_in(directory);
  const std::string note = directory + "/fleet.txt";  // written when the data are whole
  const bool there = std::filesystem::exists(store);
  if (there && text_of(note) != description_of(fleet)) {
    return Error{ErrorCode::kInvalidArgument,
                 directory + " has other data, or some that are not whole: " + text_of(note)};
  }
  auto engine = Engine::open(fill::engine_options(store));
  if (!engine) return engine.error();
  ReadData data;
  data.at_rest.rows = rows_of(fleet);
  if (!there) {
    const auto filled = fill::fill(**engine, fill::Fleet(fleet), true,
                                   shows_progress() ? show_progress : fill::OnProgress());
    if (shows_progress()) std::fprintf(stderr, "\n");
    if (!filled) return filled.error();
    if (auto compacted = store_below(**engine).compact(); !compacted) return compacted.error();
    data.at_rest.fill_rows_per_second =
        ratio_of(static_cast<double>(filled->rows), filled->seconds);
    std::ofstream(note) << description_of(fleet);
  }
  data.at_rest.families = families_in(store_below(**engine));
  if (ceilings) data.ceilings = measure_ceilings(**engine, fleet);
  engine->reset();  // files that a compaction left behind go with it
  data.at_rest.table_bytes = table_bytes_below(store);
  data.at_rest.bytes = fill::bytes_below(store);
  return data;
}

}  // namespace minuted::bench
