// Texts: UTF-8, JSON, base64, stacks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>

#include "json_text.h"
#include "stack_text.h"
#include "unique_keys.h"
#include "utf8.h"

namespace clew {
namespace detail {
namespace {

using testing::HasSubstr;

TEST(Utf8, RepairsByteByByte) {
  const std::string fffd = "\xef\xbf\xbd";
  const std::pair<std::string, std::string> cases[] = {
      {"", ""},
      {"plain ascii of more than eight bytes", "plain ascii of more than eight bytes"},
      {"grüße, 世界 🙂", "grüße, 世界 🙂"},
      {"\x80", fffd},
      {"a\xffz", "a" + fffd + "z"},
      {"\xc3", fffd},
      {"\xe4\xb8", fffd + fffd},
      {"\xc0\x80", fffd + fffd},
      {"\xe0\x80\x80", fffd + fffd + fffd},
      {"\xed\xa0\x80", fffd + fffd + fffd},
      {"\xf0\x8f\xbf\xbf", fffd + fffd + fffd + fffd},
      {"\xf4\x90\x80\x80", fffd + fffd + fffd + fffd},
      {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
      {"12345678\xff"
       "ü2345678\xfe",
       "12345678" + fffd + "ü2345678" + fffd},
  };
  for (const auto& [text, expected] : cases) {
    Arena arena;
    EXPECT_EQ(repaired_utf8(text, arena), expected);
  }
}

TEST(Utf8, WhatIsRepairedIsValidAndStaysAsItIs) {
  std::minstd_rand random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (size_t i = random() % 30; i > 0; --i) text += char(random() % 3 == 0 ? random() : 'a' + random() % 26);
    Arena arena;
    const std::string once(repaired_utf8(text, arena));
    const std::string_view again = repaired_utf8(once, arena);
    EXPECT_EQ(again.data(), once.data());
    EXPECT_EQ(again, once);
  }
}

TEST(Utf8, CutsBetweenCharacters) {
  EXPECT_EQ(first_characters("grüße", 3), "grü");
  EXPECT_EQ(first_characters("grüße", 5), "grüße");
  EXPECT_EQ(first_characters("🙂🙂", 1), "🙂");
  EXPECT_EQ(first_characters("abc", 0), "");
}

TEST(JsonText, Values) {
  const KeyValue pairs[] = {{"a\"b", 1}, {"n", Value()}};
  const Value items[] = {"x", 2.5, false};
  struct Case {
    Value value;
    std::string plain, any;
  };
  const Case cases[] = {
      {"q\"\\\n\r\t\x01", R"("q\"\\\n\r\t\u0001")", R"({"stringValue":"q\"\\\n\r\t\u0001"})"},
      {-5, "-5", R"({"intValue":"-5"})"},
      {0.1, "0.1", R"({"doubleValue":0.1})"},
      {1e300, "1e+300", R"({"doubleValue":1e+300})"},
      {NAN, "\"NaN\"", R"({"doubleValue":"NaN"})"},
      {-INFINITY, "\"-Infinity\"", R"({"doubleValue":"-Infinity"})"},
      {true, "true", R"({"boolValue":true})"},
      {Value(), "null", "{}"},
      {Bytes{"f", 1}, "\"Zg==\"", R"({"bytesValue":"Zg=="})"},
      {Bytes{"fo", 2}, "\"Zm8=\"", R"({"bytesValue":"Zm8="})"},
      {Bytes{"foo\xff", 4}, "\"Zm9v/w==\"", R"({"bytesValue":"Zm9v/w=="})"},
      {List<const Value>{items, 3}, R"(["x",2.5,false])",
       R"({"arrayValue":{"values":[{"stringValue":"x"},{"doubleValue":2.5},{"boolValue":false}]}})"},
      {List<const KeyValue>{pairs, 2}, R"({"a\"b":1,"n":null})",
       R"({"kvlistValue":{"values":[{"key":"a\"b","value":{"intValue":"1"}},{"key":"n","value":{}}]}})"},
  };
  for (const Case& c : cases) {
    std::string plain, any;
    append_plain(plain, c.value);
    append_any_value(any, c.value);
    EXPECT_EQ(plain, c.plain);
    EXPECT_EQ(any, c.any);
  }
}

TEST(StackText, NamesTypesAndCauses) {
  Arena arena;
  EXPECT_EQ(demangled("St13runtime_error", arena), "std::runtime_error");
  EXPECT_EQ(demangled("not mangled", arena), "not mangled");
  const uintptr_t addresses[] = {reinterpret_cast<uintptr_t>(&std::fopen) + 5, 1};
  const std::string text(stack_text(reinterpret_cast<const char*>(addresses), 2,
                                    "Caused by: St13runtime_error: why: so\nCaused by: something\n", arena));
  EXPECT_THAT(text, HasSubstr("#0 fopen"));
  EXPECT_THAT(text, HasSubstr("#1 0x1\n"));
  EXPECT_THAT(text, HasSubstr("\nCaused by: std::runtime_error: why: so\nCaused by: something\n"));
}

TEST(UniqueKeys, AgreeWithALinearSearch) {
  std::minstd_rand random(3);
  for (const size_t kinds : {5u, 15u, 16u, 17u, 200u}) {
    Arena arena;
    std::vector<std::string> names;
    for (size_t i = 0; i < kinds; ++i) names.push_back("key" + std::to_string(i));
    KeyValue* const pairs = arena.array<KeyValue>(kinds + 1);
    UniqueKeys keys(pairs, kinds, arena);
    std::vector<std::string> expected;
    for (int i = 0; i < 1000; ++i) {
      const std::string& name = names[random() % kinds];
      bool is_new;
      KeyValue* const pair = keys.find(name, is_new);
      ASSERT_EQ(is_new, std::find(expected.begin(), expected.end(), name) == expected.end());
      if (is_new) {
        keys.added(name);
        expected.push_back(name);
      }
      ASSERT_EQ(pair->key, name);
    }
    ASSERT_EQ(keys.count(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) ASSERT_EQ(pairs[i].key, expected[i]);
  }
}

}  // namespace
}  // namespace detail
}  // namespace clew
