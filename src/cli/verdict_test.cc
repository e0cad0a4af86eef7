#include "cli/verdict.h"

#include <gmock/gmock.h>

namespace clew::cli {
namespace {

using testing::StartsWith;

TEST(Verdict, AnswersALineWithALine) {
  struct Case {
    const char* line;
    const char* verdict;
  };
  for (const Case& c : {
           Case{"{}", "valid"},
           Case{"{ duration > 1s } | count() > 2", "valid"},
           Case{"{ duration > 1s }\r", "valid"},
           Case{R"("{\n  status = error\n}")", "valid"},
           Case{R"("{ name = \"a\" }")", "valid"},
           Case{"\"{}\"\r", "valid"},
           Case{"", "parse error: line 1, col 1: "},
           Case{"{ name = }", "parse error: line 1, col 10: "},
           Case{R"("{\n  name =\n}")", "parse error: line 3, col 1: "},
           Case{R"("{ name = 'x)", "parse error: "},
           Case{R"("{}" "{}")", "parse error: "},
           Case{"{ 1 + true }", "invalid: line 1, col "},
           Case{"{} | rate()", "unsupported: line 1, col "},
       }) {
    std::string verdict = verdict_line(c.line);
    EXPECT_THAT(verdict, StartsWith(c.verdict)) << c.line;
    EXPECT_EQ(verdict.find('\n'), std::string::npos) << c.line;
  }
}

}  // namespace
}  // namespace clew::cli
