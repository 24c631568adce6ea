#include "log/log.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "minuted/event.hpp"
#include "render/json_text.hpp"

namespace minuted::log {
namespace {

constexpr std::size_t kNumberBytesMax = 32;
constexpr std::size_t kMessageColumns = 36;  // where the fields begin, for people

void append_number(std::uint64_t value, std::string& out) {
  char text[kNumberBytesMax];
  out.append(text, std::to_chars(text, text + kNumberBytesMax, value).ptr);
}

void append_number(double value, std::string& out) {
  char text[kNumberBytesMax];
  const auto end = std::to_chars(text, text + kNumberBytesMax, value, std::chars_format::fixed, 3);
  out.append(text, end.ec == std::errc{} ? end.ptr : text);
}

// Text may come from a client: a terminal must not obey it, and a JSON reader must not choke on it.
std::string harmless(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(),
                                 [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
  return plain && !text.empty() ? std::string(text) : shorten(text);
}

void append_human(const Field& field, std::string& out) {
  out += ' ';
  out += field.name;
  out += '=';
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    out += harmless(*text);
  } else if (const auto* count = std::get_if<std::uint64_t>(&field.value)) {
    append_number(*count, out);
  } else {
    append_number(std::get<double>(field.value), out);
  }
}

void append_json(const Field& field, std::string& out) {
  out += ',';
  render::append_json_string(field.name, out);
  out += ':';
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    render::append_json_string(is_valid_utf8(*text) ? std::string(*text) : shorten(*text), out);
  } else if (const auto* count = std::get_if<std::uint64_t>(&field.value)) {
    append_number(*count, out);
  } else {
    append_number(std::get<double>(field.value), out);
  }
}

}  // namespace

std::string_view to_string(Level level) {
  switch (level) {
    case Level::kDebug: return "debug";
    case Level::kInfo: return "info";
    case Level::kWarn: return "warn";
    case Level::kError: return "error";
  }
  return "error";
}

std::string format_line(Format format, Level level, std::string_view message, Fields fields,
                        Millis now) {
  std::string line;
  if (format == Format::kHuman) {
    line = format_iso8601(now);
    line += ' ';
    line += to_string(level);
    line.resize(line.size() + 6 - to_string(level).size(), ' ');
    const std::size_t start = line.size();
    line += message;
    if (fields.size() != 0) line.resize(std::max(line.size(), start + kMessageColumns), ' ');
    for (const Field& field : fields) append_human(field, line);
  } else {
    line = R"({"time":")" + format_iso8601(now) + R"(","level":")";
    line += to_string(level);
    line += R"(","message":)";
    render::append_json_string(message, line);
    for (const Field& field : fields) append_json(field, line);
    line += '}';
  }
  line += '\n';
  return line;
}

void Log::write(Level level, std::string_view message, Fields fields) const {
  if (!wants(level)) return;
  std::string line = format_line(format_, level, message, fields, clock_.now());
  const std::lock_guard lock(mutex_);
  if (!takes_a_line()) {
    ++lost_;
    return;
  }
  if (lost_ > 0) {
    line = format_line(format_, Level::kWarn, "log lines were lost: nobody read them",
                       {{"lines", lost_}}, clock_.now()) + line;
    lost_ = 0;
  }
  // A log that cannot be written must not stop the daemon.
  const ssize_t ignored = ::write(fd_, line.data(), line.size());
  (void)ignored;
}

// A pipe that has room has it for PIPE_BUF bytes; files and terminals always do.
bool Log::takes_a_line() const {
  pollfd ready{fd_, POLLOUT, 0};
  return ::poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0;
}

}  // namespace minuted::log
