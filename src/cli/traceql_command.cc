// `clew traceql check`: what is wrong with a query, for people (with a caret) and for scripts (a verdict a line).
#include <fmt/format.h>
#include <simdjson.h>

#include <cstdio>
#include <iostream>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"
#include "cli/verdict.h"
#include "traceql/query.h"

namespace clew::cli {

std::optional<traceql::Diagnostic> diagnose(std::string_view text) {
  auto query = traceql::parse(text);
  if (!query) return std::move(query.error());
  return traceql::check(*query);
}

std::string verdict_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  std::string decoded;
  if (line.starts_with('"')) {
    simdjson::dom::parser parser;
    std::string_view text;
    if (parser.parse(line.data(), line.size()).get(text)) {
      return "parse error: line 1, col 1: the line begins with a quote but is not a JSON string";
    }
    decoded = text;
    line = decoded;
  }
  auto diagnostic = diagnose(line);
  return diagnostic ? diagnostic->line() : "valid";
}

namespace {

// Of a rendered diagnostic what the verdict's line does not say: the query's line and the caret below it.
std::string_view marked_line(std::string_view rendered) {
  rendered.remove_prefix(rendered.find('\n') + 1);
  size_t caret_line = rendered.find('\n') + 1;
  return rendered.substr(0, rendered.find('\n', caret_line) + 1);
}

int check_one(const std::string& text) {
  auto diagnostic = diagnose(text);
  if (!diagnostic) {
    print("valid\n");
    return 0;
  }
  print(diagnostic->line() + "\n");
  fmt::print(stderr, "{}", marked_line(traceql::render(*diagnostic, text)));
  return static_cast<int>(diagnostic->kind);
}

int check_lines() {
  std::string line;
  while (std::getline(std::cin, line)) {
    if (!print(verdict_line(line) + "\n")) break;
  }
  if (!std::cin.bad() && std::ferror(stdin) == 0) return kOk;
  complain("stdin cannot be read");
  return kBadData;
}

}  // namespace

void add_traceql(Command& root) {
  Command& traceql = add_command(root, "traceql", "tools for the query language");
  Command& check = add_command(traceql, "check", "say whether a query is valid, and where it is not");
  check.about =
      "Parses and checks one query; a caret shows the place of a fault. With - (or without a query, when stdin is not "
      "a terminal) it reads one query a line and answers each with one line: valid, parse error: …, invalid: … or "
      "unsupported: …. A line that begins with a quote is a JSON string, for queries with line breaks.";
  auto text = std::make_shared<std::string>("-");
  check.arguments.push_back({"TRACEQL", text.get(), "The query, or - for one a line from stdin.", false});
  check.examples = {
      {"clew traceql check '{ span.http.status_code >= 500 }'", "Prints valid."},
      {"clew traceql check - < queries.txt", "A verdict for each line."},
  };
  check.exit_codes =
      "0 valid (with -: all lines were read)\n1 parse error\n2 invalid: types or rules are violated\n"
      "3 valid, but not supported yet\n4 stdin cannot be read";
  static_assert(static_cast<int>(traceql::Verdict::parse_error) == 1);
  static_assert(static_cast<int>(traceql::Verdict::invalid) == 2);
  static_assert(static_cast<int>(traceql::Verdict::unsupported) == 3);
  check.run = [text] { return *text == "-" ? check_lines() : check_one(*text); };
}

}  // namespace clew::cli
