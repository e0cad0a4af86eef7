// What is particular to protobuf in: malformed bytes, merging, memos of raw bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/otlp_test_input.h"

namespace clew::wire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::SizeIs;
using tree::Message;

std::string good_bytes() {
  return tree::ProtobufWriter{}.span(good_span());
}

TEST(ProtobufIn, RefusesWhatIsMalformedAndSaysWhere) {
  struct Case {
    const char* what;
    std::string body;
    const char* place;
    const char* why;
  };
  std::string group("\x0b\x0c", 2);
  const Case cases[] = {
      {"request field type", Message().varint(1, 5).str(), "", "wrong wire type of field 1"},
      {"length beyond the body", std::string("\x0a\x05zz", 4), "", "goes beyond the enclosing message"},
      {"field number 0", std::string("\x00\x00", 2), "", "field number out of range"},
      {"unending varint", std::string("\x0a") + std::string(11, '\xff'), "", "varint longer than 64 bits"},
      {"group", group, "", "a group or an unknown wire type"},
      {"wire type 7", std::string("\x0f", 1), "", "a group or an unknown wire type"},
      {"truncated fixed64", request_around(std::string("\x39\x01\x02", 3)),
       "resource_spans[0].scope_spans[0].spans[0]: ", "truncated"},
      {"span field type", request_around(good_bytes() + Message().fixed32(1, 7).str()),
       "resource_spans[0].scope_spans[0].spans[0]: ", "wrong wire type of field 1"},
      {"attribute",
       request_around(good_bytes() + Message().bytes(9, Message().bytes(1, "k").str()).bytes(9, "\x0a").str()),
       "resource_spans[0].scope_spans[0].spans[0].attributes[1]: ", "truncated"},
      {"value", request_around(Message().bytes(9, Message().bytes(2, Message().bytes(3, "x").str()).str()).str()),
       "spans[0].attributes[0].value: ", "wrong wire type of field 3"},
      {"array element",
       request_around(
           Message()
               .bytes(9, Message().bytes(2, Message().bytes(5, Message().bytes(1, "\x1a").str()).str()).str())
               .str()),
       "attributes[0].values[0].value: ", "truncated"},
      {"event", request_around(Message().bytes(11, Message().varint(2, 1).str()).str()),
       "spans[0].events[0]: ", "wrong wire type of field 2"},
      {"link attribute", request_around(Message().bytes(13, "").bytes(13, Message().bytes(4, "\xff").str()).str()),
       "spans[0].links[1].attributes[0]: ", "truncated"},
      {"status", request_around(Message().bytes(15, Message().bytes(3, "x").str()).str()),
       "spans[0].status: ", "wrong wire type of field 3"},
      {"resource", Message().bytes(1, Message().bytes(1, Message().varint(1, 1).str()).str()).str(),
       "resource_spans[0].resource: ", "wrong wire type of field 1"},
      {"entity ref", Message().bytes(1, Message().bytes(1, Message().bytes(3, "\x08\x01").str()).str()).str(),
       "resource_spans[0].resource.entity_refs[0]: ", "wrong wire type of field 1"},
      {"scope", Message().bytes(1, Message().bytes(2, Message().bytes(1, "\x0a\x7f").str()).str()).str(),
       "resource_spans[0].scope_spans[0].scope: ", "goes beyond"},
  };
  for (const Case& c : cases) {
    Decoded decoded;
    // Behind a good request, all of which must go as well.
    std::string good = request_around(good_bytes());
    for (const std::string& body : {c.body, good + c.body}) {
      Status refused = decoded.protobuf(body);
      ASSERT_FALSE(refused) << c.what;
      EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument) << c.what;
      EXPECT_THAT(refused.error().message, HasSubstr(c.why)) << c.what;
      if (body == c.body) {
        EXPECT_THAT(refused.error().message, HasSubstr(c.place)) << c.what;
      }
      EXPECT_THAT(decoded.batch.rows, SizeIs(0)) << c.what;
      EXPECT_THAT(decoded.batch.words, SizeIs(0)) << c.what;
      EXPECT_EQ(decoded.batch.rejected.spans, 0) << c.what;
    }
    EXPECT_TRUE(decoded.protobuf(good)) << "the decoder goes on after " << c.what;
    EXPECT_THAT(decoded.batch.rows, SizeIs(1));
  }
}

TEST(ProtobufIn, NamesTheByteOfTheFault) {
  std::string good = request_around(good_bytes());
  Decoded decoded;
  Status refused = decoded.protobuf(good + std::string("\x0a\x70", 2));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr(fmt::format("at byte {}", good.size())));
}

// Every proper prefix of a request is refused or (when it ends between fields) taken; never more than was sent.
TEST(ProtobufIn, EveryTruncationIsRefusedOrSmaller) {
  std::mt19937 random(3);
  tree::Request request;
  while (canonical(request).size() < 5) request = tree::Generator{random}.request();
  std::string whole = tree::ProtobufWriter{}.request(request);
  size_t spans = canonical(request).size();
  size_t refused = 0;
  Decoded decoded;
  for (size_t length = 0; length < whole.size(); ++length) {
    if (decoded.protobuf(whole.substr(0, length))) {
      EXPECT_LT(decoded.batch.rows.size(), spans + 1);
    } else {
      ++refused;
      EXPECT_THAT(decoded.batch.rows, SizeIs(0));
    }
  }
  EXPECT_GT(refused, whole.size() * 9 / 10);
}

TEST(ProtobufIn, SurvivesEveryFlippedByte) {
  std::mt19937 random(4);
  tree::Request request;
  while (canonical(request).empty()) request = tree::Generator{random}.request();
  std::string whole = tree::ProtobufWriter{}.request(request);
  Decoded decoded;
  size_t refused = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] = static_cast<char>(random());
    if (!decoded.protobuf(changed)) ++refused;
  }
  EXPECT_GT(refused, 0);
  ASSERT_TRUE(decoded.protobuf(whole));
  EXPECT_EQ(decoded.batch.rows.size(), canonical(request).size()) << "nothing of the damaged ones was remembered";
}

TEST(ProtobufIn, LastScalarWinsAndMessagesMerge) {
  std::string span =
      good_bytes() +
      Message()
          .bytes(5, "later")
          .varint(6, 2)
          .varint(6, 3)
          .bytes(15, Message().bytes(2, "first").varint(3, 1).str())
          .bytes(15, Message().varint(3, 2).str())
          .bytes(
              9,
              Message().bytes(1, "wrong").bytes(2, Message().bytes(1, "x").varint(3, 9).str()).bytes(1, "right").str())
          .str();
  Decoded decoded;
  ASSERT_TRUE(decoded.protobuf(request_around(span)));
  const SpanRow& row = decoded.batch.rows.at(0);
  EXPECT_EQ(decoded.name(), "later");
  EXPECT_EQ(row.kind, SpanKind::client);
  EXPECT_EQ(row.status, StatusCode::error);
  EXPECT_EQ(decoded.batch.vocabulary->text_at(decoded.envelope().status_message), "first");
  EXPECT_THAT(decoded.attributes(), ElementsAre(Pair("right", ValueView::of_int(9))));
}

// A remembered key at the front, but another one behind it: the last must win although the front is recognised.
TEST(ProtobufIn, ASecondKeyBehindARememberedOneCounts) {
  std::string value = Message().varint(3, 1).str();
  std::string other = Message().varint(3, 2).str();
  Decoded decoded;
  ASSERT_TRUE(decoded.protobuf(
      request_around(good_bytes() + Message().bytes(9, Message().bytes(1, "k").bytes(2, value).str()).str())));
  ASSERT_TRUE(decoded.protobuf(request_around(
      good_bytes() + Message().bytes(9, Message().bytes(1, "k").bytes(2, other).bytes(1, "q").str()).str())));
  EXPECT_THAT(decoded.attributes(), ElementsAre(Pair("q", ValueView::of_int(2))));
}

// What was remembered belongs to the second of two keys, and says nothing of the first.
TEST(ProtobufIn, TheFirstOfTwoKeysIsStillItself) {
  std::string one = Message().bytes(1, "one").str();
  std::string two = Message().bytes(1, "two").str();
  Decoded decoded;
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(decoded.protobuf(request_around(
        good_bytes() + Message().bytes(9, Message().bytes(1, "k").bytes(1, "q").bytes(2, one).str()).str())));
    EXPECT_THAT(decoded.attributes(), ElementsAre(Pair("q", ValueView::of_string("one"))));
    ASSERT_TRUE(decoded.protobuf(
        request_around(good_bytes() + Message().bytes(9, Message().bytes(1, "k").bytes(2, two).str()).str())));
    EXPECT_THAT(decoded.attributes(), ElementsAre(Pair("k", ValueView::of_string("two"))));
  }
}

TEST(ProtobufIn, AResourceInPiecesIsMerged) {
  auto attribute = [](const char* key) { return Message().bytes(1, Message().bytes(1, key).str()).str(); };
  std::string scope_spans = Message().bytes(2, good_bytes()).str();
  std::string body =
      Message().bytes(1, Message().bytes(1, attribute("a")).bytes(2, scope_spans).bytes(1, attribute("b")).str()).str();
  Decoded decoded;
  ASSERT_TRUE(decoded.protobuf(body));
  EXPECT_THAT(decoded.batch.vocabulary->resources.at(decoded.batch.rows.at(0).resource), SizeIs(kResourcePairs + 4));
}

TEST(ProtobufIn, SameResourceBytesWithAnotherSchemaUrlIsAnotherResource) {
  std::string resource = Message().bytes(1, Message().bytes(1, "k").str()).str();
  std::string scope_spans = Message().bytes(2, good_bytes()).str();
  std::string body;
  for (const char* url : {"one", "two", "one"}) {
    body += Message().bytes(1, Message().bytes(1, resource).bytes(2, scope_spans).bytes(3, url).str()).str();
  }
  Decoded decoded;
  ASSERT_TRUE(decoded.protobuf(body));
  const auto& rows = decoded.batch.rows;
  ASSERT_THAT(rows, SizeIs(3));
  EXPECT_NE(rows[0].resource, rows[1].resource);
  EXPECT_EQ(rows[0].resource, rows[2].resource);
}

TEST(ProtobufIn, EnumsBeyondTheKnownAreKeptWhereAByteHoldsThem) {
  Decoded decoded;
  ASSERT_TRUE(decoded.protobuf(request_around(good_bytes() + Message().varint(6, 77).str())));
  EXPECT_EQ(static_cast<int>(decoded.batch.rows.at(0).kind), 77);
  ASSERT_TRUE(decoded.protobuf(request_around(good_bytes() + Message().varint(6, ~uint64_t{0}).str())));
  EXPECT_EQ(decoded.batch.rows.at(0).kind, SpanKind::unspecified);
}

TEST(ProtobufIn, MemosAreBounded) {
  Decoded decoded;
  OtlpDecoder decoder{Limits{}};
  SpanBatch batch;
  size_t vocabulary = 0;
  for (int i = 0; i < 40; ++i) {
    tree::Request request(200);
    for (size_t r = 0; r < request.size(); ++r) {
      request[r].attributes = {{"k", text_value(fmt::format("{} {} {}", i, r, std::string(500, 'x')))}};
      request[r].scopes.resize(1);
      tree::Span span = good_span();
      span.name = fmt::format("span {} {}", i, r);
      request[r].scopes[0].spans.push_back(span);
    }
    ASSERT_TRUE(decoder.decode_protobuf(tree::ProtobufWriter{}.request(request), 1, batch));
    vocabulary = decoder.vocabulary().allocated_bytes();
  }
  EXPECT_GT(vocabulary, size_t{4} << 20);
  EXPECT_LT(decoder.allocated_bytes() - vocabulary, size_t{3} << 20);
}

// A KeyValue of this many bytes was once taken for what marks "not kept".
TEST(ProtobufIn, AttributesTooLongToBeRememberedAreTakenAnew) {
  constexpr size_t kRawBytes = 65535;
  constexpr size_t kHeads = 11;  // key "k", and three heads with lengths of three bytes
  tree::Span span = good_span();
  span.attributes = {{"k", text_value(std::string(kRawBytes - kHeads, 'x'))}};
  tree::Span other = span;
  other.attributes[0].second.text.back() = 'y';
  Decoded decoded;
  ASSERT_TRUE(decoded.request(request_of({span, other, span}), Encoding::protobuf));
  EXPECT_EQ(decoded.attributes(0).at(0).second.text, span.attributes[0].second.text);
  EXPECT_EQ(decoded.attributes(1).at(0).second.text, other.attributes[0].second.text);
  EXPECT_EQ(decoded.attributes(2).at(0).second.text, span.attributes[0].second.text);
}

}  // namespace
}  // namespace clew::wire
