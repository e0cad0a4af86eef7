// Context in environment variables, for child processes: TRACEPARENT, TRACESTATE, BAGGAGE, X_B3_TRACEID …, as
// OpenTelemetry names them.
#pragma once

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "clew/propagators.h"

CLEW_BEGIN

namespace detail {
inline std::string variable_of(std::string_view header) {
  std::string name(header);
  for (char& c : name) {
    const bool lower = c >= 'a' && c <= 'z', other = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    c = lower ? char(c - 'a' + 'A') : other ? c : '_';
  }
  return name;
}
}  // namespace detail

// What this process was given; in AWS Lambda X-Ray's header, too, whose variable begins with '_'. Not while another
// thread changes the environment.
class EnvironmentReader : public HeaderReader {
 public:
  unsigned get(std::string_view name, std::string_view* values, unsigned room) const noexcept override {
    const std::string variable = "_" + detail::variable_of(name);
    const char* value = std::getenv(variable.c_str() + 1);
    if (value == nullptr && variable == "_X_AMZN_TRACE_ID") value = std::getenv(variable.c_str());
    if (value != nullptr && room != 0) values[0] = value;
    return value != nullptr;
  }
};

// For execve, posix_spawn and their like: "NAME=value" strings. (setenv would change the environment of this process,
// and is not safe with threads.) A variable that is there gets the new value.
class EnvironmentWriter : public HeaderWriter {
 public:
  explicit EnvironmentWriter(std::vector<std::string>& variables) noexcept : variables_(variables) {}

  void set(std::string_view name, std::string_view value) noexcept override {
    std::string variable = detail::variable_of(name) + "=";
    const size_t prefix = variable.size();
    variable += value;
    for (std::string& each : variables_) {
      if (each.compare(0, prefix, variable, 0, prefix) == 0) return each.swap(variable);
    }
    variables_.push_back(std::move(variable));
  }

 private:
  std::vector<std::string>& variables_;
};

CLEW_END
