// What is particular to JSON in: forms of scalars, faults and where they are, what is mended.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "wire/json_repair.h"
#include "wire/otlp_test_input.h"

namespace clew::wire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::SizeIs;

std::string span_json(std::string_view members) {
  return fmt::format(
      R"({{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"5B8EFFF798038103d269b633813fc60c","spanId":"EEE19B7EC3C1B174"{}{}}}]}}]}}]}})",
      members.empty() ? "" : ",", members);
}
std::string value_json(std::string_view value) {
  return span_json(fmt::format(R"("attributes":[{{"key":"k","value":{}}}])", value));
}

TEST(JsonIn, ReadsEveryFormOfAScalar) {
  struct Case {
    const char* json;
    ValueView value;
  };
  const Case cases[] = {
      {R"({"stringValue":"a\u00e9\ud83c\udf0d"})", ValueView::of_string("a\xc3\xa9\xf0\x9f\x8c\x8d")},
      {R"({"intValue":"-9223372036854775808"})", ValueView::of_int(INT64_MIN)},
      {R"({"intValue":9223372036854775807})", ValueView::of_int(INT64_MAX)},
      {R"({"intValue":1e3})", ValueView::of_int(1000)},
      {R"({"doubleValue":3})", ValueView::of_real(3)},
      {R"({"doubleValue":-0.0})", ValueView::of_real(-0.0)},
      {R"({"doubleValue":"1.25"})", ValueView::of_real(1.25)},
      {R"({"doubleValue":"NaN"})", ValueView::of_real(__builtin_nan(""))},
      {R"({"doubleValue":"-Infinity"})", ValueView::of_real(-HUGE_VAL)},
      {R"({"doubleValue":100000000000000000000})", ValueView::of_real(1e20)},
      {R"({"boolValue":false})", ValueView::of_bool(false)},
      {R"({"bytesValue":"-_8="})", ValueView::of_bytes("\xfb\xff")},
      {R"({"bytesValue":"+/8"})", ValueView::of_bytes("\xfb\xff")},
      {R"({})", ValueView{}},
      {R"(null)", ValueView{}},
      {R"({"intValue":null,"unknownValue":[1]})", ValueView{}},
      {R"({"stringValue":"first","intValue":2})", ValueView::of_int(2)},
  };
  for (const Case& c : cases) {
    Decoded decoded;
    Status taken = decoded.json(value_json(c.json));
    ASSERT_TRUE(taken) << c.json << ": " << taken.error().message;
    EXPECT_THAT(decoded.attributes(), ElementsAre(Pair("k", c.value))) << c.json;
  }
}

TEST(JsonIn, ReadsTheFieldsOfASpan) {
  Decoded decoded;
  ASSERT_TRUE(decoded.json(span_json(
      R"("kind":"SPAN_KIND_SERVER","startTimeUnixNano":1700000000000000001,"endTimeUnixNano":"1700000000000000002",
         "status":{"code":"STATUS_CODE_ERROR","message":"oops"},"flags":257,"parentSpanId":"","trace_state":"not read",
         "name":null,"attributes":null,"events":[],"droppedLinksCount":"4")")));
  const SpanRow& row = decoded.batch.rows.at(0);
  EXPECT_EQ(row.trace.hex(), "5b8efff798038103d269b633813fc60c");
  EXPECT_EQ(row.span, 0xeee19b7ec3c1b174);
  EXPECT_EQ(row.parent, 0);
  EXPECT_EQ(row.kind, SpanKind::server);
  EXPECT_EQ(row.status, StatusCode::error);
  EXPECT_EQ(row.start_ns, 1700000000000000001);
  EXPECT_EQ(row.end_ns, 1700000000000000002);
  EXPECT_EQ(decoded.envelope().flags, 257);
  EXPECT_EQ(decoded.envelope().dropped_links, 4);
  EXPECT_EQ(decoded.envelope().trace_state, kEmptyText);
}

TEST(JsonIn, RefusesWhatIsMalformedAndSaysWhere) {
  struct Case {
    std::string json;
    const char* message;
  };
  const Case cases[] = {
      {"", "not JSON"},
      {"[1,2", "not JSON"},
      {R"({"a":1,})", "not JSON at byte 7"},
      {R"({"resourceSpans":[{]})", "not JSON at byte 19"},
      {R"({"a":tru})", "not JSON at byte 8"},
      {R"({"a":"\x"})", "not JSON at byte 6"},
      {std::string(3000, '['), "not JSON"},
      {"[]", "expected an object"},
      {R"({"resourceSpans":{}})", "resourceSpans: expected an array"},
      {R"({"resourceSpans":[5]})", "resourceSpans[0]: expected an object"},
      {R"({"resourceSpans":[{},{"scopeSpans":[{"spans":[7]}]}]})",
       "resourceSpans[1].scopeSpans[0].spans[0]: expected an object"},
      {R"({"resourceSpans":[{"resource":{"attributes":[{"key":5}]}}]})",
       "resourceSpans[0].resource.attributes[0].key: expected a string"},
      {R"({"resourceSpans":[{"resource":{"entityRefs":[{"idKeys":[5]}]}}]})",
       "entityRefs[0].idKeys[0]: expected a string"},
      {R"({"resourceSpans":[{"scopeSpans":[{"scope":{"version":1}}]}]})",
       "scopeSpans[0].scope.version: expected a string"},
      {span_json(R"("startTimeUnixNano":-1)"), "spans[0].startTimeUnixNano: expected an unsigned 64-bit integer"},
      {span_json(R"("startTimeUnixNano":"12x")"), "spans[0].startTimeUnixNano: expected"},
      {span_json(R"("startTimeUnixNano":1.5)"), "spans[0].startTimeUnixNano: expected"},
      {span_json(R"("endTimeUnixNano":"")"), "spans[0].endTimeUnixNano: expected"},
      {span_json(R"("kind":"SERVER")"), "spans[0].kind: expected"},
      {span_json(R"("flags":4294967296)"), "spans[0].flags: expected an unsigned 32-bit integer"},
      {span_json(R"("status":{"code":true})"), "spans[0].status.code: expected"},
      {span_json(R"("events":[{},{"timeUnixNano":{}}])"), "spans[0].events[1].timeUnixNano: expected"},
      {span_json(R"("links":[{"traceId":5}])"), "spans[0].links[0].traceId: expected"},
      {span_json(R"("parentSpanId":12)"), "spans[0].parentSpanId: expected hexadecimal text"},
      {value_json(R"({"intValue":"9223372036854775808"})"), "attributes[0].value.intValue: expected a 64-bit integer"},
      {value_json(R"({"intValue":18446744073709551615})"), "attributes[0].value.intValue: expected a 64-bit integer"},
      {value_json(R"({"boolValue":"true"})"), "attributes[0].value.boolValue: expected true or false"},
      {value_json(R"({"doubleValue":"big"})"), "attributes[0].value.doubleValue: expected a number"},
      {value_json(R"({"bytesValue":"a"})"), "attributes[0].value.bytesValue: expected base64"},
      {value_json(R"({"bytesValue":"a*=="})"), "attributes[0].value.bytesValue: expected base64"},
      {value_json(R"({"arrayValue":{"values":[{},7]}})"),
       "attributes[0].value.arrayValue.values[1]: expected an object"},
  };
  for (const Case& c : cases) {
    Decoded decoded;
    Status refused = decoded.json(c.json);
    ASSERT_FALSE(refused) << c.json;
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument) << c.json;
    EXPECT_THAT(refused.error().message, HasSubstr(c.message)) << c.json.substr(0, 200);
    EXPECT_THAT(decoded.batch.rows, SizeIs(0));
    EXPECT_TRUE(decoded.json(span_json("")));
  }
}

TEST(JsonIn, AnIdThatIsNotHexRejectsItsSpan) {
  for (const char* id : {"zzzzzzzzzzzzzzzz", "0123456789abcdeg", "123", "zz"}) {
    Decoded decoded;
    ASSERT_TRUE(decoded.json(span_json(fmt::format(R"("parentSpanId":"{}")", id))));
    EXPECT_EQ(decoded.batch.rejected.spans, 1) << id;
    EXPECT_THAT(decoded.batch.rejected.reason, HasSubstr("parent span id is not hexadecimal"));
  }
}

TEST(JsonIn, MendsLoneSurrogatesOfJavaScript) {
  Decoded decoded;
  ASSERT_TRUE(decoded.json(value_json(R"({"stringValue":"a\ud83cb\\ud83c"})")));
  EXPECT_THAT(decoded.attributes(), ElementsAre(Pair("k", ValueView::of_string("a\xef\xbf\xbd"
                                                                               "b\\ud83c"))));
  EXPECT_EQ(decoded.batch.rows[0].bits, kTextRepaired);
}

TEST(JsonIn, AHonestReplacementCharacterIsNotARepair) {
  Decoded decoded;
  ASSERT_TRUE(decoded.json(value_json("{\"stringValue\":\"\xef\xbf\xbd\"}")));
  EXPECT_EQ(decoded.batch.rows[0].bits, 0);
}

TEST(JsonRepair, ChangesOnlyWhatMustBe) {
  EXPECT_EQ(repair_json(R"({"a":"\ud83c\udf0d","b":12345678901234567890123,"c":1.5e30})"),
            R"({"a":"\ud83c\udf0d","b":12345678901234567890123.0,"c":1.5e30})");
  EXPECT_EQ(repair_json(R"(["\udf0d","12345678901234567890123"])"), R"(["\ufffd","12345678901234567890123"])");
  EXPECT_EQ(repair_json(R"(["\\ud83c",1,"\"\ud83c\""])"), R"(["\\ud83c",1,"\"\ufffd\""])");
  EXPECT_EQ(repair_json(R"({"fine":1})"), std::nullopt);
  EXPECT_EQ(repair_json("\\"), std::nullopt);
}

TEST(JsonRepair, FindsTheFault) {
  const std::pair<const char*, size_t> cases[] = {
      {"{}", 2},     {" [1, 2.5e-3, true, null, \"x\\n\"] ", 32},
      {"[1 2]", 3},  {"{\"a\" 1}", 5},
      {"{a:1}", 1},  {"[1,]", 3},
      {"\"open", 5}, {"[01]", 2},
      {"{} x", 3},   {"-", 1},
      {"\"\\", 2},
  };
  for (const auto& [text, fault] : cases) EXPECT_EQ(find_json_fault(text), fault) << text;
}

}  // namespace
}  // namespace clew::wire
