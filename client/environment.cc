#include "environment.h"

#include <charconv>
#include <cstdlib>

#include "clew/propagators.h"
#include "clew/samplers.h"
#include "problem.h"

CLEW_BEGIN
namespace detail {
namespace {

bool is_space(char c) noexcept {
  return c == ' ' || c == '\t';
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool same_word(std::string_view text, std::string_view lower_case) noexcept {
  if (text.size() != lower_case.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? char(text[i] - 'A' + 'a') : text[i];
    if (c != lower_case[i]) return false;
  }
  return true;
}

// Calls visit(part) for each part between commas that is not empty.
template <typename Visit>
void each_part(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const std::string_view part = trimmed(text.substr(0, comma));
    if (!part.empty()) visit(part);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&](size_t at) {
      const char c = at < text.size() ? text[at] : 'x';
      return hex_value(c >= 'A' && c <= 'F' ? char(c - 'A' + 'a') : c);
    };
    if (text[i] == '%' && digit(i + 1) < 16 && digit(i + 2) < 16) {
      out += char(digit(i + 1) << 4 | digit(i + 2));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// Variables by name; an empty one is one that is not set.
class Variables {
 public:
  explicit Variables(Lookup lookup) noexcept : lookup_(lookup) {}

  std::string_view text(const char* name) const noexcept {
    const char* const value = lookup_(name);
    return value == nullptr ? std::string_view() : trimmed(value);
  }
  // The first of two that is set.
  std::string_view text(const char* name, const char* otherwise) const noexcept {
    const std::string_view own = text(name);
    return own.empty() ? text(otherwise) : own;
  }
  bool is_true(const char* name) const noexcept {
    const std::string_view word = text(name);
    if (!word.empty() && !same_word(word, "true") && !same_word(word, "false")) ignored(name, word);
    return same_word(word, "true");
  }
  template <typename Number>
  void number(const char* name, Number& number, uint64_t least = 0) const noexcept {
    const std::string_view word = text(name);
    if (word.empty()) return;
    Number parsed{};
    const auto end = std::from_chars(word.data(), word.data() + word.size(), parsed);
    if (end.ec != std::errc() || end.ptr != word.data() + word.size() || parsed < least) return ignored(name, word);
    number = parsed;
  }
  static void ignored(const char* name, std::string_view value) noexcept {
    const std::string detail = std::string(name) + "=" + std::string(value);
    problem("a variable is ignored, its value is not understood: ", detail);
  }

 private:
  Lookup lookup_;
};

void read_limits(const Variables& variables, Limits& limits) noexcept {
  variables.number("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", limits.attribute_value_chars);
  variables.number("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", limits.attribute_value_chars);
  variables.number("OTEL_ATTRIBUTE_COUNT_LIMIT", limits.attributes);
  limits.event_attributes = limits.link_attributes = limits.attributes;
  variables.number("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", limits.attributes);
  variables.number("OTEL_SPAN_EVENT_COUNT_LIMIT", limits.events);
  variables.number("OTEL_SPAN_LINK_COUNT_LIMIT", limits.links);
  variables.number("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", limits.event_attributes);
  variables.number("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", limits.link_attributes);
}

void add_otlp(Lookup lookup, Config& config) noexcept {
  OtlpHttpOptions options = otlp_options_from(lookup);
  options.batch_spans = config.batch_spans;
  std::string wrong;
  if (auto exporter = otlp_http_exporter(std::move(options), &wrong)) {
    config.exporters.push_back(std::move(exporter));
  } else {
    problem("no spans are exported by OTLP: ", wrong);
  }
}

void read_exporters(Lookup lookup, const Variables& variables, Config& config) noexcept {
  std::string_view names = variables.text("OTEL_TRACES_EXPORTER");
  if (names.empty()) names = "otlp";
  each_part(names, [&](std::string_view name) {
    if (name == "otlp") {
      add_otlp(lookup, config);
    } else if (name == "console") {
      config.exporters.push_back(console_exporter());
    } else if (name == "otlp/stdout") {
      config.exporters.push_back(otlp_file_exporter("/dev/stdout"));
    } else if (name != "none") {
      Variables::ignored("OTEL_TRACES_EXPORTER", name);
    }
  });
}

void read_sampler(const Variables& variables, Config& config) noexcept {
  const std::string_view name = variables.text("OTEL_TRACES_SAMPLER");
  if (name.empty()) return;
  std::string wrong;
  config.sampler = sampler_from(name, variables.text("OTEL_TRACES_SAMPLER_ARG"), &wrong);
  if (!wrong.empty()) problem("OTEL_TRACES_SAMPLER: ", wrong);
}

void read_propagators(const Variables& variables, Config& config) noexcept {
  std::string wrong;
  config.propagator = propagator_from(variables.text("OTEL_PROPAGATORS"), &wrong);
  if (!wrong.empty()) problem("OTEL_PROPAGATORS: ", wrong);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> pairs_of(std::string_view text) noexcept {
  std::vector<std::pair<std::string, std::string>> pairs;
  each_part(text, [&](std::string_view part) {
    const size_t equals = part.find('=');
    const std::string_view key = trimmed(part.substr(0, equals));
    if (equals == std::string_view::npos || key.empty()) {
      return problem("not KEY=VALUE, and left out: ", part);
    }
    pairs.emplace_back(percent_decoded(key), percent_decoded(trimmed(part.substr(equals + 1))));
  });
  return pairs;
}

OtlpHttpOptions otlp_options_from(Lookup lookup) noexcept {
  const Variables variables(lookup);
  OtlpHttpOptions options;
  const std::string_view own = variables.text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  const std::string_view base = variables.text("OTEL_EXPORTER_OTLP_ENDPOINT");
  if (!own.empty()) {
    options.url = own;
  } else if (!base.empty()) {
    options.url = base;
    if (options.url.back() == '/') options.url.pop_back();
    options.url += "/v1/traces";
  }
  options.headers = pairs_of(variables.text("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"));
  const std::string_view coding =
      variables.text("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION");
  options.gzip = coding == "gzip";
  if (!coding.empty() && coding != "gzip" && coding != "none") {
    Variables::ignored("OTEL_EXPORTER_OTLP_COMPRESSION", coding);
  }
  variables.number("OTEL_EXPORTER_OTLP_TIMEOUT", options.timeout_ms, 1);
  variables.number("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", options.timeout_ms, 1);
  uint32_t batch_timeout_ms = UINT32_MAX;
  variables.number("OTEL_BSP_EXPORT_TIMEOUT", batch_timeout_ms, 1);
  if (batch_timeout_ms < options.timeout_ms) options.timeout_ms = batch_timeout_ms;
  const std::string_view protocol = variables.text("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL");
  if (!protocol.empty() && protocol != "http/protobuf") {
    problem("the OTLP protocol is http/protobuf, the only one there is yet, and not ", protocol);
  }
  variables.number("OTEL_BSP_MAX_QUEUE_SIZE", options.queue_spans, 1);
  return options;
}

Config config_from(Lookup lookup) noexcept {
  const Variables variables(lookup);
  Config config;
  config.disabled = variables.is_true("OTEL_SDK_DISABLED");
  config.service_name = variables.text("OTEL_SERVICE_NAME");
  config.resource_attributes = pairs_of(variables.text("OTEL_RESOURCE_ATTRIBUTES"));
  read_limits(variables, config.limits);
  variables.number("OTEL_BSP_SCHEDULE_DELAY", config.schedule_delay_ms);
  variables.number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", config.batch_spans, 1);
  read_sampler(variables, config);
  read_propagators(variables, config);
  if (!config.disabled) read_exporters(lookup, variables, config);
  return config;
}

}  // namespace detail

Config config_from_environment() noexcept {
  return detail::config_from([](const char* name) -> const char* { return std::getenv(name); });
}

CLEW_END
