#include "traceql/regex.h"

#include <gtest/gtest.h>

#include <algorithm>
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

// Of many texts at once: none that matches is denied; most that do not are.
TEST(Regex, ASearchOfManyTextsLosesNone) {
  struct Case {
    const char* pattern;
    bool can_search;
  };
  std::vector<std::string> texts = kTexts;
  for (int i = 0; i < 3000; ++i) texts.push_back("/api/v" + std::to_string(i % 7) + "/users/" + std::to_string(i));
  texts.push_back(std::string(200'000, 'x') + "abc");
  texts.insert(texts.end(), kTexts.begin(), kTexts.end());
  std::vector<std::string_view> views(texts.begin(), texts.end());
  for (const Case& c : {Case{"a.c", true},
                        {".*a.c.*", true},
                        {"a.*c", true},
                        {"(?i)ABC", true},
                        {".*[xyz]{2}.*", true},
                        {"/api/v[0-3]/users/[0-9]*7", true},
                        {".*users/12.*|abc", true},
                        {".*\\babc\\b.*", true},
                        {".*\\b.*", true},
                        {"[^/]+", true},
                        {"[]a]+", true},
                        {"[[:alpha:]^$]+", true},
                        {"x[$^]*abc.*", true},
                        {"ab\\.*c", true},
                        {"abc\\.*", true},
                        {".*?b.c", true},
                        {"[\\]a]b*", true},
                        {".+", true},
                        {"(a|\xc3\xa4).*", true},
                        {"a.*|b", true},
                        {"a*", false},
                        {".*|x", false},
                        {"^a.*", false},
                        {"a.*c$", false},
                        {"\\Aab+", false},
                        {"ab+\\z", false},
                        {"\\Qa.*\\E+", false},
                        {"a\\C", false},
                        {"[a]$b*", false}}) {
    auto regex = Regex::compile(c.pattern);
    ASSERT_TRUE(regex) << c.pattern;
    EXPECT_EQ((*regex)->can_search(), c.can_search) << c.pattern;
    RegexVerdicts verdicts;
    std::unique_ptr<bool[]> found(new bool[views.size()]);
    verdicts.judge(**regex, views, found.get());
    RE2::Options options;
    options.set_dot_nl(true);
    const RE2 oracle(c.pattern, options);
    for (size_t i = 0; i < views.size(); ++i) {
      ASSERT_EQ(found[i], RE2::FullMatch(texts[i], oracle)) << c.pattern << " on '" << texts[i].substr(0, 30) << "'";
    }
  }
}

TEST(RegexVerdicts, WhatASearchDeniesIsNotJudged) {
  std::vector<std::string> texts;
  for (int i = 0; i < 10'000; ++i) texts.push_back(std::to_string(i));
  std::vector<std::string_view> views(texts.begin(), texts.end());
  std::unique_ptr<bool[]> found(new bool[views.size()]);
  auto rare = Regex::compile(".*7[1-2]3");
  RegexVerdicts verdicts;
  verdicts.judge(**rare, views, found.get());
  EXPECT_EQ(std::count(found.get(), found.get() + views.size(), true), 20);
  EXPECT_LE(verdicts.judged(), 40U);
}

TEST(RegexVerdicts, JudgeEachTextOnce) {
  auto some = Regex::compile("^a[b-d]*");
  auto other = Regex::compile("[a-b]+$");
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
  auto regex = Regex::compile("[0-9]*7$");
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
