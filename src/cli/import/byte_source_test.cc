#include "cli/import/byte_source.h"

#include <gtest/gtest.h>

#include "net/content_encoding.h"

namespace clew::cli {
namespace {

std::string long_text() {
  std::string out;
  for (int i = 0; i < 200'000; ++i) out += std::to_string(i * 7919) + "\n";
  return out;
}

Result<std::string> read_all(std::string bytes, size_t piece) {
  ASSIGN_OR_RETURN(auto source, decompressed(bytes_of(std::move(bytes))));
  std::string out;
  while (true) {
    size_t before = out.size();
    TRY(source->read(piece, out));
    if (out.size() == before) return out;
  }
}

class Compression : public testing::TestWithParam<const char*> {
 protected:
  std::string packed(std::string_view text) { return net::encode_body(GetParam(), text); }
};
INSTANTIATE_TEST_SUITE_P(Of, Compression, testing::Values("", "gzip", "zstd"),
                         [](const auto& encoding) { return *encoding.param == 0 ? "plain" : encoding.param; });

TEST_P(Compression, IsRecognisedByContent) {
  std::string text = long_text();
  for (size_t piece : {size_t{1000}, size_t{1} << 20}) {
    auto read = read_all(packed(text), piece);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_TRUE(*read == text);
  }
}

TEST_P(Compression, MayComeInSeveralMembers) {
  auto read = read_all(packed("one\n") + packed("two\n") + packed("three\n"), 4096);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, "one\ntwo\nthree\n");
}

TEST_P(Compression, SaysWhereDataEndsTooEarlyOrIsDamaged) {
  if (*GetParam() == 0) return;
  std::string whole = packed(long_text());
  for (size_t cut : {whole.size() - 1, whole.size() / 2, size_t{5}}) {
    auto read = read_all(whole.substr(0, cut), 4096);
    ASSERT_FALSE(read) << cut;
    EXPECT_EQ(read.error().code, ErrorCode::corruption) << cut;
  }
  // The frames that encode_body() makes with zstd carry no checksum: a flipped bit of content stays unseen there.
  std::string damaged = whole;
  damaged[whole.size() / 2] ^= 0x55;
  if (GetParam() == std::string_view("gzip")) {
    EXPECT_FALSE(read_all(damaged, 4096));
  }
  EXPECT_FALSE(read_all(whole + "garbage", 4096));
}

// A pipe that gives a byte at a time.
class Dripping final : public ByteSource {
 public:
  explicit Dripping(std::string bytes) : bytes_(std::move(bytes)) {}
  Status read(size_t, std::string& out) override {
    out += bytes_.substr(at_, 1);
    at_ = std::min(at_ + 1, bytes_.size());
    return {};
  }

 private:
  const std::string bytes_;
  size_t at_ = 0;
};

TEST_P(Compression, MayComeInPieces) {
  std::string bytes = packed("one\n");
  if (GetParam() == std::string_view("gzip")) {
    constexpr size_t kFlags = 3;
    constexpr size_t kHeaderBytes = 10;
    constexpr char kHasNameAndComment = 0x18;
    bytes[kFlags] = kHasNameAndComment;
    bytes.insert(kHeaderBytes, std::string("spans.jsonl\0by hand\0", 20));
  }
  auto source = decompressed(std::make_unique<Dripping>(bytes));
  ASSERT_TRUE(source) << source.error().message;
  ByteWindow window(std::move(*source));
  ASSERT_TRUE(window.fill(100));
  EXPECT_EQ(window.view(), "one\n");
}

TEST(ByteSource, EmptyIsEmpty) {
  EXPECT_EQ(*read_all("", 100), "");
  EXPECT_EQ(*read_all("x", 100), "x");
  EXPECT_EQ(open_bytes("/nonexistent/file").error().code, ErrorCode::not_found);
}

TEST(ByteWindow, ShowsWhatComesNext) {
  ByteWindow window(bytes_of("abcdef"));
  ASSERT_TRUE(window.fill(3));
  EXPECT_GE(window.view().size(), 3U);
  window.consume(2);
  EXPECT_EQ(window.view(), "cdef");
  ASSERT_TRUE(window.fill(100));
  EXPECT_EQ(window.view(), "cdef");
  EXPECT_TRUE(window.at_end());
}

}  // namespace
}  // namespace clew::cli
