#include "base/utf8.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace clew {
namespace {

#define FFFD "\xef\xbf\xbd"

std::string encode(uint32_t c) {
  std::string out;
  auto add = [&](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    add(c);
  } else if (c < 0x800) {
    add(0xc0 | c >> 6);
    add(0x80 | (c & 63));
  } else if (c < 0x10000) {
    add(0xe0 | c >> 12);
    add(0x80 | (c >> 6 & 63));
    add(0x80 | (c & 63));
  } else {
    add(0xf0 | c >> 18);
    add(0x80 | (c >> 12 & 63));
    add(0x80 | (c >> 6 & 63));
    add(0x80 | (c & 63));
  }
  return out;
}

TEST(Utf8, EveryScalarValueIsGoodAndEverySurrogateBad) {
  for (uint32_t c = 0; c < 0x120000; ++c) {
    bool scalar = c < 0x110000 && (c < 0xd800 || c > 0xdfff);
    std::string text = encode(c);
    ASSERT_EQ(is_utf8(text), scalar) << std::hex << c;
    if (scalar) {
      ASSERT_EQ(replace_invalid_utf8(text), text) << std::hex << c;
    }
  }
}

TEST(Utf8, OneByteMattersWhereverItStands) {
  for (size_t length = 1; length < 40; ++length) {
    for (size_t at = 0; at < length; ++at) {
      std::string text(length, 'a');
      EXPECT_TRUE(is_utf8(text));
      text[at] = '\x80';
      EXPECT_FALSE(is_utf8(text)) << length << " " << at;
      text.replace(at, 1, "\xc3\xa9");
      EXPECT_TRUE(is_utf8(text)) << length << " " << at;
    }
  }
}

// Unicode 15, section 3.9, "U+FFFD substitution of maximal subparts": its tables 3-8 to 3-11 and their neighbours.
TEST(Utf8, EachMaximalIllFormedPartBecomesOneReplacement) {
  struct Case {
    const char* what;
    std::string_view bytes;
    std::string_view repaired;
  };
  const Case cases[] = {
      {"continuation alone", "\x80", FFFD},
      {"overlong two bytes", "\xc0\xaf", FFFD FFFD},
      {"overlong 7f", "\xc1\xbf", FFFD FFFD},
      {"overlong three bytes", "\xe0\x80\xbf", FFFD FFFD FFFD},
      {"overlong four bytes", "\xf0\x81\x82\x41", FFFD FFFD FFFD "A"},
      {"surrogates", "\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41", FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A"},
      {"above 10ffff", "\xf4\x91\x92\x93\xff\x41\x80\xbf\x42", FFFD FFFD FFFD FFFD FFFD "A" FFFD FFFD "B"},
      {"truncated", "\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", FFFD FFFD FFFD FFFD "A"},
      {"five-byte lead", "\xf8\x88\x80\x80\x80", FFFD FFFD FFFD FFFD FFFD},
      {"cut two", "\xc3", FFFD},
      {"cut three", "x\xe2\x82", "x" FFFD},
      {"cut four", "x\xf0\x9f\x92", "x" FFFD},
      {"lead after lead", "\xc3\xc3\xa9", FFFD "\xc3\xa9"},
      {"in the middle", "a\xff\xf0\x9f\x98\x80z", "a" FFFD "\xf0\x9f\x98\x80z"},
  };
  for (const Case& c : cases) {
    // Behind texts of every length up to 17, so that each stands at every place of the eight-byte words.
    for (size_t before = 0; before < 18; ++before) {
      std::string ascii(before, 'a');
      EXPECT_FALSE(is_utf8(ascii + std::string(c.bytes))) << c.what;
      EXPECT_FALSE(is_utf8(ascii + std::string(c.bytes) + ascii)) << c.what;
      EXPECT_EQ(replace_invalid_utf8(ascii + std::string(c.bytes)), ascii + std::string(c.repaired)) << c.what;
      EXPECT_TRUE(is_utf8(replace_invalid_utf8(std::string(c.bytes) + ascii))) << c.what;
    }
  }
}

TEST(Utf8, EmptyAndLongTexts) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8({}));
  EXPECT_EQ(replace_invalid_utf8(""), "");
  std::string text(100'000, 'x');
  EXPECT_TRUE(is_utf8(text));
  text.back() = '\xc3';
  EXPECT_FALSE(is_utf8(text));
}

}  // namespace
}  // namespace clew
