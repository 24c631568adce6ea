#include "log/log.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "log/escape.hpp"

namespace minuted::log {
namespace {

constexpr std::size_t kNumberBytesMax = 32;
constexpr std::size_t kMessageColumns = 36;  // where the fields begin, for people
// A line that is too long is formatted again with shorter texts, each of at least so many bytes.
constexpr std::size_t kTextBytesMin = 16;

void append_number(std::uint64_t value, std::string& out) {
  char text[kNumberBytesMax];
  out.append(text, std::to_chars(text, text + kNumberBytesMax, value).ptr);
}

void append_number(double value, std::string& out) {
  char text[kNumberBytesMax];
  const auto end = std::to_chars(text, text + kNumberBytesMax, value, std::chars_format::fixed, 3);
  out.append(text, end.ec == std::errc{} ? end.ptr : text);
}

// What a line says, before it is written down.
struct Line {
  Format format;
  Level level;
  std::string_view message;
  Fields fields;
  Millis now;
  std::uint64_t left_out;
};

void append_value(const Field& field, Format format, std::size_t text_bytes_max, std::string& out) {
  if (const auto* count = std::get_if<std::uint64_t>(&field.value)) return append_number(*count, out);
  if (const auto* real = std::get_if<double>(&field.value)) return append_number(*real, out);
  const std::string_view text = std::get<std::string_view>(field.value);
  if (format == Format::kHuman && text.size() <= text_bytes_max && is_plain(text)) {
    out += text;
    return;
  }
  out += '"';
  append_escaped(text, text_bytes_max,
                 format == Format::kHuman ? Escaping::kQuoted : Escaping::kJson, out);
  out += '"';
}

void append_field(const Field& field, Format format, std::size_t text_bytes_max, std::string& out) {
  if (format == Format::kHuman) {
    out += ' ';
    out += field.name;
    out += '=';
  } else {
    out += ",\"";
    out += field.name;
    out += "\":";
  }
  append_value(field, format, text_bytes_max, out);
}

std::string head_of(const Line& line, std::size_t text_bytes_max) {
  if (line.format == Format::kJson) {
    std::string out = R"({"time":")" + format_iso8601(line.now) + R"(","level":")";
    out += to_string(line.level);
    out += R"(","message":")";
    append_escaped(line.message, text_bytes_max, Escaping::kJson, out);
    return out + '"';
  }
  std::string out = format_iso8601(line.now);
  out += ' ';
  out += to_string(line.level);
  out.resize(out.size() + 6 - to_string(line.level).size(), ' ');
  const std::size_t start = out.size();
  append_escaped(line.message, text_bytes_max, Escaping::kBare, out);
  const bool has_fields = line.fields.size() != 0 || line.left_out != 0;
  if (has_fields) out.resize(std::max(out.size(), start + kMessageColumns), ' ');
  return out;
}

// With its first `fields` fields, and no text longer than `text_bytes_max`.
std::string format_with(const Line& line, std::size_t text_bytes_max, std::size_t fields) {
  std::string out = head_of(line, text_bytes_max);
  for (std::size_t i = 0; i < fields; ++i) {
    append_field(line.fields.begin()[i], line.format, text_bytes_max, out);
  }
  if (line.left_out != 0) append_field({"left_out", line.left_out}, line.format, 0, out);
  if (line.format == Format::kJson) out += '}';
  out += '\n';
  return out;
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

// All texts are shortened to the same size, so that one long value does not push the others out.
std::string format_line(Format format, Level level, std::string_view message, Fields fields,
                        Millis now, std::uint64_t left_out) {
  const Line line{format, level, message, fields, now, left_out};
  std::size_t text_bytes_max = kLineBytesMax;
  std::size_t shown = fields.size();
  std::string out = format_with(line, text_bytes_max, shown);
  while (out.size() > kLineBytesMax) {
    if (text_bytes_max > kTextBytesMin) {
      text_bytes_max = std::max(text_bytes_max * 3 / 4, kTextBytesMin);
    } else {
      --shown;  // more fields than any line of ours has
    }
    out = format_with(line, text_bytes_max, shown);
  }
  return out;
}

void Log::write(Level level, std::string_view message, Fields fields) const {
  if (!wants(level)) return;
  write_line(format_line(format_, level, message, fields, clock_.now()));
}

void Log::write_limited(Level level, std::string_view reason, std::string_view message,
                        Fields fields) const {
  if (!wants(level)) return;
  std::uint64_t left_out = 0;
  if (!wants(Level::kDebug)) {
    const auto admitted = limiter_.admit(reason, clock_.steady_ms());
    if (!admitted) return;
    left_out = *admitted;
  }
  write_line(format_line(format_, level, message, fields, clock_.now(), left_out));
}

void Log::report_left_out(Report report) const {
  const std::int64_t now_ms = report == Report::kAll ? INT64_MAX : clock_.steady_ms();
  for (const LineLimiter::LeftOut& one : limiter_.take_left_out(now_ms)) {
    // Lines of a level that is not wanted are not counted, so this one is wanted.
    write(std::max(Level::kInfo, level_min_), "repeated log lines were left out",
          {{"reason", std::string_view(one.reason)}, {"left_out", one.lines}});
  }
}

void Log::write_line(std::string line) const {
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
