#include "base/base64.h"

#include <gtest/gtest.h>

#include <optional>

namespace clew {
namespace {

std::string encoded(std::string_view bytes) {
  std::string out;
  append_base64(out, bytes);
  return out;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  return append_from_base64(out, text) ? std::optional(out) : std::nullopt;
}

TEST(Base64, BothWays) {
  struct Case {
    const char* bytes;
    const char* text;
  };
  for (const Case& c : {Case{"", ""}, Case{"f", "Zg=="}, Case{"fo", "Zm8="}, Case{"foo", "Zm9v"},
                        Case{"foob", "Zm9vYg=="}, Case{"\xff\xfe", "//4="}, Case{"\xfb\xef", "++8="}}) {
    EXPECT_EQ(encoded(c.bytes), c.text);
    EXPECT_EQ(decoded(c.text), c.bytes);
  }
}

TEST(Base64, ReadsWithoutPaddingAndForUrls) {
  EXPECT_EQ(decoded("Zg"), "f");
  EXPECT_EQ(decoded("Zm8"), "fo");
  EXPECT_EQ(decoded("--8"), "\xfb\xef");
  EXPECT_EQ(decoded("__4="), "\xff\xfe");
}

TEST(Base64, RefusesWhatIsNot) {
  for (const char* text : {"Z", "Zg=", "Zm9v=", "Zg===", "=", "Z g=", "Zg==Zg==", "Zm9v\n", "Zm\xc3"}) {
    EXPECT_EQ(decoded(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace clew
