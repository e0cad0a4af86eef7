// What came in goes out equal, up to order and grouping: random requests, as trees, through every pair of encodings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/decode_twice_for_fuzz.h"
#include "wire/otlp.h"
#include "wire/otlp_tree_for_test.h"

namespace clew::wire {
namespace {

class RoundTrip : public testing::TestWithParam<uint32_t> {
 protected:
  // Through a table of its own.
  std::string protobuf_of(Status decoded, const SpanBatch& batch) {
    SpanTable table;
    return protobuf_of(decoded, batch, table);
  }
  std::string protobuf_of(const Status& decoded, const SpanBatch& batch, SpanTable& table) {
    EXPECT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(batch.rejected.spans, 0);
    append_batch(batch, table);
    std::string out;
    encode_otlp_protobuf(table, out);
    return out;
  }

  std::mt19937 random_{GetParam()};
  OtlpDecoder decoder_{Limits{}};
  SpanBatch batch_;
};

// Names only the first span that differs.
testing::AssertionResult same(const std::string& out, const std::vector<std::string>& expected) {
  auto got = canonical(tree::read_request(out));
  if (got == expected) return testing::AssertionSuccess();
  for (size_t i = 0; i < std::min(got.size(), expected.size()); ++i) {
    if (got[i] != expected[i]) return testing::AssertionFailure() << "got\n" << got[i] << "\nnot\n" << expected[i];
  }
  return testing::AssertionFailure() << got.size() << " spans, not " << expected.size();
}

TEST_P(RoundTrip, KeepsEverything) {
  // Several requests through one decoder: the memos of one must not colour the next.
  for (int i = 0; i < 8; ++i) {
    tree::Request request = tree::Generator{random_}.request();
    auto expected = canonical(request);

    std::string plain = tree::ProtobufWriter{}.request(request);
    ASSERT_EQ(canonical(tree::read_request(plain)), expected) << "the test's own writer and reader disagree";
    SpanTable table;
    std::string out = protobuf_of(decoder_.decode_protobuf(plain, 1, batch_), batch_, table);
    EXPECT_TRUE(same(out, expected));

    std::string shuffled = tree::ProtobufWriter{&random_}.request(request);
    out = protobuf_of(decoder_.decode_protobuf(shuffled, 1, batch_), batch_);
    EXPECT_TRUE(same(out, expected));

    std::string json;
    encode_otlp_json(table, JsonStyle::otlp, json);
    out = protobuf_of(decoder_.decode_json(json, 1, batch_), batch_);
    EXPECT_TRUE(same(out, expected));

    json = tree::JsonWriter{random_}.request(request);
    out = protobuf_of(decoder_.decode_json(json, 1, batch_), batch_);
    EXPECT_TRUE(same(out, expected));
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RoundTrip, testing::Range(0U, 60U));

}  // namespace
}  // namespace clew::wire
