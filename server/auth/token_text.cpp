#include "auth/token_text.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <utility>

#include "minuted/event.hpp"

namespace minuted::auth {
namespace {

constexpr std::string_view kFileHead =
    "# The tokens of a minuted daemon, made by `minuted token create`: hashes, not the tokens.\n"
    "# Read again on SIGHUP and when the file has changed.\n";

constexpr std::array<std::string_view, 7> kTokenKeys{"name",    "sha256",  "scopes", "repos",
                                                     "created", "expires", "revoked"};

// The instant a TOML offset date-time names, or nullopt when it is outside [0, kMillisMax].
std::optional<Millis> to_millis(const toml::date_time& when) {
  namespace chr = std::chrono;
  const chr::sys_days day = chr::year_month_day(
      chr::year(when.date.year), chr::month(when.date.month), chr::day(when.date.day));
  const std::int64_t minute =
      std::int64_t{when.time.hour} * 60 + when.time.minute - when.offset->minutes;
  const Millis t{day.time_since_epoch().count() * kMillisPerDay + minute * kMillisPerMinute +
                 when.time.second * kMillisPerSecond + when.time.nanosecond / 1'000'000};
  if (t < Millis{0} || t > kMillisMax) return std::nullopt;
  return t;
}

// One file's reading: keeps what messages need.
class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {}

  Result<TokenDocument> read(const toml::table& root) const;

 private:
  Error error(std::uint32_t line, const std::string& message,
              ErrorCode code = ErrorCode::kInvalidArgument) const {
    return {code, path_ + ":" + std::to_string(line) + ": " + message};
  }
  Error error(const toml::node& at, const std::string& message) const {
    return error(line_of(at), message);
  }
  static std::uint32_t line_of(const toml::node& node) { return node.source().begin.line; }

  Result<void> read_format(const toml::table& root) const;
  Result<Token> read_token(const toml::table& table) const;
  Result<std::string> read_name(const toml::table& table) const;
  Result<Digest> read_digest(const toml::table& table) const;
  Result<ScopeSet> read_scopes(const toml::table& table) const;
  Result<std::vector<std::string>> read_repos(const toml::table& table) const;
  // The time under `key`, or nullopt if the key is not there.
  Result<std::optional<Millis>> read_time(const toml::table& table, std::string_view key) const;
  Error clash_error(const Clash& clash, const std::vector<Token>& tokens,
                    const std::vector<std::uint32_t>& lines) const;

  const std::string& path_;
};

Result<void> Reader::read_format(const toml::table& root) const {
  const std::string wanted = "format = " + std::to_string(kTokenFileFormat);
  for (const auto& [key, node] : root) {
    if (key.str() == "format" || key.str() == "token") continue;
    return error(key.source().begin.line, "the key " + shorten(key.str()) +
                                              " is not known here; the file holds " + wanted +
                                              " and [[token]] tables");
  }
  const toml::node* const format = root.get("format");
  if (format == nullptr)
    return error(1, "the file does not name its format; begin it with " + wanted);
  const auto number = format->value_exact<std::int64_t>();
  if (!number) return error(*format, "format is not a whole number; write " + wanted);
  if (*number != kTokenFileFormat) {
    return error(line_of(*format),
                 "the file is of format " + std::to_string(*number) +
                     ", this build reads and writes format " + std::to_string(kTokenFileFormat) +
                     " only; use the build that wrote it",
                 ErrorCode::kUnsupportedFormat);
  }
  return {};
}

Result<std::string> Reader::read_name(const toml::table& table) const {
  const toml::node* const node = table.get("name");
  if (node == nullptr) return error(table, "the token has no name; add name = \"…\"");
  const auto name = node->value_exact<std::string>();
  if (!name) return error(*node, "the token's name is not a string; write name = \"…\"");
  if (const auto fault = check_token_name(*name)) {
    return error(*node, "the token's name " + shorten(*name) + " " + *fault);
  }
  return *name;
}

// Says nothing of the value: by mistake it may be a token.
Result<Digest> Reader::read_digest(const toml::table& table) const {
  static constexpr char kAdvice[] =
      "; give the token's SHA-256 as 64 hexadecimal digits, as `minuted token create` does";
  const toml::node* const node = table.get("sha256");
  if (node == nullptr) return error(table, std::string("the token has no sha256") + kAdvice);
  const auto text = node->value_exact<std::string>();
  if (!text) return error(*node, std::string("sha256 is not a string") + kAdvice);
  const auto digest = parse_digest(*text);
  if (!digest) {
    return error(*node, "sha256 has " + std::to_string(text->size()) +
                            " bytes that are not a hash" + kAdvice);
  }
  return *digest;
}

Result<ScopeSet> Reader::read_scopes(const toml::table& table) const {
  static constexpr char kAdvice[] =
      "; write scopes = [\"ingest\", \"read\", \"admin\"] or some of them";
  const toml::node* const node = table.get("scopes");
  if (node == nullptr) return error(table, std::string("the token has no scopes") + kAdvice);
  const toml::array* const list = node->as_array();
  if (list == nullptr) return error(*node, std::string("scopes is not a list") + kAdvice);
  ScopeSet scopes;
  for (const toml::node& item : *list) {
    const auto name = item.value_exact<std::string>();
    if (!name) return error(item, std::string("a scope is not a string") + kAdvice);
    const auto scope = parse_scope(*name);
    if (!scope) {
      return error(item,
                   "there is no scope " + shorten(*name) + "; scopes are ingest, read, admin");
    }
    scopes.add(*scope);
  }
  if (scopes.empty()) return error(*node, std::string("scopes is empty") + kAdvice);
  return scopes;
}

Result<std::vector<std::string>> Reader::read_repos(const toml::table& table) const {
  static constexpr char kAdvice[] = "; write repos = [\"…\"], or leave repos out for all of them";
  const toml::node* const node = table.get("repos");
  if (node == nullptr) return std::vector<std::string>();
  const toml::array* const list = node->as_array();
  if (list == nullptr) return error(*node, std::string("repos is not a list") + kAdvice);
  if (list->empty()) return error(*node, std::string("repos is empty") + kAdvice);
  if (list->size() > kReposPerTokenMax) {
    return error(*node, "the token lists " + std::to_string(list->size()) + " repos; at most " +
                            std::to_string(kReposPerTokenMax) + " are allowed");
  }
  std::vector<std::string> repos;
  for (const toml::node& item : *list) {
    auto id = item.value_exact<std::string>();
    if (!id) return error(item, std::string("a repo is not a string") + kAdvice);
    if (const auto fault = check_id(*id)) {
      return error(item, "the repo " + shorten(*id) + " " + *fault);
    }
    repos.push_back(std::move(*id));
  }
  std::sort(repos.begin(), repos.end());
  repos.erase(std::unique(repos.begin(), repos.end()), repos.end());
  return repos;
}

Result<std::optional<Millis>> Reader::read_time(const toml::table& table,
                                                std::string_view key) const {
  const toml::node* const node = table.get(key);
  if (node == nullptr) return std::optional<Millis>();
  const auto when = node->value_exact<toml::date_time>();
  if (!when || !when->offset) {
    return error(*node, std::string(key) + " is not a date and time with a zone; write " +
                            std::string(key) + " = 2024-02-01T10:15:00Z, without quotes");
  }
  const auto t = to_millis(*when);
  if (!t) return error(*node, std::string(key) + " is not within the years 1970 to 9999");
  return std::optional<Millis>(*t);
}

Result<Token> Reader::read_token(const toml::table& table) const {
  for (const auto& [key, node] : table) {
    if (std::find(kTokenKeys.begin(), kTokenKeys.end(), key.str()) != kTokenKeys.end()) continue;
    return error(key.source().begin.line,
                 "the key " + shorten(key.str()) +
                     " is not a token's; those are name, sha256, scopes, repos, created, expires "
                     "and revoked");
  }
  auto name = read_name(table);
  if (!name) return name.error();
  const auto digest = read_digest(table);
  if (!digest) return digest.error();
  const auto scopes = read_scopes(table);
  if (!scopes) return scopes.error();
  auto repos = read_repos(table);
  if (!repos) return repos.error();
  const auto created = read_time(table, "created");
  if (!created) return created.error();
  if (!*created) {
    return error(table,
                 "the token does not say when it was created; write created = "
                 "2024-02-01T10:15:00Z");
  }
  const auto expires = read_time(table, "expires");
  if (!expires) return expires.error();
  const auto revoked = read_time(table, "revoked");
  if (!revoked) return revoked.error();
  return Token{std::move(*name), *digest,  *scopes, std::move(*repos),
               **created,        *expires, *revoked};
}

Error Reader::clash_error(const Clash& clash, const std::vector<Token>& tokens,
                          const std::vector<std::uint32_t>& lines) const {
  const std::string first = "the token of line " + std::to_string(lines[clash.first]);
  if (!clash.same_name) {
    return error(lines[clash.second], "the token " + shorten(tokens[clash.second].name) +
                                          " has the sha256 of " + first + "; make another token");
  }
  return error(lines[clash.second],
               "the name " + shorten(tokens[clash.second].name) + " is that of " + first +
                   " too; of tokens with one name, all but one must be revoked");
}

Result<TokenDocument> Reader::read(const toml::table& root) const {
  TokenDocument document;
  if (root.empty()) return document;
  if (auto format = read_format(root); !format) return format.error();
  document.has_format = true;
  const toml::node* const node = root.get("token");
  if (node == nullptr) return document;
  const toml::array* const list = node->as_array();
  if (list == nullptr) return error(*node, "token is not a list; write each token as [[token]]");
  // [[token]] cannot be added to a list that is written inside a line.
  if (list->empty()) {
    return error(*node, "token is an empty list; leave it out, and write each token as [[token]]");
  }
  if (list->size() > kTokensMax) {
    return error(*node, "the file holds " + std::to_string(list->size()) + " tokens; at most " +
                            std::to_string(kTokensMax) + " are allowed");
  }
  for (const toml::node& item : *list) {
    const toml::table* const table = item.as_table();
    // with_revoked() edits by lines, so a token must have some of its own.
    if (table == nullptr || table->is_inline()) {
      return error(item, "a token is written inside a line; write each token as [[token]]");
    }
    auto token = read_token(*table);
    if (!token) return token.error();
    document.tokens.push_back(std::move(*token));
    document.name_lines.push_back(table->get("name")->source().end.line);
  }
  if (const auto clash = find_clash(document.tokens)) {
    return clash_error(*clash, document.tokens, document.name_lines);
  }
  return document;
}

// The first line, from 1, that is not UTF-8, or 0. The parser tells this too, but not the line.
std::uint32_t find_bad_line(std::string_view text) {
  if (is_valid_utf8(text)) return 0;
  std::uint32_t line = 1;
  while (is_valid_utf8(text.substr(0, text.find('\n')))) {
    text.remove_prefix(text.find('\n') + 1);
    ++line;
  }
  return line;
}

// What check_id() and check_token_name() allow needs no more than this.
std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out += '"';
}

std::string time_line(std::string_view key, Millis t) {
  return std::string(key) + " = " + format_iso8601(t) + "\n";
}

}  // namespace

Result<TokenDocument> read_token_text(std::string_view text, const std::string& path) {
  if (text.size() > kTokenFileBytesMax) {
    return Error{ErrorCode::kInvalidArgument,
                 path + " is larger than a tokens file may be, which is " +
                     std::to_string(kTokenFileBytesMax >> 20) + " MiB"};
  }
  if (const std::uint32_t line = find_bad_line(text); line != 0) {
    return Error{
        ErrorCode::kInvalidArgument,
        path + ":" + std::to_string(line) + ": the line is not UTF-8; save the file as UTF-8"};
  }
  try {
    return Reader(path).read(toml::parse(text, path));
  } catch (const toml::parse_error& fault) {
    return Error{ErrorCode::kInvalidArgument,
                 path + ":" + std::to_string(fault.source().begin.line) +
                     ": the file is not TOML (" + std::string(fault.description()) +
                     "); mend the line, or make the file anew with `minuted token create`"};
  }
}

std::string with_token(std::string_view text, const TokenDocument& document, const Token& token) {
  std::string out(text);
  if (!out.empty() && out.back() != '\n') out += '\n';
  if (!document.has_format) {
    out += kFileHead;
    out += "format = " + std::to_string(kTokenFileFormat) + "\n";
  }
  out += "\n[[token]]\nname = " + quote(token.name) + "\n";
  out += "sha256 = " + quote(to_hex(token.sha256)) + "\n";
  const auto list = [&](std::string_view key, const auto& items) {
    out += std::string(key) + " = [";
    for (std::size_t i = 0; i < items.size(); ++i) out += (i == 0 ? "" : ", ") + quote(items[i]);
    out += "]\n";
  };
  std::vector<std::string_view> scopes;
  for (const Scope scope : kScopes) {
    if (token.scopes.has(scope)) scopes.push_back(to_string(scope));
  }
  list("scopes", scopes);
  if (!token.all_repos()) list("repos", token.repos);
  if (token.expires) out += time_line("expires", *token.expires);
  if (token.revoked) out += time_line("revoked", *token.revoked);
  // Last, because it may not be missing: an entry cut short is refused, whatever it has lost.
  out += time_line("created", token.created);
  return out;
}

std::string with_revoked(std::string_view text, const TokenDocument& document, std::size_t index,
                         Millis when) {
  std::size_t place = 0;
  for (std::uint32_t line = 0; line < document.name_lines[index]; ++line) {
    const std::size_t end = text.find('\n', place);
    place = end == text.npos ? text.size() : end + 1;
  }
  std::string out(text.substr(0, place));
  if (!out.empty() && out.back() != '\n') out += '\n';
  out += time_line("revoked", when);
  out += text.substr(place);
  return out;
}

}  // namespace minuted::auth
