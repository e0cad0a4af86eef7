#include "net/chunked.h"

#include <gtest/gtest.h>

namespace clew::net {
namespace {

// Feeds `text` in pieces; the body, or the error's message.
std::string decode(std::string_view text, size_t piece_bytes, size_t limit, size_t* used = nullptr) {
  ChunkedDecoder decoder(limit);
  std::string body;
  size_t at = 0;
  while (at < text.size() && !decoder.done()) {
    auto taken = decoder.decode(text.substr(at, piece_bytes), body);
    if (!taken) return std::string(name_of(taken.error().code)) + ": " + taken.error().message;
    at += *taken;
  }
  if (used) *used = at;
  return decoder.done() ? body : body + " (incomplete)";
}

TEST(Chunked, DecodesHoweverItIsCut) {
  struct Case {
    std::string_view text;
    const char* body;
  };
  for (const Case& c :
       {Case{"0\r\n\r\n", ""}, Case{"3\r\nabc\r\n0\r\n\r\n", "abc"},
        Case{"3;name=\"x\"\r\nabc\r\n00a \r\n0123456789\r\n0;last\r\nTrailer: x\r\nB: y\r\n\r\n", "abc0123456789"},
        Case{"1\r\n\r\r\n1\r\n\n\r\n0\r\n\r\n", "\r\n"}}) {
    for (size_t piece = 1; piece <= c.text.size(); ++piece) {
      size_t used = 0;
      EXPECT_EQ(decode(c.text, piece, 100, &used), c.body) << c.text << " by " << piece;
      EXPECT_EQ(used, c.text.size());
    }
    for (size_t cut = 0; cut < c.text.size(); ++cut) {
      EXPECT_TRUE(decode(c.text.substr(0, cut), 1, 100).ends_with("(incomplete)")) << c.text << " cut at " << cut;
    }
  }
}

TEST(Chunked, StopsAtTheEnd) {
  size_t used = 0;
  EXPECT_EQ(decode("1\r\na\r\n0\r\n\r\nGET / HTTP/1.1\r\n", 1000, 100, &used), "a");
  EXPECT_EQ(used, 11u);
}

TEST(Chunked, RefusesWhatIsMalformed) {
  for (std::string_view bad : {"\r\n", "x\r\n", "-1\r\n", "3\r\nabcd\r\n", "3\r\nabc\rx", "3\nabc\r\n", "3;x\n",
                               "3 \rx", "0\r\n\rx", "0\r\nA: b\rx", "ffffffffffffffff1\r\n", "0x3\r\n"}) {
    EXPECT_TRUE(decode(bad, 1, 100).starts_with("invalid argument")) << bad << " -> " << decode(bad, 1, 100);
  }
}

TEST(Chunked, RefusesTheChunkThatExceedsTheLimit) {
  EXPECT_EQ(decode("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 1, 5), "abcde");
  EXPECT_TRUE(decode("3\r\nabc\r\n3\r\n", 1, 5).starts_with("resource exhausted"));
  EXPECT_TRUE(decode("ffffffffffffff\r\n", 1, 5).starts_with("resource exhausted"));
}

TEST(Chunked, BoundsExtensionsAndTrailers) {
  std::string extension = "3;" + std::string(ChunkedDecoder::kMaxOverheadBytes, 'x');
  EXPECT_TRUE(decode(extension, 100, 100).starts_with("invalid argument"));
  std::string trailers = "0\r\n";
  while (trailers.size() <= ChunkedDecoder::kMaxOverheadBytes) trailers += "a: b\r\n";
  EXPECT_TRUE(decode(trailers, 100, 100).starts_with("invalid argument"));
}

}  // namespace
}  // namespace clew::net
