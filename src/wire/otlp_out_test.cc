// What the round trip cannot see of the encoders: the styles of JSON, the answers, rows that are damaged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "column/span_builder.h"
#include "wire/decode_twice_for_fuzz.h"
#include "wire/otlp.h"
#include "wire/otlp_tree_for_test.h"

namespace clew::wire {
namespace {

using testing::SizeIs;

// A span with one of everything that the styles write differently.
void fill(SpanTable& table) {
  Vocabulary vocabulary;
  SpanBatch batch;
  batch.vocabulary = &vocabulary;
  const AttributeView service[] = {{"service.name", ValueView::of_string("shop")}};
  SpanBuilder span(batch);
  span.row().trace = {0x0123456789abcdef, 0xfedcba9876543210};
  span.row().span = 0x0102030405060708;
  span.row().parent = 0x1112131415161718;
  span.row().start_ns = 1'700'000'000'000'000'001;
  span.row().end_ns = 1'700'000'000'000'000'002;
  span.row().kind = SpanKind::server;
  span.row().status = StatusCode::error;
  span.row().resource = add_resource(vocabulary, service);
  span.row().scope = add_scope(vocabulary, "", "");
  span.name("GET \"/\"");
  span.envelope().flags = 257;
  span.attribute("i", ValueView::of_int(-1));
  span.attribute("d", ValueView::of_real(__builtin_nan("")));
  span.attribute("b", ValueView::of_bytes("\xfb\xff"));
  span.attribute("none", ValueView{});
  span.begin_event(4, "e");
  span.begin_link({0, 1}, {2});
  span.finish();
  span.row().trace = {0, 1};
  span.row().span = 1;
  span.row().kind = static_cast<SpanKind>(77);
  span.row().resource = add_resource(vocabulary, {});
  span.row().scope = add_scope(vocabulary, "", "");
  span.finish();
  append_batch(batch, table);
}

constexpr std::string_view kAttributes =
    R"("attributes":[{"key":"i","value":{"intValue":"-1"}},{"key":"d","value":{"doubleValue":"NaN"}},)"
    R"({"key":"b","value":{"bytesValue":"+/8="}},{"key":"none","value":{}}],)";

TEST(JsonOut, OtlpHasHexIdsAndNumbers) {
  SpanTable table;
  fill(table);
  std::string out;
  encode_otlp_json(table, JsonStyle::otlp, out);
  EXPECT_EQ(
      out,
      std::string(
          R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},)"
          R"("scopeSpans":[{"scope":{},"spans":[{"traceId":"0123456789abcdeffedcba9876543210",)"
          R"("spanId":"0102030405060708","parentSpanId":"1112131415161718","name":"GET \"/\"","kind":2,)"
          R"("startTimeUnixNano":"1700000000000000001","endTimeUnixNano":"1700000000000000002",)") +
          std::string(kAttributes) +
          R"("events":[{"timeUnixNano":"1700000000000000005","name":"e"}],)"
          R"("links":[{"traceId":"00000000000000000000000000000001","spanId":"0000000000000002"}],)"
          R"("status":{"code":2},"flags":257}]}]},)"
          R"({"resource":{},"scopeSpans":[{"scope":{},"spans":[{"traceId":"00000000000000000000000000000001",)"
          R"("spanId":"0000000000000001","kind":77,"status":{}}]}]}]})");
}

TEST(JsonOut, TempoHasBase64IdsAndNames) {
  SpanTable table;
  fill(table);
  std::string spans =
      std::string(
          R"(:[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},)"
          R"("scopeSpans":[{"scope":{},"spans":[{"traceId":"ASNFZ4mrze/+3LqYdlQyEA==",)"
          R"("spanId":"AQIDBAUGBwg=","parentSpanId":"ERITFBUWFxg=","name":"GET \"/\"","kind":"SPAN_KIND_SERVER",)"
          R"("startTimeUnixNano":"1700000000000000001","endTimeUnixNano":"1700000000000000002",)") +
      std::string(kAttributes) +
      R"("events":[{"timeUnixNano":"1700000000000000005","name":"e"}],)"
      R"("links":[{"traceId":"AAAAAAAAAAAAAAAAAAAAAQ==","spanId":"AAAAAAAAAAI="}],)"
      R"("status":{"code":"STATUS_CODE_ERROR"},"flags":257}]}]},)"
      R"({"resource":{},"scopeSpans":[{"scope":{},"spans":[{"traceId":"AAAAAAAAAAAAAAAAAAAAAQ==",)"
      R"("spanId":"AAAAAAAAAAE=","kind":77,"status":{}}]}]}]})";
  std::string out;
  encode_otlp_json(table, JsonStyle::tempo_v1, out);
  EXPECT_EQ(out, "{\"batches\"" + spans);
  out = "{\"trace\":";
  encode_otlp_json(table, JsonStyle::tempo_v2, out);
  EXPECT_EQ(out, "{\"trace\":{\"resourceSpans\"" + spans) << "behind what was there";
}

TEST(JsonOut, AnEmptyTableIsAnEmptyList) {
  std::string out;
  encode_otlp_json(SpanTable(), JsonStyle::tempo_v1, out);
  EXPECT_EQ(out, R"({"batches":[]})");
}

TEST(ProtobufOut, ResourceScopeAndStatusAreThereEvenWhenEmpty) {
  SpanTable table;
  fill(table);
  std::string out;
  encode_otlp_protobuf(table, out);
  int resources = 0, scopes = 0, statuses = 0, spans = 0;
  tree::each_field(out, [&](uint32_t, uint64_t, std::string_view resource_spans) {
    tree::each_field(resource_spans, [&](uint32_t number, uint64_t, std::string_view scope_spans) {
      resources += number == 1;
      if (number != 2) return;
      tree::each_field(scope_spans, [&](uint32_t n, uint64_t, std::string_view span) {
        scopes += n == 1;
        if (n != 2) return;
        ++spans;
        tree::each_field(span, [&](uint32_t field, uint64_t, std::string_view) { statuses += field == 15; });
      });
    });
  });
  EXPECT_EQ(spans, 2);
  EXPECT_EQ(resources, 2);
  EXPECT_EQ(scopes, 2);
  EXPECT_EQ(statuses, 2);
}

// Rows whose words or codes a damaged log has lost: what can be read is written, and the result is well-formed.
TEST(Encoders, DamagedRowsAreWrittenAsFarAsTheyGo) {
  SpanTable table;
  fill(table);
  SpanRow row = table.row(0);
  auto words = table.words(0);
  for (size_t length = 0; length < words.size(); ++length) table.append(row, words.first(length));
  SpanRow lost = row;
  lost.resource = lost.scope = lost.name = lost.envelope = 1'000'000;
  table.append(lost, words);
  std::vector<uint32_t> wild(words.begin(), words.end());
  for (uint32_t& word : wild) word = 0xfffffff0;
  table.append(row, wild);
  lost.shape = 1'000'000;
  table.append(lost, words);
  table.publish();

  OtlpDecoder decoder{Limits{}};
  SpanBatch batch;
  std::string out;
  encode_otlp_protobuf(table, out);
  ASSERT_TRUE(decoder.decode_protobuf(out, 1, batch));
  EXPECT_THAT(batch.rows, SizeIs(table.rows()));
  out.clear();
  encode_otlp_json(table, JsonStyle::otlp, out);
  ASSERT_TRUE(decoder.decode_json(out, 1, batch));
  EXPECT_THAT(batch.rows, SizeIs(table.rows()));
}

TEST(ExportResponse, IsEmptyUnlessSomethingWasRejected) {
  EXPECT_EQ(encode_export_response_protobuf({}), "");
  EXPECT_EQ(encode_export_response_json({}), "{}");
  Rejections rejected{3, "bad \"id\""};
  EXPECT_EQ(encode_export_response_protobuf(rejected),
            "\x0a\x0c\x08\x03\x12\x08"
            "bad \"id\"");
  EXPECT_EQ(encode_export_response_json(rejected),
            R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"bad \"id\""}})");
}

TEST(Base64, BothAlphabetsWithAndWithoutPadding) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xfb\xff\xfe", "+//+"}};
  for (auto [bytes, text] : cases) {
    std::string out;
    append_base64(out, bytes);
    EXPECT_EQ(out, text);
    out.clear();
    EXPECT_TRUE(append_from_base64(out, text));
    EXPECT_EQ(out, bytes);
    out.clear();
    EXPECT_TRUE(append_from_base64(out, text.substr(0, text.find('='))));
    EXPECT_EQ(out, bytes);
  }
  for (std::string_view bad : {"Z", "Zg=", "Zg===", "Zm9v=", "Z!==", "=", "Zm=v"}) {
    std::string out;
    EXPECT_FALSE(append_from_base64(out, bad)) << bad;
  }
}

}  // namespace
}  // namespace clew::wire
