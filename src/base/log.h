// The log on stderr: one line an event, text or JSON, no span content. Safe from any thread. spdlog does the work.
//
//   log::warn("port in use", {{"port", 4317}, {"setting", "listen.otlp_grpc"}});
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.h"

namespace clew::log {

enum class Level { debug, info, warn, error, off };
enum class Format { text, json };

// One named value of an event; numbers and booleans stay such in JSON.
struct Field {
  Field(std::string_view k, std::string_view v) : key(k), value(v), quoted(true) {}
  Field(std::string_view k, const char* v) : key(k), value(v), quoted(true) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v), quoted(true) {}
  Field(std::string_view k, bool v) : key(k), value(v ? "true" : "false") {}
  template <std::integral T>
  Field(std::string_view k, T v) : key(k), value(std::to_string(v)) {}
  Field(std::string_view k, double v);  // the shortest text that reads back equal; NaN and infinities are quoted
  Field(std::string_view k, const Error& e) : key(k), value(e.message), quoted(true) {}

  std::string_view key;
  std::string value;
  bool quoted = false;
};
using Fields = std::initializer_list<Field>;

// Before the first event of a process; the default is info as text.
void configure(Level level, Format format);
Result<Level> parse_level(std::string_view text);
Result<Format> parse_format(std::string_view text);

void write(Level level, std::string_view event, Fields fields);
inline void debug(std::string_view event, Fields fields = {}) {
  write(Level::debug, event, fields);
}
inline void info(std::string_view event, Fields fields = {}) {
  write(Level::info, event, fields);
}
inline void warn(std::string_view event, Fields fields = {}) {
  write(Level::warn, event, fields);
}
inline void error(std::string_view event, Fields fields = {}) {
  write(Level::error, event, fields);
}

// The body of a line without its time and level; for tests and for JSON in other places.
std::string render(Format format, std::string_view event, Fields fields);

}  // namespace clew::log
