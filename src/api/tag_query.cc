#include "api/tag_query.h"

#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "api/logfmt.h"
#include "traceql/duration.h"
#include "traceql/print.h"

namespace clew::api {
namespace {

using traceql::Literal;
using traceql::Type;

std::string quoted(const std::string& text) {
  return traceql::print(Literal{Type::string, text, {}});
}

Result<std::string> status_word(const std::string& value) {
  if (value == "ok" || value == "error" || value == "unset") return value;
  return invalid(fmt::format("invalid tags: status.code is one of ok, error and unset, not '{}'", value));
}

template <typename Number>
bool reads_as(std::string_view text) {
  Number value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// Whether TraceQL would read the text as one number.
bool is_number(std::string_view text) {
  if (text.find_first_not_of("0123456789.-") != std::string_view::npos) return false;
  if (text.find('.') == std::string_view::npos) return reads_as<int64_t>(text);
  return reads_as<double>(text) && text.front() != '.' && text.back() != '.';
}

Result<std::string> condition(const std::string& key, const std::string& value) {
  if (key == "name") return "name = " + quoted(value);
  if (key == "root.name") return "rootName = " + quoted(value);
  if (key == "root.service.name") return "rootServiceName = " + quoted(value);
  if (key == "status.code") {
    ASSIGN_OR_RETURN(std::string word, status_word(value));
    return "status = " + word;
  }
  if (key == "error" && (value.empty() || value == "true")) return std::string("status = error");
  std::string attribute = traceql::print(traceql::Attribute{{}, false, {}, key, {}});
  std::string text = attribute + " = " + quoted(value);
  if (value == "true" || value == "false" || is_number(value)) {
    return fmt::format("({} || {} = {})", text, attribute, value);
  }
  return text;
}

Result<std::string> duration_bound(std::string_view name, std::string_view text, std::string_view comparison) {
  auto duration = traceql::parse_duration(text);
  if (!duration) return invalid(fmt::format("invalid {}: '{}' is not a duration such as 100ms or 1.5s", name, text));
  return fmt::format("traceDuration {} {}", comparison, traceql::format_duration(*duration));
}

}  // namespace

Result<std::string> traceql_of_tags(std::string_view tags, std::string_view min_duration,
                                    std::string_view max_duration) {
  ASSIGN_OR_RETURN(auto pairs, parse_logfmt(tags));
  std::vector<std::string> conditions;
  for (const auto& [key, value] : pairs) {
    ASSIGN_OR_RETURN(std::string text, condition(key, value));
    conditions.push_back(std::move(text));
  }
  if (!min_duration.empty()) {
    ASSIGN_OR_RETURN(std::string text, duration_bound("minDuration", min_duration, ">="));
    conditions.push_back(std::move(text));
  }
  if (!max_duration.empty()) {
    ASSIGN_OR_RETURN(std::string text, duration_bound("maxDuration", max_duration, "<="));
    conditions.push_back(std::move(text));
  }
  if (conditions.empty()) return std::string("{}");
  return fmt::format("{{ {} }}", fmt::join(conditions, " && "));
}

}  // namespace clew::api
