#include "server/render/exposition_grammar.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>

namespace minuted::test {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

// Takes lines apart from the left; every take_ consumes what it names or fails.
class LineReader {
 public:
  explicit LineReader(std::string_view line) : rest_(line) {}

  bool done() const { return rest_.empty(); }

  bool take(std::string_view piece) {
    if (!rest_.starts_with(piece)) return false;
    rest_.remove_prefix(piece.size());
    return true;
  }

  // [a-zA-Z_][a-zA-Z0-9_]*; metric names may have colons, but those are for recording rules.
  std::optional<std::string> take_name() {
    std::size_t size = 0;
    while (size < rest_.size() && is_name_character(rest_[size], size == 0)) ++size;
    if (size == 0) return std::nullopt;
    const std::string name(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return name;
  }

  // Up to an unescaped quote, which is taken too, or to the line's end.
  std::optional<std::string> take_escaped(bool quoted) {
    std::string out;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (quoted && c == '"') return out;
      if (c != '\\') {
        out += c;
        continue;
      }
      if (rest_.empty()) return std::nullopt;
      const char escape = rest_.front();
      rest_.remove_prefix(1);
      if (escape == 'n') {
        out += '\n';
      } else if (escape == '\\' || (quoted && escape == '"')) {
        out += escape;
      } else {
        return std::nullopt;
      }
    }
    return quoted ? std::nullopt : std::optional(out);
  }

  std::optional<Labels> take_labels() {
    Labels labels;
    if (!take("{")) return labels;
    do {
      const auto name = take_name();
      if (!name || !take("=\"")) return std::nullopt;
      const auto value = take_escaped(true);
      if (!value) return std::nullopt;
      for (const auto& label : labels) {
        if (label.first == *name) return std::nullopt;
      }
      labels.emplace_back(*name, *value);
    } while (take(","));
    return take("}") ? std::optional(labels) : std::nullopt;
  }

  std::optional<double> take_number() {
    const std::string_view text = std::exchange(rest_, {});
    if (text == "NaN") return NAN;
    if (text == "+Inf") return HUGE_VAL;
    if (text == "-Inf") return -HUGE_VAL;
    // from_chars would also take inf and nan.
    if (text.empty() || text.find_first_not_of("0123456789.e+-") != text.npos) return std::nullopt;
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
  }

 private:
  static bool is_name_character(char c, bool first) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (!first && c >= '0' && c <= '9');
  }

  std::string_view rest_;
};

std::optional<Sample> read_sample(std::string_view line) {
  LineReader in(line);
  const auto name = in.take_name();
  if (!name) return std::nullopt;
  const auto labels = in.take_labels();
  if (!labels || !in.take(" ")) return std::nullopt;
  const auto value = in.take_number();
  if (!value) return std::nullopt;
  return Sample{*name, *labels, *value};
}

// What is wrong with one label set's samples of a histogram, in the order of the text.
std::string histogram_fault(const std::string& family, const std::vector<Sample>& samples) {
  if (samples.size() < 3) return "is not a whole histogram";
  const std::size_t buckets = samples.size() - 2;
  double bound_before = -HUGE_VAL;
  double count_before = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    const Sample& bucket = samples[i];
    if (bucket.name != family + "_bucket" || bucket.labels.empty()) return "has a stray sample";
    if (bucket.labels.back().first != "le") return "has a bucket without a last label le";
    const auto bound = LineReader(bucket.labels.back().second).take_number();
    if (!bound || !(*bound > bound_before)) return "has bounds that do not ascend";
    if (bucket.value < count_before) return "is not cumulative";
    bound_before = *bound;
    count_before = bucket.value;
  }
  if (bound_before != HUGE_VAL) return "has no +Inf bucket";
  if (samples[buckets].name != family + "_sum") return "has no _sum after its buckets";
  if (samples[buckets + 1].name != family + "_count") return "has no _count after its _sum";
  if (samples[buckets + 1].value != count_before) return "counts otherwise than its +Inf bucket";
  return "";
}

// What is wrong with a family as a whole; empty if nothing.
std::string family_fault(const Family& family) {
  if (family.samples.empty()) return "has no samples";
  std::set<std::pair<std::string, Labels>> seen;
  std::map<Labels, std::vector<Sample>> histograms;
  for (const Sample& sample : family.samples) {
    Labels sorted = sample.labels;
    std::sort(sorted.begin(), sorted.end());
    if (!seen.emplace(sample.name, sorted).second) return "has a sample twice";
    if (family.type == "histogram") {
      std::erase_if(sorted, [](const auto& label) { return label.first == "le"; });
      histograms[sorted].push_back(sample);
    } else if (sample.name != family.name) {
      return "has a sample of another name, " + sample.name;
    } else if (family.type == "counter" && !(sample.value >= 0)) {
      return "counts below zero";
    }
  }
  for (const auto& [labels, samples] : histograms) {
    const std::string fault = histogram_fault(family.name, samples);
    if (!fault.empty()) return fault;
  }
  const bool total = family.name.ends_with("_total");
  if (total != (family.type == "counter")) return "is not named after its type";
  return "";
}

}  // namespace

std::variant<std::vector<Family>, std::string> read_exposition(std::string_view text) {
  if (!text.empty() && !text.ends_with('\n')) return std::string("the last line has no end");
  std::vector<Family> families;
  std::set<std::string> names;
  bool typed = true;  // the last family's TYPE was seen
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() + 1);
    const std::string bad = "bad line: " + std::string(line);
    LineReader in(line);
    if (in.take("# HELP ")) {
      const auto name = in.take_name();
      if (!typed || !name || !in.take(" ") || !names.insert(*name).second) return bad;
      const auto help = in.take_escaped(false);
      if (!help) return bad;
      families.push_back({*name, "", *help, {}});
      typed = false;
    } else if (in.take("# TYPE ")) {
      if (typed || !in.take(families.back().name + " ")) return bad;
      const auto type = in.take_name();
      static const std::set<std::string> kTypes{"counter", "gauge", "histogram"};
      if (!type || !in.done() || !kTypes.contains(*type)) return bad;
      families.back().type = *type;
      typed = true;
    } else {
      const auto sample = read_sample(line);
      if (!sample || families.empty() || !typed) return bad;
      families.back().samples.push_back(*sample);
    }
  }
  for (const Family& family : families) {
    const std::string fault = family_fault(family);
    if (!fault.empty()) return family.name + " " + fault;
  }
  return families;
}

}  // namespace minuted::test
