// What both encodings must do alike: ids, limits, repairs, memos, all kinds of values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/counters.h"
#include "wire/otlp_test_input.h"
#include "wire/wire_counters.h"

namespace clew::wire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::SizeIs;

class BothEncodings : public testing::TestWithParam<Encoding> {
 protected:
  Status decode(Decoded& decoded, std::vector<tree::Span> spans) {
    return decoded.request(request_of(std::move(spans)), GetParam());
  }
};
INSTANTIATE_TEST_SUITE_P(Otlp, BothEncodings, testing::Values(Encoding::protobuf, Encoding::json),
                         [](const auto& info) { return info.param == Encoding::protobuf ? "protobuf" : "json"; });

TEST_P(BothEncodings, RejectsASpanWithABadIdAlone) {
  struct Case {
    std::function<void(tree::Span&)> spoil;
    const char* reason;
    Counter& counter;
  };
  WireCounters& counters = wire_counters();
  const Case cases[] = {
      {[](auto& s) { s.trace_id = ""; }, "without trace id", counters.bad_trace_id},
      {[](auto& s) { s.trace_id = std::string(16, '\0'); }, "trace id is all zero", counters.bad_trace_id},
      {[](auto& s) { s.trace_id = "short"; }, "trace id of 5 bytes", counters.bad_trace_id},
      {[](auto& s) { s.trace_id = std::string(17, 'x'); }, "trace id of 17 bytes", counters.bad_trace_id},
      {[](auto& s) { s.span_id = ""; }, "without span id", counters.bad_span_id},
      {[](auto& s) { s.span_id = std::string(8, '\0'); }, "span id is all zero", counters.bad_span_id},
      {[](auto& s) { s.span_id = "seven b"; }, "span id of 7 bytes", counters.bad_span_id},
      {[](auto& s) { s.parent_id = "xyz"; }, "parent span id of 3 bytes", counters.bad_parent_id},
  };
  for (const Case& c : cases) {
    tree::Span bad = good_span();
    bad.attributes = {{"k", text_value("v")}};
    bad.events.push_back({1, "event", {{"k", int_value(1)}}, 0});
    c.spoil(bad);
    int64_t before = c.counter.value();
    Decoded decoded;
    tree::Span after = good_span();
    after.attributes = {{"only", int_value(5)}};
    ASSERT_TRUE(decode(decoded, {good_span(), bad, bad, after})) << c.reason;
    EXPECT_EQ(decoded.batch.rejected.spans, 2) << c.reason;
    EXPECT_THAT(decoded.batch.rejected.reason, HasSubstr(c.reason));
    EXPECT_EQ(c.counter.value(), before + 2) << c.reason;
    ASSERT_THAT(decoded.batch.rows, SizeIs(2));
    EXPECT_THAT(decoded.attributes(1), ElementsAre(Pair("only", ValueView::of_int(5))));
    EXPECT_EQ(decoded.batch.words.size(), 1) << "the rejected spans leave no words";
  }
}

TEST_P(BothEncodings, AZeroParentIsNone) {
  tree::Span span = good_span();
  span.parent_id = std::string(8, '\0');
  Decoded decoded;
  ASSERT_TRUE(decode(decoded, {span}));
  EXPECT_EQ(decoded.batch.rows.at(0).parent, 0);
}

TEST_P(BothEncodings, EndBeforeStartIsKeptAndFlagged) {
  tree::Span span = good_span();
  std::swap(span.start, span.end);
  Decoded decoded;
  ASSERT_TRUE(decode(decoded, {span, good_span()}));
  EXPECT_EQ(decoded.batch.rows[0].bits, kEndBeforeStart);
  EXPECT_EQ(decoded.batch.rows[0].duration_ns(), 0);
  EXPECT_EQ(decoded.batch.rows[1].bits, 0);
}

TEST_P(BothEncodings, DropsALinkWithBadIdsAndKeepsOneWithout) {
  tree::Span span = good_span();
  span.links = {{"bad", kSpanBytes, "", {}, 0, 0},
                {kTraceBytes, "bad", "", {}, 0, 0},
                {"", "", "kept", {}, 0, 0},
                {kTraceBytes, kSpanBytes, "", {}, 0, 0}};
  span.dropped_links = 3;
  Decoded decoded;
  ASSERT_TRUE(decode(decoded, {span}));
  auto links = decoded.links();
  ASSERT_THAT(links, SizeIs(2));
  EXPECT_TRUE(links[0].trace.is_zero());
  EXPECT_EQ(decoded.batch.vocabulary->text_at(links[0].trace_state), "kept");
  EXPECT_EQ(links[1].trace, TraceId::from_bytes(kTraceBytes.data()));
  EXPECT_EQ(decoded.envelope().dropped_links, 5);
}

TEST_P(BothEncodings, OnlyBadLinksLeaveNoNestedRecords) {
  tree::Span span = good_span();
  span.links = {{"bad", "", "", {}, 0, 0}};
  Decoded decoded;
  ASSERT_TRUE(decode(decoded, {span}));
  EXPECT_THAT(decoded.links(), SizeIs(0));
  EXPECT_EQ(decoded.batch.rows[0].bits & kHasNested, 0);
}

TEST_P(BothEncodings, RepairsInvalidUtf8WhereverItStands) {
  const std::string bad = "a\xff z";
  const std::string mended = "a\xef\xbf\xbd z";
  struct Case {
    const char* where;
    std::function<void(tree::ResourceSpans&)> spoil;
  };
  auto span = [](tree::ResourceSpans& r) -> tree::Span& { return r.scopes[0].spans[0]; };
  const Case cases[] = {
      {"span name", [&](auto& r) { span(r).name = bad; }},
      {"trace state", [&](auto& r) { span(r).state = bad; }},
      {"status message", [&](auto& r) { span(r).message = bad; }},
      {"attribute", [&](auto& r) { span(r).attributes = {{"k", text_value(bad)}}; }},
      {"attribute key", [&](auto& r) { span(r).attributes = {{bad, text_value("v")}}; }},
      {"array", [&](auto& r) { span(r).attributes = {{"k", {5, "", 0, {{"", text_value(bad)}}}}}; }},
      {"kvlist key", [&](auto& r) { span(r).attributes = {{"k", {6, "", 0, {{bad, text_value("v")}}}}}; }},
      {"event name", [&](auto& r) { span(r).events.push_back({1, bad, {}, 0}); }},
      {"link attribute",
       [&](auto& r) { span(r).links.push_back({kTraceBytes, kSpanBytes, "", {{"k", text_value(bad)}}, 0, 0}); }},
      {"resource attribute", [&](auto& r) { r.attributes = {{"k", text_value(bad)}}; }},
      {"scope name", [&](auto& r) { r.scopes[0].name = bad; }},
      {"schema url", [&](auto& r) { r.schema_url = bad; }},
  };
  for (const Case& c : cases) {
    tree::Request request = request_of({good_span()});
    c.spoil(request[0]);
    Decoded decoded;
    // Twice: what is remembered of the first must not hide the second.
    for (int round = 0; round < 2; ++round) {
      int64_t before = wire_counters().repaired_texts.value();
      ASSERT_TRUE(decoded.request(request, GetParam())) << c.where;
      EXPECT_EQ(decoded.batch.rows.at(0).bits & kTextRepaired, kTextRepaired) << c.where;
      EXPECT_GT(wire_counters().repaired_texts.value(), before) << c.where;
    }
    ASSERT_TRUE(decode(decoded, {good_span()}));
    EXPECT_EQ(decoded.batch.rows.at(0).bits, 0) << "the next request is clean, after " << c.where;
  }
  tree::Span value = good_span();
  value.attributes = {{"k", text_value(bad)}};
  Decoded decoded;
  ASSERT_TRUE(decode(decoded, {value}));
  EXPECT_THAT(decoded.attributes(), ElementsAre(Pair("k", ValueView::of_string(mended))));
}

TEST_P(BothEncodings, CutsWhatExceedsALimit) {
  Limits limits;
  limits.attributes_per_span = 3;
  limits.events_per_span = 2;
  limits.links_per_span = 1;
  limits.value_bytes = 10;
  limits.key_bytes = 4;
  limits.name_bytes = 5;
  tree::Span span = good_span();
  span.name = "sechs+";
  span.attributes = {{"cut", text_value("123456789\xc3\xa9")},  // the limit falls within the last character
                     {"longer", int_value(1)},
                     {"b", {7, "0123456789ab", 0, {}}},
                     {"4", int_value(4)},
                     {"5", int_value(5)}};
  span.dropped_attributes = 10;
  for (int i = 0; i < 3; ++i) span.events.push_back({1, "e", {}, 0});
  for (int i = 0; i < 3; ++i) span.links.push_back({kTraceBytes, kSpanBytes, "", {}, 0, 0});
  WireCounters& counters = wire_counters();
  Counter* const reached[] = {&counters.attributes_per_span, &counters.events_per_span, &counters.links_per_span,
                              &counters.value_bytes,         &counters.key_bytes,       &counters.name_bytes};
  std::vector<int64_t> before;
  for (Counter* counter : reached) before.push_back(counter->value());
  Decoded decoded(limits);
  ASSERT_TRUE(decode(decoded, {span}));
  EXPECT_EQ(decoded.name(), "sechs");
  EXPECT_THAT(decoded.attributes(), ElementsAre(Pair("cut", ValueView::of_string("123456789")),
                                                Pair("b", ValueView::of_bytes("0123456789"))));
  EXPECT_EQ(decoded.envelope().dropped_attributes, 13) << "two beyond the limit, one with too long a key";
  EXPECT_THAT(decoded.events(), SizeIs(2));
  EXPECT_EQ(decoded.envelope().dropped_events, 1);
  EXPECT_THAT(decoded.links(), SizeIs(1));
  EXPECT_EQ(decoded.envelope().dropped_links, 2);
  EXPECT_EQ(decoded.batch.rows[0].bits, kHasNested | kValueCut);
  for (size_t i = 0; i < before.size(); ++i) EXPECT_GT(reached[i]->value(), before[i]) << "counter " << i;
}

TEST_P(BothEncodings, CutsResourcesAndScopesToo) {
  Limits limits;
  limits.attributes_per_span = 1;
  tree::Request request = request_of({good_span()});
  request[0].attributes = {{"a", int_value(1)}, {"b", int_value(2)}, {"c", int_value(3)}};
  request[0].dropped = 4;
  request[0].scopes[0].attributes = {{"a", int_value(1)}, {"b", int_value(2)}};
  Decoded decoded(limits);
  ASSERT_TRUE(decoded.request(request, GetParam()));
  const Vocabulary& vocabulary = *decoded.batch.vocabulary;
  auto resource = vocabulary.resources.at(decoded.batch.rows[0].resource);
  EXPECT_THAT(resource, SizeIs(kResourcePairs + 2));
  EXPECT_EQ(resource[kDroppedWord], 6);
  auto scope = vocabulary.scopes.at(decoded.batch.rows[0].scope);
  EXPECT_THAT(scope, SizeIs(kScopePairs + 2));
  EXPECT_EQ(scope[kDroppedWord], 1);
}

TEST_P(BothEncodings, CutsAnArrayThatOutgrowsTheValueLimit) {
  Limits limits;
  limits.value_bytes = 100;
  tree::Value array{5, "", 0, {}};
  for (int i = 0; i < 50; ++i) array.items.emplace_back("", text_value("0123456789"));
  tree::Span span = good_span();
  span.attributes = {{"k", array}};
  Decoded decoded(limits);
  ASSERT_TRUE(decode(decoded, {span}));
  ValueView kept = decoded.attributes().at(0).second;
  EXPECT_EQ(kept.type, ValueType::array);
  EXPECT_LE(kept.text.size(), 120);
  size_t elements = 0;
  for (NestedReader reader(kept); reader.next();) ++elements;
  EXPECT_THAT(elements, testing::AllOf(testing::Ge(5), testing::Lt(10)));
  EXPECT_TRUE(decoded.batch.rows[0].bits & kValueCut);
}

TEST_P(BothEncodings, RefusesValuesNestedTooDeep) {
  Limits limits;
  limits.value_depth = 5;
  auto nested = [](int depth) {
    tree::Value value = int_value(1);
    for (int i = 0; i < depth; ++i) {
      value = i % 2 == 0 ? tree::Value{5, "", 0, {{"", value}}} : tree::Value{6, "", 0, {{"k", value}}};
    }
    return value;
  };
  Decoded decoded(limits);
  tree::Span span = good_span();
  span.attributes = {{"k", nested(5)}};
  EXPECT_TRUE(decode(decoded, {span}));
  span.attributes = {{"fine", int_value(1)}, {"k", nested(6)}};
  Status refused = decode(decoded, {good_span(), span});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(refused.error().message, HasSubstr("pans[1].attributes[1]"));
  EXPECT_THAT(refused.error().message, HasSubstr("deeper than 5"));
  EXPECT_THAT(decoded.batch.rows, SizeIs(0)) << "nothing of a refused request stays";
  EXPECT_THAT(decoded.batch.words, SizeIs(0));
}

TEST_P(BothEncodings, RefusesAnEmptyMessageBomb) {
  tree::Span span = good_span();
  for (int i = 0; i < 20'000; ++i) span.links.emplace_back();
  Decoded decoded;
  if (GetParam() == Encoding::json) {
    EXPECT_TRUE(decode(decoded, {span})) << "JSON is long enough";
    return;
  }
  Status refused = decode(decoded, {span, span});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("resource_spans[0].scope_spans[0].spans[0]"));
  EXPECT_THAT(decoded.batch.rows, SizeIs(0));
}

TEST_P(BothEncodings, RefusesARequestOverItsLimit) {
  Limits limits;
  limits.request_bytes = 10;
  Decoded decoded(limits);
  Status refused = decode(decoded, {good_span()});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::resource_exhausted);
}

TEST_P(BothEncodings, KeepsAllKindsOfValues) {
  tree::Span span = good_span();
  span.attributes = {{"string", text_value("text")},
                     {"true", {2, "", 1, {}}},
                     {"int", int_value(-5)},
                     {"double", {4, "", std::bit_cast<uint64_t>(2.5), {}}},
                     {"array", {5, "", 0, {{"", int_value(1)}, {"", {5, "", 0, {}}}}}},
                     {"kvlist", {6, "", 0, {{"a", int_value(1)}, {"a", text_value("twice")}}}},
                     {"bytes", {7, std::string("\0\xff", 2), 0, {}}},
                     {"none", {}},
                     {"int", text_value("the same key again")}};
  Decoded decoded;
  ASSERT_TRUE(decode(decoded, {span}));
  auto got = decoded.attributes();
  ASSERT_THAT(got, SizeIs(9));
  for (size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i].first, span.attributes[i].first);
  EXPECT_EQ(got[0].second, ValueView::of_string("text"));
  EXPECT_EQ(got[1].second, ValueView::of_bool(true));
  EXPECT_EQ(got[2].second, ValueView::of_int(-5));
  EXPECT_EQ(got[3].second, ValueView::of_real(2.5));
  EXPECT_EQ(got[6].second, ValueView::of_bytes(std::string_view("\0\xff", 2)));
  EXPECT_EQ(got[7].second, ValueView{});
  EXPECT_EQ(got[8].second, ValueView::of_string("the same key again"));
  NestedReader array(got[4].second);
  ASSERT_TRUE(array.next());
  EXPECT_EQ(array.value(), ValueView::of_int(1));
  ASSERT_TRUE(array.next());
  EXPECT_EQ(array.value().type, ValueType::array);
  EXPECT_FALSE(array.next());
  NestedReader list(got[5].second);
  ASSERT_TRUE(list.next() && list.next());
  EXPECT_EQ(list.key(), "a");
  EXPECT_EQ(list.value(), ValueView::of_string("twice"));
}

TEST_P(BothEncodings, EqualPiecesGetEqualCodes) {
  tree::Request request = request_of({good_span(), good_span()});
  request[0].attributes = {{"service.name", text_value("shop")}};
  request.push_back(request[0]);
  Decoded decoded;
  ASSERT_TRUE(decoded.request(request, GetParam()));
  ASSERT_THAT(decoded.batch.rows, SizeIs(4));
  const auto& rows = decoded.batch.rows;
  for (const SpanRow& row : rows) {
    EXPECT_EQ(std::tie(row.resource, row.scope, row.name, row.shape, row.envelope),
              std::tie(rows[0].resource, rows[0].scope, rows[0].name, rows[0].shape, rows[0].envelope));
    EXPECT_EQ(row.receive_ns, 7);
  }
}

// Spans of one name that differ in everything a memo could confuse, and names that share a place.
TEST_P(BothEncodings, RemembersNothingWrong) {
  std::vector<tree::Span> spans;
  for (int i = 0; i < 3000; ++i) {
    tree::Span span = good_span();
    span.name = fmt::format("name {}", i % 5 == 0 ? i : i % 3);
    if (i % 2 == 0) span.attributes.emplace_back("optional", int_value(i % 4));
    span.attributes.emplace_back("steady", text_value("always"));
    span.attributes.emplace_back("changing", text_value(fmt::format("value {}", i % 7)));
    span.attributes.emplace_back("long", text_value(std::string(100 + i % 60, 'x')));
    span.attributes.emplace_back(std::string(200, 'k') + std::to_string(i % 2), int_value(i % 3));
    if (i % 3 == 0) span.attributes.emplace_back("changing", int_value(i));
    span.events.push_back({static_cast<uint64_t>(i), span.name, {{"steady", int_value(i % 2)}}, 0});
    spans.push_back(span);
  }
  Decoded decoded;
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(decode(decoded, spans));
    for (size_t i = 0; i < spans.size(); ++i) {
      ASSERT_EQ(decoded.name(i), spans[i].name);
      auto got = decoded.attributes(i);
      ASSERT_THAT(got, SizeIs(spans[i].attributes.size()));
      for (size_t a = 0; a < got.size(); ++a) {
        const auto& [key, value] = spans[i].attributes[a];
        ASSERT_EQ(got[a].first, key);
        ASSERT_EQ(got[a].second, value.type == 1 ? ValueView::of_string(value.text)
                                                 : ValueView::of_int(static_cast<int64_t>(value.bits)));
      }
      auto events = decoded.events(i);
      ASSERT_EQ(decoded.batch.vocabulary->event_names.at(events.at(0).name).text, spans[i].name);
      uint32_t key = decoded.batch.vocabulary->find_key({Scope::event, "steady"});
      ASSERT_EQ(decoded.batch.vocabulary->values(key).at(events[0].values[0]),
                ValueView::of_int(static_cast<int64_t>(i % 2)));
    }
  }
}

TEST_P(BothEncodings, ValuesThatDoNotComeBackAreTheBatchsOwn) {
  Decoded decoded;
  int at = 0;
  for (int request = 0; request < 3; ++request) {
    std::vector<tree::Span> spans;
    for (int i = 0; i < 4000; ++i, ++at) {
      tree::Span span = good_span();
      span.attributes = {{"id", text_value(fmt::format("unique {}", at))}, {"few", int_value(at % 10)}};
      spans.push_back(span);
    }
    ASSERT_TRUE(decode(decoded, spans));
    EXPECT_EQ(decoded.attributes(3999).at(0).second.text, fmt::format("unique {}", at - 1));
  }
  Vocabulary& vocabulary = *decoded.batch.vocabulary;
  EXPECT_LT(vocabulary.values(vocabulary.find_key({Scope::span, "id"})).size(), 5000);
  EXPECT_THAT(decoded.batch.own_values, SizeIs(4000)) << "those of the last request, and none of \"few\"";
}

TEST_P(BothEncodings, IntegersAtThePlaceOfTheLast) {
  std::vector<tree::Span> spans;
  std::vector<int64_t> numbers;
  for (int shift : {0, 6, 7, 8, 13, 14, 21, 28, 31, 32, 34, 35, 36, 62, 63}) {
    const uint64_t power = uint64_t{1} << shift;
    for (uint64_t number : {power, power - 1, -power}) numbers.push_back(static_cast<int64_t>(number));
  }
  for (int64_t number : numbers) {
    tree::Span span = good_span();
    span.attributes = {{"n", int_value(number)}};
    spans.push_back(span);
  }
  Decoded decoded;
  ASSERT_TRUE(decode(decoded, spans));
  for (size_t i = 0; i < numbers.size(); ++i) {
    EXPECT_EQ(decoded.attributes(i).at(0).second, ValueView::of_int(numbers[i])) << numbers[i];
  }
}

// Texts alike in length and at both ends, of a key that is looked up often, beside one of another type.
TEST_P(BothEncodings, RecentTextsAreToldApart) {
  std::vector<tree::Span> spans;
  for (int i = 0; i < 4000; ++i) {
    tree::Span span = good_span();
    bool is_odd_one = i % 10 == 9;
    span.attributes = {
        {"text", is_odd_one ? int_value(i) : text_value(fmt::format("at the begin {} at the end", i % 7))},
        {"other", text_value(fmt::format("at the begin {} at the end", i % 3))}};
    spans.push_back(span);
  }
  Decoded decoded;
  ASSERT_TRUE(decode(decoded, spans));
  for (size_t i = 0; i < spans.size(); ++i) {
    for (size_t a = 0; a < 2; ++a) {
      const tree::Value& value = spans[i].attributes[a].second;
      ASSERT_EQ(decoded.attributes(i).at(a).second,
                value.type == 1 ? ValueView::of_string(value.text) : ValueView::of_int(static_cast<int64_t>(i)));
    }
  }
}

TEST_P(BothEncodings, ABatchsOwnValuesAreWhole) {
  Decoded decoded;
  auto span_with = [](const tree::Value& value) {
    tree::Span span = good_span();
    span.attributes = {{"id", value}};
    span.events.push_back({1, "event", {{"id", value}}, 0});
    return span;
  };
  std::vector<tree::Span> spans;
  for (int i = 0; i < 5000; ++i) spans.push_back(span_with(text_value(fmt::format("{} is unique", i))));
  ASSERT_TRUE(decode(decoded, spans));
  tree::Value list{5, "", 0, {{"", text_value("one")}, {"", int_value(2)}}};
  const tree::Value values[] = {text_value(""),
                                text_value("short"),
                                text_value(std::string(300, 'x')),
                                int_value(-5),
                                int_value(0),
                                list,
                                text_value("short"),
                                list};
  spans.clear();
  for (const tree::Value& value : values) spans.push_back(span_with(value));
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(decode(decoded, spans));
    for (size_t i = 0; i < std::size(values); ++i) {
      ValueView got = decoded.attributes(i).at(0).second;
      ASSERT_EQ(static_cast<int>(got.type), values[i].type);
      if (got.type == ValueType::array) {
        EXPECT_EQ(got, decoded.attributes(5).at(0).second);
      } else {
        EXPECT_EQ(got.text, values[i].text);
        EXPECT_EQ(got.scalar, values[i].bits);
      }
      uint32_t key = decoded.batch.vocabulary->find_key({Scope::event, "id"});
      EXPECT_EQ(decoded.batch.value(key, decoded.events(i).at(0).values[0]), got);
    }
    EXPECT_THAT(decoded.batch.own_values, SizeIs(2 * std::size(values)));
  }
}

TEST_P(BothEncodings, AnEmptyRequestIsFine) {
  Decoded decoded;
  EXPECT_TRUE(decoded.request({}, GetParam()));
  EXPECT_TRUE(decoded.request({{}}, GetParam()));
  EXPECT_THAT(decoded.batch.rows, SizeIs(0));
  EXPECT_EQ(decoded.batch.rejected.spans, 0);
}

}  // namespace
}  // namespace clew::wire
