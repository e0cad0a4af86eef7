#include "net/content_encoding.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "net/inflate.h"

namespace clew::net {
namespace {

constexpr const char* kText = "clew clew clew, the thread that led Theseus out";
// The text as Python's zlib and gzip modules write it: foreign encoders, not our own.
constexpr const char* kZlib =
    "789c4bce492d574886113a0a2519a9405c949a9802a4124b14725253144232528b534b8b15f24b4b00945d1106";
constexpr const char* kRaw = "4bce492d574886113a0a2519a9405c949a9802a4124b14725253144232528b534b8b15f24b4b00";
constexpr const char* kGzipWithName =
    "1f8b08080100000002ff61206e616d652e747874004bce492d574886113a0a2519a9405c949a9802a4124b14725253144232528b534b8b15f2"
    "4b"
    "4b00c3d4af342f000000";
constexpr const char* kZlibWithDictionary =
    "78f9112203774b8631c0848e4249462a1017a526a600a9c412859cd41485908cd4e2d4d26285fcd21200945d1106";

std::string unhex(std::string_view digits) {
  std::string out;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    out.push_back(static_cast<char>(hex_digit(digits[i]) * 16 + hex_digit(digits[i + 1])));
  }
  return out;
}

// Neither random nor trivial: compresses to about a third.
std::string sample(size_t size) {
  std::string out;
  uint64_t state = 1;
  while (out.size() < size) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    out += "span-" + std::to_string(state >> 50) + (state >> 63 ? " GET /cart " : " POST /checkout ");
  }
  out.resize(size);
  return out;
}

std::string outcome(std::string_view encoding, std::string body, size_t limit) {
  auto decoded = decode_body(encoding, std::move(body), limit);
  return decoded ? *decoded : std::string(name_of(decoded.error().code));
}

TEST(DecodeBody, ReadsWhatOthersWrite) {
  struct Case {
    const char* encoding;
    std::string body;
    std::string expected;
  };
  std::string member = unhex(kGzipWithName);
  for (const Case& c :
       {Case{"gzip", member, kText}, Case{"x-gzip", member, kText}, Case{"GZip", member, kText},
        Case{"gzip", member + member, std::string(kText) + kText},
        Case{"gzip", member + gzip("") + member, std::string(kText) + kText}, Case{"deflate", unhex(kZlib), kText},
        Case{"deflate", unhex(kRaw), kText}, Case{"zstd", zstd(kText), kText},
        Case{"zstd", zstd(kText) + zstd("") + zstd("."), std::string(kText) + "."}, Case{"", kText, kText},
        Case{"identity", kText, kText}, Case{" , ", kText, kText}, Case{"gzip, zstd", zstd(member), kText},
        Case{"deflate,identity ,gzip", gzip(unhex(kZlib)), kText},
        Case{"gzip, gzip, gzip, gzip", gzip(gzip(gzip(gzip(kText)))), kText}}) {
    EXPECT_EQ(outcome(c.encoding, c.body, 1000), c.expected) << c.encoding;
  }
}

TEST(DecodeBody, RefusesWhatItCannotRead) {
  struct Case {
    const char* encoding;
    std::string body;
    const char* code;
  };
  std::string member = unhex(kGzipWithName);
  std::string wrong_sum = member;
  wrong_sum[wrong_sum.size() - 6] ^= 1;
  std::string wrong_adler = unhex(kZlib);
  wrong_adler.back() ^= 1;
  std::string wrong_zstd = zstd(sample(1000));
  wrong_zstd[20] ^= 0x55;
  for (const Case& c :
       {Case{"br", kText, "unimplemented"}, Case{"gzip, br", gzip(kText), "unimplemented"},
        Case{"gzip,gzip,gzip,gzip,gzip", kText, "unimplemented"}, Case{"gzip", kText, "invalid argument"},
        Case{"gzip", "", "invalid argument"}, Case{"deflate", "", "invalid argument"},
        Case{"zstd", "", "invalid argument"}, Case{"zstd", kText, "invalid argument"},
        Case{"gzip", member + "trailing garbage", "invalid argument"},
        Case{"deflate", unhex(kZlib) + "x", "invalid argument"}, Case{"deflate", unhex(kRaw) + "x", "invalid argument"},
        Case{"deflate", unhex(kZlibWithDictionary), "invalid argument"},
        Case{"zstd", zstd(kText) + "x", "invalid argument"}, Case{"gzip", wrong_sum, "invalid argument"},
        Case{"deflate", wrong_adler, "invalid argument"}, Case{"zstd", wrong_zstd, "invalid argument"}}) {
    EXPECT_EQ(outcome(c.encoding, c.body, 100000), c.code) << c.encoding << " " << c.body.size();
  }
}

TEST(DecodeBody, RefusesEveryTruncation) {
  std::string text = sample(3000);
  for (const auto& [encoding, whole] : {std::pair<const char*, std::string>{"gzip", gzip(text)},
                                        {"zstd", zstd(text)},
                                        {"deflate", unhex(kZlib)},
                                        {"deflate", unhex(kRaw)},
                                        {"gzip", unhex(kGzipWithName)}}) {
    for (size_t cut = 0; cut < whole.size(); ++cut) {
      EXPECT_EQ(outcome(encoding, whole.substr(0, cut), 100000), "invalid argument") << encoding << " cut at " << cut;
    }
  }
}

TEST(DecodeBody, HoldsTheLimitToTheByte) {
  for (size_t size : {size_t{1}, size_t{1000}, size_t{64} << 10, (size_t{64} << 10) + 1, size_t{3} << 20}) {
    std::string text = sample(size);
    for (const char* encoding : {"gzip", "zstd"}) {
      std::string body = encode_body(encoding, text);
      size_t at_least = std::max(size, body.size());  // a tiny text is longer when compressed
      EXPECT_EQ(outcome(encoding, body, at_least), text) << encoding << " " << size;
      if (body.size() >= size) continue;
      EXPECT_EQ(outcome(encoding, body, size - 1), "resource exhausted") << encoding << " " << size;
    }
    EXPECT_EQ(outcome("", text, size), text);
    EXPECT_EQ(outcome("identity", text, size - 1), "resource exhausted");
  }
  EXPECT_EQ(outcome("gzip", gzip(""), 1000), "");
}

TEST(DecodeBody, StopsBombs) {
  std::string zeros(size_t{32} << 20, '\0');
  for (const char* encoding : {"gzip", "zstd"}) {
    std::string bomb = encode_body(encoding, zeros);
    EXPECT_EQ(outcome(encoding, bomb, size_t{1} << 20), "resource exhausted") << encoding;
    std::string chained = std::string(encoding) + ", gzip";
    EXPECT_EQ(outcome(chained, gzip(bomb), size_t{4} << 20), "resource exhausted") << encoding;
  }
  // A frame of a few bytes that announces 2^60 bytes of content.
  std::string liar = unhex("28b52ffde00000000000000010010000");
  EXPECT_EQ(outcome("zstd", liar, 1000), "resource exhausted");
  // Window of 2^41 bytes, no content size: more than windowLogMax.
  EXPECT_EQ(outcome("zstd", unhex("28b52ffd00f8010000"), 1000), "invalid argument");
}

TEST(EncodeBody, IsReadBack) {
  for (size_t size : {size_t{0}, size_t{1}, size_t{5000}, size_t{2} << 20}) {
    std::string text = sample(size);
    for (const char* encoding : {"gzip", "zstd", ""}) {
      std::string body = encode_body(encoding, text);
      EXPECT_TRUE(size < 5000 || *encoding == 0 || body.size() < size / 2) << encoding;
      EXPECT_EQ(outcome(encoding, body, std::max<size_t>(size, 1000)), text) << encoding << " " << size;
    }
  }
}

}  // namespace
}  // namespace clew::net
