#include "base/json_text.h"

#include <gtest/gtest.h>

namespace clew {
namespace {

using std::string_view_literals::operator""sv;

TEST(JsonText, EscapesWhatJsonAndScriptsNeedEscaped) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", R"("")"},
      {"plain /path?q=1", R"("plain /path?q=1")"},
      {"say \"hi\" \\ back", R"("say \"hi\" \\ back")"},
      {"a\nb\rc\td", R"("a\nb\rc\td")"},
      {"\0\x01\x1f\x7f"sv, R"("\u0000\u0001\u001f\u007f")"},
      {"\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa", "\"\xe2\x80\xa7\\u2028\\u2029\xe2\x80\xaa\""},
      {"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80", "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\""},
      {"a\xff\"", "\"a\xef\xbf\xbd\\\"\""},
      {"\xe2\x80", "\"\xef\xbf\xbd\""},
  };
  for (const auto& [text, json] : cases) {
    std::string out = "before ";
    append_json_string(out, text);
    EXPECT_EQ(out, "before " + std::string(json));
  }
}

}  // namespace
}  // namespace clew
