#include "traceql/regex.h"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "traceql/regex_verdicts.h"

namespace clew::traceql {
namespace {

const std::vector<std::string> kTexts = {"",      "a",     "b",    "ab",       "abc",        "xabc", "abcx",
                                         "xabcx", "a.c",   "a\nb", "\na.cb",   "\\",         "a+",   ".*",
                                         "aab",   "ab.*c", "ABC",  "\xc3\xa4", "x\xc3\xa4y", "a|b",  "cba"};

// What RE2 says, asked in a way in which no pattern is plain.
bool full_match(const std::string& text, const std::string& pattern) {
  RE2::Options options;
  options.set_dot_nl(true);
  return RE2::FullMatch(text, RE2(pattern, options));
}

TEST(Regex, PlainOnesAgreeWithRe2) {
  struct Case {
    const char* pattern;
    bool is_plain;
  };
  for (const Case& c :
       {Case{"", true},     {".*", true},      {".*.*", true},        {"abc", true},          {".*abc", true},
        {"abc.*", true},    {".*abc.*", true}, {".*.*abc.*.*", true}, {"a\\.c", true},        {".*a\\.c.*", true},
        {"\\\\", true},     {"a\\+", true},    {"\\.\\*", true},      {".*\xc3\xa4.*", true}, {"a\\|b", true},
        {"a.c", false},     {"a+", false},     {".*?", false},        {".*a*", false},        {"a.*c", false},
        {"(?i)abc", false}, {"^abc$", false},  {"a|b", false},        {"ab?", false},         {"\\x61", false},
        {"[a]", false},     {"abc.*?", false}, {".+", false},         {"a{2}b", false},       {"\\d", false},
        {"abc\\.*", false}}) {
    auto regex = Regex::compile(c.pattern);
    ASSERT_TRUE(regex) << c.pattern;
    EXPECT_EQ((*regex)->is_plain(), c.is_plain) << c.pattern;
    for (const std::string& text : kTexts) {
      EXPECT_EQ((*regex)->matches(text), full_match(text, c.pattern)) << c.pattern << " on '" << text << "'";
    }
  }
}

TEST(RegexVerdicts, JudgeEachTextOnce) {
  auto some = Regex::compile("a[b-d]*");
  auto other = Regex::compile("[a-b]+");
  RegexVerdicts verdicts;
  for (int round = 0; round < 3; ++round) {
    for (const Regex* regex : {some->get(), other->get()}) {
      // Other places, the same texts.
      static std::deque<std::vector<std::string>> copies;
      const auto& texts = copies.emplace_back(kTexts);
      std::vector<std::string_view> views(texts.begin(), texts.end());
      std::unique_ptr<bool[]> found(new bool[views.size()]);
      verdicts.judge(*regex, views, found.get());
      for (size_t i = 0; i < views.size(); ++i) EXPECT_EQ(found[i], regex->matches(views[i])) << views[i];
    }
    EXPECT_EQ(verdicts.judged(), 2 * kTexts.size());
  }
}

TEST(RegexVerdicts, JudgeBeyondTheirLimitEachTime) {
  auto regex = Regex::compile("[0-9]*7");
  RegexVerdicts verdicts;
  constexpr size_t kMore = 10;
  std::vector<std::string> texts;
  for (size_t i = 0; i < RegexVerdicts::kMaxTexts + kMore; ++i) texts.push_back(std::to_string(i));
  std::vector<std::string_view> views(texts.begin(), texts.end());
  std::unique_ptr<bool[]> found(new bool[views.size()]);
  for (int round = 0; round < 2; ++round) {
    verdicts.judge(**regex, views, found.get());
    for (size_t i = 0; i < views.size(); ++i) ASSERT_EQ(found[i], views[i].ends_with('7')) << views[i];
  }
  EXPECT_EQ(verdicts.judged(), views.size() + kMore);
}

}  // namespace
}  // namespace clew::traceql
