#include "auth/token_command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/token_file.hpp"
#include "auth/tokens.hpp"
#include "minuted/event.hpp"

namespace minuted::auth {
namespace {

constexpr std::int64_t kExpiryDaysMax = 36500;  // a hundred years

// The command line as it was given; each command uses some of it.
struct Given {
  std::string file;
  std::string name;
  std::vector<std::string> scopes;
  std::vector<std::string> repos;
  std::string expires_days;
};

Error usage_error(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

// The parts of comma-separated lists, blanks and empty parts included.
std::vector<std::string> split(const std::vector<std::string>& lists) {
  std::vector<std::string> parts;
  for (const std::string& list : lists) {
    std::size_t begin = 0;
    while (true) {
      const std::size_t end = list.find(',', begin);
      parts.push_back(list.substr(begin, end == list.npos ? end : end - begin));
      if (end == list.npos) break;
      begin = end + 1;
    }
  }
  return parts;
}

Result<std::optional<Millis>> read_expiry(const std::string& days, Millis now) {
  if (days.empty()) return std::optional<Millis>();
  std::int64_t count = 0;
  const char* const end = days.data() + days.size();
  const auto read = std::from_chars(days.data(), end, count);
  if (read.ec != std::errc{} || read.ptr != end || count < 1 || count > kExpiryDaysMax) {
    return usage_error("--expires " + shorten(days) + " is not a number of days; give 1 to " +
                       std::to_string(kExpiryDaysMax) +
                       ", or leave it out: the token then lasts "
                       "until it is revoked");
  }
  return std::optional<Millis>(Millis{now.value + count * kMillisPerDay});
}

Result<NewToken> read_request(const Given& given, bool expires_given, Millis now) {
  NewToken request;
  if (const auto fault = check_token_name(given.name)) {
    return usage_error("--name " + shorten(given.name) + " " + *fault);
  }
  request.name = given.name;
  for (const std::string& part : split(given.scopes)) {
    const auto scope = parse_scope(part);
    if (!scope) {
      return usage_error("--scope " + shorten(part) +
                         " is no scope; give one or more of ingest,read,admin");
    }
    request.scopes.add(*scope);
  }
  // An empty part is refused like any other id that cannot be: it must not come to mean all repos.
  request.repos = split(given.repos);
  for (const std::string& id : request.repos) {
    if (const auto fault = check_id(id)) return usage_error("--repo " + shorten(id) + " " + *fault);
  }
  if (request.repos.size() > kReposPerTokenMax) {
    return usage_error("--repo names " + std::to_string(request.repos.size()) + " repos; at most " +
                       std::to_string(kReposPerTokenMax) + " are allowed");
  }
  if (expires_given && given.expires_days.empty()) {
    return usage_error("--expires is empty; give a number of days from 1 to " +
                       std::to_string(kExpiryDaysMax));
  }
  auto expires = read_expiry(given.expires_days, now);
  if (!expires) return expires.error();
  request.expires = *expires;
  return request;
}

int fail(const Console& console, const Error& error, int exit_code) {
  console.err << "minuted token: " << error.message << "\n";
  return exit_code;
}

int create(const Given& given, bool expires_given, const Console& console, Millis now) {
  const auto request = read_request(given, expires_given, now);
  if (!request) return fail(console, request.error(), kExitUsage);
  const auto created = create_token(given.file, *request, now);
  if (!created) return fail(console, created.error(), kExitFailed);
  const Token& token = created->token;
  const std::string count = std::to_string(token.repos.size());
  console.err << "made the token " << token.name << " in " << given.file << ": "
              << to_string(token.scopes) << " of "
              << (token.all_repos() ? "all repos" : count + (count == "1" ? " repo" : " repos"))
              << ", "
              << (token.expires ? "until " + format_iso8601(*token.expires) : "without an end")
              << "\nKeep it now: this is the only time it is shown.\n"
              << std::flush;
  console.out << created->text << "\n" << std::flush;
  // A token nobody got to see is of no use, and there it stands in the file.
  if (!console.out) {
    return fail(console,
                {ErrorCode::kIoError,
                 "the token could not be printed; revoke " + token.name + " and make another"},
                kExitFailed);
  }
  return kExitOk;
}

std::string_view state_of(const Token& token, Millis now) {
  if (token.revoked) return "revoked";
  return token.expired_at(now) ? "expired" : "active";
}

std::string join(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ",") + part;
  return out;
}

// Repos come last: they are of any length, and empty in the form for programs means all of them.
using Row = std::array<std::string, 7>;
constexpr std::array<std::string_view, 7> kHeads{"NAME",    "HASH",    "STATE", "SCOPES",
                                                 "CREATED", "EXPIRES", "REPOS"};

std::vector<Row> make_rows(const std::vector<Token>& tokens, bool for_eyes, Millis now) {
  std::vector<Row> rows;
  if (for_eyes) {
    Row heads;
    std::copy(kHeads.begin(), kHeads.end(), heads.begin());
    rows.push_back(std::move(heads));
  }
  for (const Token& token : tokens) {
    rows.push_back({token.name, fingerprint(token.sha256), std::string(state_of(token, now)),
                    to_string(token.scopes), format_iso8601(token.created),
                    token.expires ? format_iso8601(*token.expires)
                    : for_eyes    ? "never"
                                  : "",
                    token.all_repos() && for_eyes ? "(all)" : join(token.repos)});
  }
  return rows;
}

void print_table(const std::vector<Row>& rows, std::ostream& out) {
  std::array<std::size_t, kHeads.size()> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Row& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      out << row[i] << std::string(widths[i] - row[i].size() + 2, ' ');
    }
    out << row.back() << "\n";
  }
}

void print_lines(const std::vector<Row>& rows, std::ostream& out) {
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) out << (i == 0 ? "" : "\t") << row[i];
    out << "\n";
  }
}

int list(const Given& given, const Console& console, Millis now) {
  const auto file = read_token_file(given.file);
  if (!file) return fail(console, file.error(), kExitFailed);
  if (!*file) {
    return fail(console,
                {ErrorCode::kInvalidArgument,
                 given.file + " does not exist; `minuted token create` makes it"},
                kExitFailed);
  }
  for (const std::string& warning : (*file)->warnings) {
    console.err << "warning: " << warning << "\n";
  }
  const auto rows = make_rows((*file)->tokens, console.out_is_terminal, now);
  if (console.out_is_terminal) {
    print_table(rows, console.out);
  } else {
    print_lines(rows, console.out);
  }
  console.out << std::flush;
  return console.out ? kExitOk : kExitFailed;
}

int revoke(const Given& given, const Console& console, Millis now) {
  const auto revoked = revoke_token(given.file, given.name, now);
  if (!revoked) return fail(console, revoked.error(), kExitFailed);
  console.out
      << "revoked the token " << revoked->name << " (" << fingerprint(revoked->sha256)
      << "); a running daemon refuses it once it has read the file again, within seconds or "
         "on SIGHUP\n";
  return kExitOk;
}

CLI::App* add_create(CLI::App& app, Given& given) {
  CLI::App* const command = app.add_subcommand(
      "create", "Make a token, add its hash to the file, and print it, once, as the last line");
  command->add_option("--tokens", given.file, "The tokens file; made if it is not there")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--name", given.name,
                   "What to call it: 1 to 64 visible ASCII characters but commas. Idempotency keys "
                   "belong to the name")
      ->required()
      ->type_name("NAME");
  command
      ->add_option("--scope", given.scopes,
                   "What it may do: ingest, read, admin, or several of them, comma-separated")
      ->required()
      ->allow_extra_args(false)
      ->type_name("SCOPE,…");
  command
      ->add_option("--repo", given.repos,
                   "The repos it is for, comma-separated. Default: all repos")
      ->allow_extra_args(false)
      ->type_name("ID,…");
  command
      ->add_option("--expires", given.expires_days,
                   "Days from now until it is no longer good, 1 to 36500. Default: never")
      ->type_name("DAYS");
  return command;
}

CLI::App* add_list(CLI::App& app, Given& given) {
  CLI::App* const command = app.add_subcommand("list", "List the tokens of the file");
  command->add_option("--tokens", given.file, "The tokens file")->required()->type_name("FILE");
  command->footer(
      "To a terminal, a table. Else one token a line, tab-separated: name, first 8 digits of the\n"
      "hash, state (active, expired, revoked), scopes, created, expires (empty = never), repos\n"
      "(empty = all); times in UTC.");
  return command;
}

CLI::App* add_revoke(CLI::App& app, Given& given) {
  CLI::App* const command = app.add_subcommand(
      "revoke", "Refuse a token from now on. Its entry stays in the file; its name is free again");
  command->add_option("--tokens", given.file, "The tokens file")->required()->type_name("FILE");
  command->add_option("--name", given.name, "The token's name")->required()->type_name("NAME");
  return command;
}

}  // namespace

int run_token_command(std::span<const std::string> arguments, const Console& console,
                      const Clock& clock) {
  Given given;
  CLI::App app("Make, list and revoke the tokens that the daemon's --tokens FILE lets in.",
               "minuted token");
  app.require_subcommand(1);
  const CLI::App* const create_command = add_create(app, given);
  const CLI::App* const list_command = add_list(app, given);
  add_revoke(app, given);
  // CLI11 would only say that a command is wanted.
  const auto named = [&](const CLI::App* command) { return command->check_name(arguments[0]); };
  if (!arguments.empty() && !arguments[0].starts_with('-') && app.get_subcommands(named).empty()) {
    return fail(console,
                usage_error("there is no command " + shorten(arguments[0]) +
                            "; give create, list or revoke"),
                kExitUsage);
  }
  try {
    // CLI11 takes them from the back.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::Success& help) {
    return app.exit(help, console.out, console.err);
  } catch (const CLI::ParseError& fault) {
    console.err
        << "minuted token: " << fault.what()
        << "\nRun `minuted token --help` or `minuted token create --help` for what there is.\n";
    return kExitUsage;
  }
  if (given.file.empty())
    return fail(console, usage_error("--tokens is empty; name a file"), kExitUsage);
  if (create_command->parsed()) {
    return create(given, create_command->count("--expires") > 0, console, clock.now());
  }
  return list_command->parsed() ? list(given, console, clock.now())
                                : revoke(given, console, clock.now());
}

}  // namespace minuted::auth
