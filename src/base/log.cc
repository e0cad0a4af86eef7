#include "base/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cmath>

#include "base/json_text.h"
#include "base/utf8.h"

namespace clew::log {
namespace {

struct Sink {
  std::shared_ptr<spdlog::logger> logger =
      std::make_shared<spdlog::logger>("clew", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  Format format = Format::text;

  Sink() { set(Level::info, Format::text); }
  void set(Level level, Format f) {
    format = f;
    logger->set_level(to_spdlog(level));
    logger->flush_on(spdlog::level::info);
    logger->set_pattern(
        f == Format::json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v",
        spdlog::pattern_time_type::utc);
  }
  static spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
      case Level::debug: return spdlog::level::debug;
      case Level::info: return spdlog::level::info;
      case Level::warn: return spdlog::level::warn;
      case Level::error: return spdlog::level::err;
      case Level::off: return spdlog::level::off;
    }
    return spdlog::level::info;
  }
};

Sink& sink() {
  static Sink* const instance = new Sink;  // never destroyed: threads may log while the process ends
  return *instance;
}

bool plain_word(std::string_view text) {
  if (text.empty()) return false;
  for (char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return false;
  }
  return is_utf8(text);
}

}  // namespace

Field::Field(std::string_view k, double v) : key(k), value(fmt::format("{}", v)), quoted(!std::isfinite(v)) {}

void configure(Level level, Format format) {
  sink().set(level, format);
}

Result<Level> parse_level(std::string_view text) {
  if (text == "debug") return Level::debug;
  if (text == "info") return Level::info;
  if (text == "warn") return Level::warn;
  if (text == "error") return Level::error;
  if (text == "off") return Level::off;
  return invalid("log.level is debug, info, warn, error or off, not '" + std::string(text) + "'");
}

Result<Format> parse_format(std::string_view text) {
  if (text == "text") return Format::text;
  if (text == "json") return Format::json;
  return invalid("log.format is text or json, not '" + std::string(text) + "'");
}

std::string render(Format format, std::string_view event, Fields fields) {
  std::string out;
  if (format == Format::json) {
    out.append("\"event\":");
    append_json_string(out, event);
    for (const Field& field : fields) {
      out.push_back(',');
      append_json_string(out, field.key);
      out.push_back(':');
      if (field.quoted) {
        append_json_string(out, field.value);
      } else {
        out.append(field.value);
      }
    }
    return out;
  }
  out.append(event);
  for (const Field& field : fields) {
    out.push_back(' ');
    out.append(field.key);
    out.push_back('=');
    if (!field.quoted || plain_word(field.value)) {
      out.append(field.value);
    } else {
      append_json_string(out, field.value);
    }
  }
  return out;
}

void write(Level level, std::string_view event, Fields fields) {
  Sink& out = sink();
  auto spd = Sink::to_spdlog(level);
  if (!out.logger->should_log(spd)) return;
  out.logger->log(spd, "{}", render(out.format, event, fields));
}

}  // namespace clew::log
