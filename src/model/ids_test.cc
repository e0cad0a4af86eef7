#include "model/ids.h"

#include <absl/hash/hash_testing.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <vector>

namespace clew {
namespace {

using testing::HasSubstr;

TEST(Ids, ParsedAsTheQueryApisTakeThem) {
  struct Case {
    std::string_view text;
    std::string_view hex;
  };
  const Case traces[] = {
      {"0", "00000000000000000000000000000000"},
      {"1", "00000000000000000000000000000001"},
      {"abc", "00000000000000000000000000000abc"},
      {"AbCdEf0123456789", "0000000000000000abcdef0123456789"},
      {"1abcdef0123456789", "0000000000000001abcdef0123456789"},
      {"0af7651916cd43dd8448eb211c80319c", "0af7651916cd43dd8448eb211c80319c"},
      {"ffffffffffffffffffffffffffffffff", "ffffffffffffffffffffffffffffffff"},
  };
  for (const Case& c : traces) {
    ASSERT_TRUE(TraceId::parse(c.text)) << c.text;
    EXPECT_EQ(TraceId::parse(c.text)->hex(), c.hex);
  }
  EXPECT_TRUE(TraceId::parse("000")->is_zero());
  EXPECT_FALSE(TraceId::parse("10000000000000000")->is_zero());
  EXPECT_EQ(SpanId::parse("b7AD6b7169203331")->hex(), "b7ad6b7169203331");
  EXPECT_EQ(SpanId::parse("7")->hex(), "0000000000000007");
  EXPECT_TRUE(SpanId::parse("0")->is_zero());
}

TEST(Ids, WhatIsNotAnIdIsRefusedWithTheReason) {
  struct Case {
    std::string text;
    std::string reason;
  };
  const Case cases[] = {
      {"", "is empty"},
      {std::string(33, 'a'), "has 33 digits; at most 32"},
      {"xyz", "can only contain hex characters"},
      {"0x12", "can only contain hex characters"},
      {"12 ", "can only contain hex characters"},
      {std::string("1\0", 2), "can only contain hex characters"},
      {"-1", "can only contain hex characters"},
  };
  for (const Case& c : cases) {
    Result<TraceId> id = TraceId::parse(c.text);
    ASSERT_FALSE(id) << c.text;
    EXPECT_EQ(id.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(id.error().message, HasSubstr("trace ID " + c.reason));
    EXPECT_FALSE(SpanId::parse(c.text)) << c.text;
  }
  EXPECT_THAT(SpanId::parse(std::string(17, 'a')).error().message, HasSubstr("span ID has 17 digits; at most 16"));
}

TEST(Ids, BytesAreInNetworkOrder) {
  const std::string bytes = "\x0a\xf7\x65\x19\x16\xcd\x43\xdd\x84\x48\xeb\x21\x1c\x80\x31\x9c";
  TraceId id = TraceId::from_bytes(bytes.data());
  EXPECT_EQ(id.hex(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(id.bytes(), bytes);
  SpanId span = SpanId::from_bytes(bytes.data());
  EXPECT_EQ(span.hex(), "0af7651916cd43dd");
  EXPECT_EQ(span.bytes(), bytes.substr(0, 8));
}

TEST(Ids, TheirOrderIsThatOfTheirTextAndTheyComeBack) {
  std::mt19937_64 random(5);
  std::vector<TraceId> ids;
  for (int i = 0; i < 2000; ++i) {
    ids.push_back({random() >> (random() % 64), random()});
    ids.push_back({ids.back().hi, random()});
  }
  std::sort(ids.begin(), ids.end());
  for (size_t i = 0; i < ids.size(); ++i) {
    ASSERT_EQ(TraceId::parse(ids[i].hex()).value(), ids[i]);
    ASSERT_EQ(TraceId::from_bytes(ids[i].bytes().data()), ids[i]);
    if (i > 0) {
      ASSERT_LE(ids[i - 1].hex(), ids[i].hex());
    }
  }
  EXPECT_LT(SpanId{1}, SpanId{~uint64_t{0}});
}

TEST(Ids, HashesAreFixedForEver) {
  EXPECT_EQ(TraceId{}.hash(), 0xe220a8397b1dcdafULL);
  EXPECT_EQ((TraceId{1, 2}.hash()), 0xd04ba4a2b36a25f3ULL);
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly({TraceId{}, TraceId{1, 0}, TraceId{0, 1}, TraceId{1, 1}}));
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly({SpanId{}, SpanId{1}, SpanId{~uint64_t{0}}}));
}

}  // namespace
}  // namespace clew
