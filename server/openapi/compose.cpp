#include "openapi/compose.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

#include "openapi/plain_json.hpp"

namespace minuted::openapi {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

// In the document's order: file of paths/, which is also the tag.
constexpr std::array<std::string_view, 7> kTags{"events", "rows",           "totals", "storage",
                                                "nodes",  "administration", "daemon"};
// How an example's answer is kept: the end of its file's name, and its type.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kForms{{
    {".json", "application/json"}, {".ndjson", "application/x-ndjson"}, {".csv", "text/csv"}}};
// What can happen to any request, and what to any that needs a token.
constexpr std::string_view kAnyRequest = "connection";
constexpr std::string_view kWithToken = "token";
constexpr std::string_view kLines = "lines of ";

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

json::value json_of(const fs::path& file) {
  try {
    return json::parse(text_of(file));
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error(file.string() + " is not JSON: " + error.code().message());
  }
}

std::string string_of(const json::value& value) { return std::string(value.as_string()); }

json::object reference(std::string_view kind, std::string_view name) {
  return {{"$ref", "#/components/" + std::string(kind) + "/" + std::string(name)}};
}

// What of the answers' codes belongs to one status, in the order of the parts.
using Codes = std::vector<std::pair<std::string, std::string>>;  // code, meaning
using CodesByStatus = std::map<std::int64_t, Codes>;

struct Example {
  std::string name;
  std::string method;  // in lower case
  std::string path;    // without its query
  std::string line;    // `GET /stats/minute?…`
  std::string status;
  std::string with;  // header fields that it shows, in words
  std::string sent_type;
  std::string got_type;
  json::value sent{};  // null: no body
  json::value got{};
};

class Composer {
 public:
  Composer(const fs::path& folder, std::string_view version)
      : parts_(folder / "parts"), errors_(json_of(parts_ / "errors.json").as_object()) {
    read_examples(folder / "examples");
    document_ = json_of(parts_ / "head.json").as_object();
    document_.at("info").as_object()["version"] = version;
  }

  std::string run() {
    parameters_ = json_of(parts_ / "parameters.json").as_object();
    schemas_ = json_of(parts_ / "schemas.json").as_object();
    json::object paths;
    for (const std::string_view tag : kTags) {
      const json::value part = json_of(parts_ / "paths" / (std::string(tag) + ".json"));
      for (const auto& [path, methods] : part.as_object()) {
        json::object operations;
        for (const auto& [method, source] : methods.as_object()) {
          operations.emplace(method, operation(tag, std::string(method), std::string(path),
                                               source.as_object()));
        }
        paths.emplace(path, std::move(operations));
      }
    }
    for (const Example& example : examples_) {
      if (!used_.contains(example.name)) {
        throw std::runtime_error("the example " + example.name + " belongs to no operation");
      }
    }
    document_["paths"] = std::move(paths);
    document_["components"] = components();
    return to_text(document_);
  }

 private:
  void read_examples(const fs::path& folder) {
    const json::value requests = json_of(folder / "requests.json");
    for (const json::value& value : requests.as_array()) {
      const json::object& request = value.as_object();
      if (request.contains("setup")) continue;
      Example example{.name = string_of(request.at("name")),
                      .method = {},
                      .path = {},
                      .line = string_of(request.at("request")),
                      .status = std::to_string(request.at("status").as_int64()),
                      .with = with_of(request),
                      .sent_type = "application/json",
                      .got_type = {}};
      const std::size_t blank = example.line.find(' ');
      example.method = example.line.substr(0, blank);
      std::transform(example.method.begin(), example.method.end(), example.method.begin(),
                     [](char c) { return static_cast<char>(c - 'A' + 'a'); });
      example.path = example.line.substr(blank + 1, example.line.find('?') - blank - 1);
      if (const auto* type = request.if_contains("type")) example.sent_type = string_of(*type);
      if (const auto* body = request.if_contains("body")) example.sent = *body;
      read_answer(folder, example);
      examples_.push_back(std::move(example));
    }
  }

  static std::string with_of(const json::object& request) {
    if (const auto* key = request.if_contains("key")) {
      return "With `Idempotency-Key: " + string_of(*key) + "`.";
    }
    if (const auto* accept = request.if_contains("accept")) {
      return "With `Accept: " + string_of(*accept) + "`.";
    }
    return {};
  }

  // Without a file the example was not produced yet, and is left out.
  void read_answer(const fs::path& folder, Example& example) {
    for (const auto& [ending, type] : kForms) {
      const fs::path file = folder / (example.name + std::string(ending));
      if (!fs::exists(file)) continue;
      example.got_type = type;
      example.got = ending == ".json" ? json_of(file) : json::value(text_of(file));
    }
  }

  static bool matches(std::string_view pattern, std::string_view path) {
    while (!pattern.empty() && !path.empty()) {
      const std::string_view wanted = pattern.substr(0, pattern.find('/', 1));
      const std::string_view given = path.substr(0, path.find('/', 1));
      if (wanted != given && !wanted.starts_with("/{")) return false;
      pattern.remove_prefix(wanted.size());
      path.remove_prefix(given.size());
    }
    return pattern.empty() && path.empty();
  }

  json::object operation(std::string_view tag, const std::string& method, const std::string& path,
                         const json::object& source) {
    const auto* needs = source.if_contains("needs");
    json::object out{{"operationId", source.at("operationId")},
                     {"tags", json::array{tag}},
                     {"summary", source.at("summary")},
                     {"description", source.at("description")}};
    if (needs == nullptr) out["security"] = json::array{};
    if (needs != nullptr) out["x-needs"] = *needs;
    if (const auto* names = source.if_contains("parameters")) out["parameters"] = named(*names);
    std::vector<Example> shown;
    for (const Example& example : examples_) {
      if (example.method != method || !matches(path, example.path)) continue;
      used_.emplace(example.name, path);
      shown.push_back(example);
    }
    if (const auto* body = source.if_contains("body")) {
      out["requestBody"] = {{"description", body->at("description")},
                            {"required", body->at("required")},
                            {"content", content(body->at("types"), shown, "", true)}};
    }
    out["responses"] = responses(source, needs != nullptr, shown);
    return out;
  }

  json::array named(const json::value& names) {
    json::array list;
    for (const json::value& name : names.as_array()) {
      if (!parameters_.contains(name.as_string())) {
        throw std::runtime_error("there is no parameter " + string_of(name));
      }
      list.push_back(reference("parameters", name.as_string()));
    }
    return list;
  }

  // `Name` is a schema, anything else says in words what the text is; those of `lines of Name` with the
  // schema of a line besides, which OpenAPI 3.1 has no place for.
  json::object schema_of(const std::string& words) const {
    if (schemas_.contains(words)) return reference("schemas", words);
    json::object text{{"type", "string"}, {"description", words}};
    if (words.starts_with(kLines)) {
      const std::string name = words.substr(kLines.size());
      if (!schemas_.contains(name)) throw std::runtime_error("there is no schema " + name);
      text["x-line"] = reference("schemas", name);
    }
    return text;
  }

  json::object content(const json::value& types, const std::vector<Example>& shown,
                       std::string_view status, bool of_request) const {
    json::object out;
    for (const auto& [type, words] : types.as_object()) {
      json::object media{{"schema", schema_of(string_of(words))}};
      add_examples(shown, status, type, of_request, media);
      out.emplace(type, std::move(media));
    }
    return out;
  }

  // Whether it shows a body as it should be; others are shown with what came of them.
  static bool is_right(const Example& example) {
    if (example.sent.is_null() || example.status != "200") return false;
    const json::object* receipt = example.got.if_object();
    const json::value* rejected = receipt == nullptr ? nullptr : receipt->if_contains("rejected");
    return rejected == nullptr || *rejected == 0;
  }

  static void add_examples(const std::vector<Example>& shown, std::string_view status,
                           std::string_view type, bool of_request, json::object& media) {
    json::object examples;
    std::set<std::string> sent;  // the same again is shown once
    for (const Example& example : shown) {
      const bool fits = of_request ? type == example.sent_type && is_right(example)
                                   : type == example.got_type && status == example.status;
      if (!fits || (of_request && !sent.insert(to_text(example.sent)).second)) continue;
      json::object shown_so{{"summary", example.line}};
      std::string words = example.with;
      if (!of_request && !example.sent.is_null() && !is_right(example)) {
        words += words.empty() ? "Sent: `" : " Sent: `";
        words += example.sent.is_string() ? string_of(example.sent) : to_text(example.sent);
        words += '`';
      }
      if (!words.empty()) shown_so["description"] = words;
      shown_so["value"] = of_request ? example.sent : example.got;
      examples[example.name] = std::move(shown_so);
    }
    if (!examples.empty()) media["examples"] = std::move(examples);
  }

  json::object responses(const json::object& source, bool with_token,
                         const std::vector<Example>& shown) {
    json::object out;
    const json::value& answer = source.at("answer");
    json::object good{{"description", answer.at("description")},
                      {"content", content(answer.at("types"), shown, "200", false)}};
    if (source.contains("cached")) {
      const json::object headers{{"ETag", reference("headers", "ETag")},
                                 {"Cache-Control", reference("headers", "CacheControl")}};
      good["headers"] = headers;
      out["200"] = std::move(good);
      out["304"] = {{"description", "It is the same still."}, {"headers", headers}};
    } else {
      out["200"] = std::move(good);
    }
    std::vector<std::string> groups{std::string(kAnyRequest)};
    if (with_token) groups.emplace_back(kWithToken);
    if (const auto* more = source.if_contains("errors")) {
      for (const json::value& group : more->as_array()) groups.push_back(string_of(group));
    }
    CodesByStatus by_status;
    for (const std::string& group : groups) add_group(group, by_status);
    for (const auto& [status, codes] : by_status) {
      json::object media{{"schema", error_schema(codes)}};
      const std::string number = std::to_string(status);
      add_examples(shown, number, "application/json", false, media);
      out[number] = media.contains("examples") ? described_errors(status, codes, std::move(media))
                                               : shared(status, codes, std::move(media));
    }
    return out;
  }

  void add_group(const std::string& group, CodesByStatus& by_status) const {
    if (!errors_.contains(group)) throw std::runtime_error("there are no errors " + group);
    for (const auto& [code, said] : errors_.at(group).as_object()) {
      by_status[said.at(0).as_int64()].emplace_back(std::string(code), string_of(said.at(1)));
    }
  }

  static json::object error_schema(const Codes& codes) {
    json::array names;
    for (const auto& [code, meaning] : codes) names.emplace_back(code);
    return {{"allOf", json::array{reference("schemas", "Error")}},
            {"properties", {{"error_code", {{"enum", std::move(names)}}}}}};
  }

  static json::object described_errors(std::int64_t status, const Codes& codes, json::object media) {
    std::string description;
    for (const auto& [code, meaning] : codes) {
      description += (description.empty() ? "`" : "\n\n`") + code + "`: " + meaning;
    }
    json::object out{{"description", std::move(description)}};
    if (status == 401 || status == 403) {
      out["headers"] = {{"WWW-Authenticate", reference("headers", "WWWAuthenticate")}};
    }
    if (status == 429 || status == 503 || status == 507) {
      out["headers"] = {{"Retry-After", reference("headers", "RetryAfter")}};
    }
    out["content"] = {{"application/json", std::move(media)}};
    return out;
  }

  // One component for all operations that give the same codes.
  json::object shared(std::int64_t status, const Codes& codes, json::object media) {
    json::object response = described_errors(status, codes, std::move(media));
    const std::string number = std::to_string(status);
    for (char letter = 'A';; ++letter) {
      const std::string name = "Status" + number + letter;
      const auto* known = responses_.if_contains(name);
      if (known != nullptr && *known != json::value(response)) continue;
      if (known == nullptr) responses_[name] = std::move(response);
      return reference("responses", name);
    }
  }

  json::object components() {
    json::array codes;
    for (const auto& [group, members] : errors_) {
      for (const auto& [code, said] : members.as_object()) {
        codes.push_back({{"const", code},
                         {"title", std::to_string(said.at(0).as_int64())},
                         {"description", said.at(1)}});
      }
    }
    schemas_["ErrorCode"] = {{"type", "string"},
                             {"description", "What an error is, for programs. Never renamed."},
                             {"oneOf", std::move(codes)}};
    return {{"securitySchemes",
             {{"token",
               {{"type", "http"},
                {"scheme", "bearer"},
                {"description", "A token of `minuted token create`. A daemon without `--tokens` "
                                "serves its own machine only, and asks for none."}}}}},
            {"parameters", std::move(parameters_)},
            {"headers", json_of(parts_ / "headers.json")},
            {"responses", std::move(responses_)},
            {"schemas", std::move(schemas_)}};
  }

  const fs::path parts_;
  const json::object errors_;
  std::vector<Example> examples_;
  std::map<std::string, std::string> used_;  // example → its operation's path
  json::object document_;
  json::object parameters_;
  json::object schemas_;
  json::object responses_;
};

}  // namespace

std::string compose(const fs::path& folder, std::string_view version) {
  return Composer(folder, version).run();
}

}  // namespace minuted::openapi
