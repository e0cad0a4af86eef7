#include "receive/decoders.h"

#include <gtest/gtest.h>

#include "base/counters.h"
#include "receive/receive_fixture.h"

namespace clew::receive {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

class DecodersTest : public testing::Test {
 protected:
  void decode(net::Connection& connection, std::string_view tenant, const std::string& request) {
    registry_->of(connection).use(tenant, [&](wire::OtlpDecoder& decoder, SpanBatch& batch) {
      ASSERT_TRUE(decoder.decode_protobuf(request, 1, batch));
      last_ = &decoder.vocabulary();
    });
  }
  static int64_t dropped(const char* reason) {
    return counter("clew_receive_decoders_dropped_total", "", {{"reason", reason}}).value();
  }
  void make(DecoderLimits limits = {}) { registry_.emplace(sink_, clock_, Limits{}, limits); }

  FakeSink sink_;
  env::ManualClock clock_;
  std::optional<DecoderRegistry> registry_;
  const Vocabulary* last_ = nullptr;
};

TEST_F(DecodersTest, AConnectionKeepsItsVocabularyPerTenant) {
  make();
  net::Connection a, b;
  decode(a, "one", export_request());
  const Vocabulary* first = last_;
  decode(a, "one", export_request());
  EXPECT_EQ(last_, first);
  decode(a, "two", export_request());
  EXPECT_NE(last_, first);
  decode(b, "one", export_request());
  EXPECT_NE(last_, first);
  EXPECT_TRUE(sink_.forgotten.empty());
}

TEST_F(DecodersTest, TheSinkForgetsBeforeAConnectionEnds) {
  make();
  auto connection = std::make_unique<net::Connection>();
  decode(*connection, "one", export_request());
  decode(*connection, "two", export_request());
  EXPECT_GT(registry_->allocated_bytes(), 0U);
  connection.reset();
  EXPECT_EQ(sink_.forgotten.size(), 2U);
  EXPECT_EQ(registry_->allocated_bytes(), 0U);
}

TEST_F(DecodersTest, IdleOnesGo) {
  make();
  net::Connection a, b;
  decode(a, "one", export_request());
  const Vocabulary* idle = last_;
  clock_.advance_ns(6 * kSecond);
  decode(b, "one", export_request());
  clock_.advance_ns(5 * kSecond);
  int64_t before = dropped("idle");
  registry_->drop_idle();
  EXPECT_EQ(sink_.forgotten, std::vector<const Vocabulary*>{idle});
  EXPECT_EQ(dropped("idle"), before + 1);
  decode(a, "one", export_request());
}

TEST_F(DecodersTest, OneThatHasGrownTooBigGoes) {
  DecoderLimits limits;
  limits.decoder_bytes = size_t{4} << 20;
  make(limits);
  net::Connection connection;
  int64_t before = dropped("decoder_bytes");
  for (int i = 0; i < 100 && sink_.forgotten.empty(); ++i) {
    decode(connection, "one", export_request({"0123456789abcdef"}, std::string(60'000, 'a') + std::to_string(i)));
  }
  EXPECT_EQ(sink_.forgotten.size(), 1U);
  EXPECT_EQ(dropped("decoder_bytes"), before + 1);
  EXPECT_EQ(registry_->allocated_bytes(), 0U);
}

TEST_F(DecodersTest, AllTogetherHaveALimit) {
  DecoderLimits limits;
  limits.all_decoders_bytes = 1;
  make(limits);
  net::Connection a, b;
  int64_t before = dropped("all_decoders_bytes");
  decode(a, "one", export_request());
  decode(b, "one", export_request());
  EXPECT_EQ(sink_.forgotten.size(), 2U);
  EXPECT_EQ(dropped("all_decoders_bytes"), before + 2);
}

TEST_F(DecodersTest, TheTenantUsedLongestAgoMakesRoom) {
  DecoderLimits limits;
  limits.tenants_per_connection = 2;
  make(limits);
  net::Connection connection;
  std::vector<const Vocabulary*> vocabularies;
  for (const char* tenant : {"one", "two", "one", "three"}) {
    clock_.advance_ns(1);
    decode(connection, tenant, export_request());
    vocabularies.push_back(last_);
  }
  EXPECT_EQ(sink_.forgotten, std::vector<const Vocabulary*>{vocabularies[1]});
}

TEST_F(DecodersTest, RoomForABigBatchIsNotKept) {
  DecoderLimits limits;
  limits.batch_bytes = 1000;
  make(limits);
  net::Connection connection;
  decode(connection, "one", export_request(std::vector<std::string>(100, "0123456789abcdef")));
  registry_->of(connection).use("one", [](wire::OtlpDecoder&, SpanBatch& batch) {
    EXPECT_EQ(batch.rows.capacity(), 0U);
    EXPECT_EQ(batch.words.capacity(), 0U);
  });
}

}  // namespace
}  // namespace clew::receive
