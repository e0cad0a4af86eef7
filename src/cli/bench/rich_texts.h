// The long texts of the corpus "rich": patterns for RandomText.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clew::cli {

struct RichStatement {
  std::string_view operation;
  std::string_view table;
  std::string_view text;
};
std::span<const RichStatement> rich_statements();

struct RichException {
  std::string type;
  std::string message;
  std::string stack_trace;
};
std::vector<RichException> rich_exceptions(uint64_t seed);

struct RichLogLine {
  std::string_view severity;
  std::string_view logger;
  std::string_view message;
};
std::span<const RichLogLine> rich_log_lines();

std::vector<std::string> rich_user_agents();  // without places
std::span<const std::string_view> rich_functions();

}  // namespace clew::cli
