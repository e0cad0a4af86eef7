// Reads tests/traceql/syntax/*.txt, for the tests: one query a line; a line that begins with " is a JSON string;
// empty lines and lines that begin with "# " are not queries.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace clew::traceql {

struct SyntaxLine {
  int number = 0;
  std::string query;
};

// Of JSON's escapes those the files use: \" \\ \n \r \t and \u00XX.
inline std::string decode_json_string(std::string_view line) {
  std::string out;
  for (size_t i = 1; i + 1 < line.size(); ++i) {
    if (line[i] != '\\') {
      out += line[i];
      continue;
    }
    char c = line[++i];
    if (c == 'u') {
      auto code = static_cast<unsigned>(std::strtoul(std::string(line.substr(i + 1, 4)).c_str(), nullptr, 16));
      EXPECT_LT(code, 0x100U) << line;
      if (code >= 0x80) out += static_cast<char>(0xc0 | code >> 6);
      out += static_cast<char>(code >= 0x80 ? 0x80 | (code & 0x3f) : code);
      i += 4;
    } else {
      out += c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
    }
  }
  return out;
}

inline std::vector<SyntaxLine> read_syntax_file(const std::string& name) {
  std::ifstream in(std::string("tests/traceql/syntax/") + name);
  std::vector<SyntaxLine> lines;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.empty() || line.starts_with("# ")) continue;
    lines.push_back({number, line.starts_with('"') ? decode_json_string(line) : line});
  }
  EXPECT_GT(lines.size(), 20U) << name;
  return lines;
}

}  // namespace clew::traceql
