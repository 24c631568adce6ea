// Promise: every file includes what it names of the standard library, by itself or through our own headers,
// although precompiled headers would hide it if it did not. So each compiles without them, and does not
// depend on what else is included before it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace minuted::test {
namespace {

namespace fs = std::filesystem;

// Header → what it has of namespace std, as far as it is named here.
const std::map<std::string, std::string> kNames = {
    {"algorithm",
     "all_of any_of binary_search clamp copy count count_if equal fill fill_n find find_if find_if_not "
     "inplace_merge is_sorted lower_bound max min min_element minmax_element mismatch move_backward next_permutation none_of nth_element "
     "partial_sort ranges remove replace reverse set_intersection sort stable_sort transform unique upper_bound"},
    {"array", "array to_array"},
    {"atomic", "atomic memory_order_acq_rel memory_order_acquire memory_order_relaxed memory_order_release"},
    {"bit", "bit_cast bit_ceil bit_width countl_zero countr_zero endian popcount"},
    {"charconv", "chars_format errc from_chars to_chars"},
    {"chrono", "chrono micro milli"},
    {"cmath", "ceil cos fabs isfinite isinf isnan llround lround pow sqrt"},
    {"condition_variable", "condition_variable condition_variable_any"},
    {"cstdint", "int32_t int64_t uint16_t uint32_t uint64_t uint8_t uintmax_t"},
    {"cstdio",
     "fclose ferror fflush fgetc fopen fprintf fputs fread printf snprintf sscanf vsnprintf"},
    {"cstdlib", "abort calloc exit free getenv malloc realloc strtod strtoull system"},
    {"cstring", "memcmp memcpy memmove memset strcmp strerror strlen strncmp strrchr"},
    {"ctime", "strftime time_t tm"},
    {"deque", "deque"},
    {"exception", "current_exception exception exception_ptr rethrow_exception"},
    {"filesystem", "filesystem"},
    {"fstream", "ifstream ofstream"},
    {"functional", "function hash invoke_result_t less"},
    {"future", "async future future_status launch promise"},
    {"initializer_list", "initializer_list"},
    {"iosfwd", "ostream"},
    {"iostream", "cerr cout"},
    {"iterator", "back_inserter distance istreambuf_iterator next prev size ssize"},
    {"latch", "latch"},
    {"limits", "numeric_limits"},
    {"list", "list"},
    {"map", "map multimap"},
    {"memory",
     "allocator enable_shared_from_this make_shared make_unique shared_ptr static_pointer_cast unique_ptr weak_ptr"},
    {"mutex", "call_once defer_lock lock_guard mutex once_flag scoped_lock try_to_lock unique_lock"},
    {"new", "bad_alloc nothrow_t"},
    {"numbers", "numbers"},
    {"numeric", "accumulate iota"},
    {"optional", "nullopt optional"},
    {"ostream", "flush ios ostream streamsize"},
    {"random", "mt19937_64 random_device"},
    {"ranges", "ranges"},
    {"regex", "regex regex_match regex_replace regex_search smatch sregex_iterator"},
    {"semaphore", "counting_semaphore"},
    {"set", "multiset set"},
    {"shared_mutex", "shared_lock shared_mutex"},
    {"span", "span"},
    {"sstream", "istringstream ostringstream stringstream"},
    {"stdexcept", "runtime_error"},
    {"stop_token", "stop_token"},
    {"string", "getline stod stoi stoll stoull string to_string"},
    {"string_view", "string_view"},
    {"system_error", "errc error_code generic_category"},
    {"thread", "jthread this_thread thread"},
    {"tuple", "make_tuple tie tuple tuple_size_v"},
    {"type_traits",
     "conditional_t decay_t integral_constant invoke_result_t is_copy_assignable_v is_copy_constructible_v "
     "is_nothrow_move_assignable_v is_nothrow_move_constructible_v is_same_v remove_cvref_t "
     "remove_reference_t type_identity"},
    {"unordered_map", "unordered_map"},
    {"unordered_set", "unordered_set"},
    {"utility",
     "declval exchange forward in_place in_place_index index_sequence make_index_sequence make_pair move pair "
     "swap"},
    {"variant", "get_if holds_alternative monostate variant"},
    {"vector", "erase_if vector"},
};

// In more headers than can be told apart, or no name by itself.
const std::set<std::string> kAnywhere = {
    "_",    "abs",  "erase", "erase_if", "get",    "hex",           "oct",
    "rename", "size_t", "ptrdiff_t", "string_literals", "string_view_literals"};

// Header → others whose names come with it, by the standard or in libstdc++ for good reasons.
const std::map<std::string, std::set<std::string>> kBrings = {
    {"algorithm", {"utility"}},
    {"array", {"iterator", "utility"}},
    {"condition_variable", {"chrono", "mutex"}},
    {"filesystem", {"chrono", "memory", "string", "string_view", "system_error"}},
    {"fstream", {"ostream", "string", "string_view"}},
    {"functional", {"tuple", "type_traits"}},
    {"future", {"functional", "memory", "mutex", "thread"}},
    {"iostream", {"ostream"}},
    {"map", {"initializer_list", "iterator", "tuple", "utility"}},
    {"memory", {"new", "tuple", "type_traits"}},
    {"mutex", {"chrono", "system_error", "tuple"}},
    {"optional", {"type_traits", "utility"}},
    {"random", {"limits", "vector"}},
    {"regex", {"algorithm", "map", "memory", "sstream", "string", "string_view", "vector"}},
    {"set", {"initializer_list", "iterator", "utility"}},
    {"span", {"array", "iterator"}},
    {"sstream", {"ostream", "string", "string_view"}},
    {"stdexcept", {"exception", "string"}},
    {"string", {"initializer_list", "iterator", "string_view"}},
    {"string_view", {"iterator"}},
    {"thread", {"chrono", "functional", "stop_token"}},
    {"tuple", {"type_traits", "utility"}},
    {"unordered_map", {"utility"}},
    {"utility", {"type_traits"}},
    {"variant", {"type_traits", "utility"}},
    {"vector", {"initializer_list", "iterator"}},
    // gtest.h says what it includes.
    {"gtest/gtest.h",
     {"cstddef", "cstdint", "cstdio", "cstdlib", "cstring", "functional", "iostream", "limits", "map", "memory",
      "ostream", "set", "sstream", "string", "tuple", "type_traits", "utility", "vector"}},
};

class Files {
 public:
  Files() {
    for (const char* folder : {"bench", "engine", "server", "tests", "tools"}) {
      for (const auto& entry : fs::recursive_directory_iterator(root_ / folder)) {
        const auto extension = entry.path().extension();
        if (extension == ".cpp" || extension == ".hpp") all_.push_back(entry.path());
      }
    }
  }

  const std::vector<fs::path>& all() const { return all_; }
  std::string name(const fs::path& file) const { return fs::relative(file, root_).string(); }

  // What of namespace std the file names, comments and texts left out.
  static std::set<std::string> named(const fs::path& file) {
    constexpr std::string_view kPrefix = "std::";
    std::set<std::string> names;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
      bool in_text = false;
      for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '\\') {
          ++i;
        } else if (line.compare(i, 3, "'\"'") == 0) {
          i += 2;
        } else if (line[i] == '"') {
          in_text = !in_text;
        } else if (!in_text && line.compare(i, 2, "//") == 0) {
          break;
        } else if (!in_text && line.compare(i, kPrefix.size(), kPrefix) == 0) {
          const std::size_t begin = i + kPrefix.size();
          const std::size_t end = line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789", begin);
          if (end != begin) names.insert(line.substr(begin, end == line.npos ? end : end - begin));
          i = begin - 1;
        }
      }
    }
    return names;
  }

  // The headers that are not ours which the file includes, by itself or through ours, and what they bring.
  std::set<std::string> headers(const fs::path& file) {
    std::set<std::string> found;
    std::vector<std::string> left;
    for (const std::string& header : foreign(file)) left.push_back(header);
    while (!left.empty()) {
      const std::string header = left.back();
      left.pop_back();
      if (!found.insert(header).second) continue;
      const auto brings = kBrings.find(header);
      if (brings != kBrings.end()) left.insert(left.end(), brings->second.begin(), brings->second.end());
    }
    return found;
  }

 private:
  const std::set<std::string>& foreign(const fs::path& file) {
    static const std::regex kInclude(R"re(^\s*#\s*include\s*([<"])([^>"]+)[>"])re");
    const auto [at, is_new] = foreign_.try_emplace(file);
    if (!is_new) return at->second;
    std::set<std::string> found;
    std::ifstream in(file);
    std::smatch match;
    for (std::string line; std::getline(in, line);) {
      if (!line.starts_with('#') || !std::regex_search(line, match, kInclude)) continue;
      const fs::path ours = match[1] == "\"" ? find(file, match[2]) : fs::path();
      if (ours.empty()) {
        found.insert(match[2]);
      } else {
        const std::set<std::string>& through = foreign(ours);
        found.insert(through.begin(), through.end());
      }
    }
    return foreign_[file] = std::move(found);
  }

  fs::path find(const fs::path& from, const std::string& included) const {
    std::vector<fs::path> directories{from.parent_path()};
    for (const char* d : {"engine/include", "engine", "server", "tests", "tools", "bench", "."}) {
      directories.push_back(root_ / d);
    }
    for (const fs::path& directory : directories) {
      const fs::path path = (directory / included).lexically_normal();
      if (fs::exists(path)) return path;
    }
    return {};
  }

  const fs::path root_{MINUTED_SOURCE_DIR};
  std::vector<fs::path> all_;
  std::map<fs::path, std::set<std::string>> foreign_;
};

TEST(IncludesTest, EveryFileIncludesWhatItNamesOfTheStandardLibrary) {
  std::map<std::string, std::set<std::string>> having;  // name → headers
  for (const auto& [header, names] : kNames) {
    std::istringstream in(names);
    for (std::string name; in >> name;) having[name].insert(header);
  }
  Files files;
  ASSERT_GT(files.all().size(), 300U);
  for (const fs::path& file : files.all()) {
    const std::set<std::string> headers = files.headers(file);
    for (const std::string& name : Files::named(file)) {
      if (kAnywhere.contains(name)) continue;
      const auto candidates = having.find(name);
      if (candidates == having.end()) {
        ADD_FAILURE() << files.name(file) << " names std::" << name
                      << ": say in this test which header has it";
        continue;
      }
      bool included = false;
      for (const std::string& header : candidates->second) included |= headers.contains(header);
      EXPECT_TRUE(included) << files.name(file) << " names std::" << name << " without <"
                            << *candidates->second.begin() << ">";
    }
  }
}

}  // namespace
}  // namespace minuted::test
