#include <gmock/gmock.h>

#include "propagate/header_list_for_test.h"

namespace clew {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const std::string kTrace = "463ac35c9f6413ad48485a3953bb6124", kSpan = "a2fb4a1d1a96d312";
const std::string kIds = kTrace + "-" + kSpan;
const std::string kShortIds = "000000000000000048485a3953bb6124-" + kSpan;

TEST(B3Test, ReadsTheSingleHeader) {
  const struct {
    std::string header, span;
  } cases[] = {
      {kIds, kIds},
      {kIds + "-0", kIds},
      {kIds + "-1", kIds + " sampled"},
      {kIds + "-d", kIds + " sampled debug"},
      {kIds + "-1-05e3ac9a4f6e3b90", kIds + " sampled"},
      {"48485a3953bb6124-" + kSpan + "-1", kShortIds + " sampled"},
      {"463AC35C9F6413AD48485A3953BB6124-A2FB4A1D1A96D312-1", kIds + " sampled"},
      {"0", "none"},
      {"1", "none"},
      {"d", "none"},
      {"", "none"},
      {kTrace, "none"},
      {kIds + "-", "none"},
      {kIds + "-x", "none"},
      {kIds + "-D", "none"},
      {kIds + "-1-", "none"},
      {kIds + "-1-05e3ac9a4f6e3b9", "none"},
      {kIds + "-1-05e3ac9a4f6e3b90-1", "none"},
      {"0" + kIds + "-1", "none"},
      {"63ac35c9f6413ad48485a3953bb6124-" + kSpan, "none"},
      {"00000000000000000000000000000000-" + kSpan + "-1", "none"},
      {kTrace + "-0000000000000000-1", "none"},
      {"g63ac35c9f6413ad48485a3953bb6124-" + kSpan, "none"},
  };
  for (const auto& c : cases) {
    for (const auto& propagator : {b3_propagator(), b3_multi_propagator()}) {
      EXPECT_EQ(text_of(extracted(*propagator, {{"B3", c.header}}).span()), c.span) << c.header;
    }
  }
}

TEST(B3Test, ReadsSeveralHeaders) {
  const HeaderList ids{{"x-b3-traceid", kTrace}, {"x-b3-spanid", kSpan}};
  const struct {
    HeaderList more;
    std::string span;
  } cases[] = {
      {{}, kIds},
      {{{"X-B3-Sampled", "0"}}, kIds},
      {{{"X-B3-Sampled", "false"}}, kIds},
      {{{"X-B3-Sampled", "1"}}, kIds + " sampled"},
      {{{"X-B3-Sampled", "true"}}, kIds + " sampled"},
      {{{"X-B3-Sampled", "d"}}, kIds + " sampled debug"},
      {{{"X-B3-Flags", "1"}}, kIds + " sampled debug"},
      {{{"X-B3-Flags", "1"}, {"X-B3-Sampled", "0"}}, kIds + " sampled debug"},
      {{{"X-B3-Flags", "0"}, {"X-B3-Sampled", "1"}}, kIds + " sampled"},
      {{{"X-B3-ParentSpanId", "05e3ac9a4f6e3b90"}}, kIds},
      {{{"X-B3-Sampled", "2"}}, "none"},
      {{{"X-B3-SpanId", kSpan}}, "none"},  // twice
  };
  for (const auto& c : cases) {
    HeaderList headers = ids;
    headers.insert(headers.end(), c.more.begin(), c.more.end());
    EXPECT_EQ(text_of(extracted(*b3_propagator(), headers).span()), c.span);
  }
  EXPECT_EQ(text_of(extracted(*b3_propagator(), {{"X-B3-Sampled", "1"}}).span()), "none");
}

TEST(B3Test, TheSingleHeaderWins) {
  const HeaderList both{{"X-B3-TraceId", "11111111111111111111111111111111"}, {"X-B3-SpanId", kSpan}, {"b3", kIds}};
  EXPECT_EQ(text_of(extracted(*b3_multi_propagator(), both).span()), kIds);
  const HeaderList bad{{"X-B3-TraceId", kTrace}, {"X-B3-SpanId", kSpan}, {"b3", "0"}};
  EXPECT_EQ(text_of(extracted(*b3_multi_propagator(), bad).span()), kIds);
}

TEST(B3Test, WritesWhatItReads) {
  for (const char* decision : {"-0", "-1", "-d"}) {
    const Context context = extracted(*b3_propagator(), {{"b3", kIds + decision}});
    EXPECT_THAT(injected(*b3_propagator(), context), ElementsAre(Pair("b3", kIds + decision)));
  }
  const auto several = [&](const char* single) {
    return injected(*b3_multi_propagator(), extracted(*b3_propagator(), {{"b3", kIds + single}}));
  };
  const auto trace = Pair("X-B3-TraceId", kTrace), span = Pair("X-B3-SpanId", kSpan);
  EXPECT_THAT(several("-0"), ElementsAre(trace, span, Pair("X-B3-Sampled", "0")));
  EXPECT_THAT(several("-1"), ElementsAre(trace, span, Pair("X-B3-Sampled", "1")));
  EXPECT_THAT(several("-d"), ElementsAre(trace, span, Pair("X-B3-Flags", "1")));
  EXPECT_TRUE(injected(*b3_propagator(), Context()).empty());
}

TEST(JaegerTest, ReadsIds) {
  const struct {
    std::string header, span;
  } cases[] = {
      {kTrace + ":" + kSpan + ":0:1", kIds + " sampled"},
      {kTrace + ":" + kSpan + ":0:0", kIds},
      {kTrace + ":" + kSpan + ":0:2", kIds + " sampled debug"},
      {kTrace + ":" + kSpan + ":0:3", kIds + " sampled debug"},
      {kTrace + ":" + kSpan + ":05e3ac9a4f6e3b90:01", kIds + " sampled"},
      {kTrace + ":" + kSpan + "::1", kIds + " sampled"},
      {kTrace + ":" + kSpan + ":0:4", kIds},
      {kTrace + ":" + kSpan + ":0:B", kIds + " sampled debug"},
      {kTrace + "%3A" + kSpan + "%3a0%3A1", kIds + " sampled"},
      {"48485a3953bb6124:" + kSpan + ":0:1", kShortIds + " sampled"},
      {"3ac:2fb:0:1", "000000000000000000000000000003ac-00000000000002fb sampled"},
      {"3AC:2FB:0:1", "000000000000000000000000000003ac-00000000000002fb sampled"},
      {"", "none"},
      {kTrace, "none"},
      {kTrace + ":" + kSpan, "none"},
      {kTrace + ":" + kSpan + ":0", "none"},
      {kTrace + ":" + kSpan + ":0:", "none"},
      {kTrace + ":" + kSpan + ":0:1:1", "none"},
      {kTrace + ":" + kSpan + ":0:x", "none"},
      {kTrace + ":" + kSpan + ":0:001", "none"},
      {"0:" + kSpan + ":0:1", "none"},
      {kTrace + ":0:0:1", "none"},
      {"1" + kTrace + ":" + kSpan + ":0:1", "none"},
      {kTrace + ":1" + kSpan + ":0:1", "none"},
      {kTrace + ":" + kSpan + ":0:1" + std::string(100, ' '), kIds + " sampled"},
      {std::string(129, '1'), "none"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(text_of(extracted(*jaeger_propagator(), {{"uber-trace-id", c.header}}).span()), c.span) << c.header;
  }
}

TEST(JaegerTest, CarriesBaggage) {
  const Context base = Context().with(Baggage().with("old", "1"));
  const HeaderList headers{{"Uberctx-user-id", "a%20b%2C"}, {"uberctx-x", "1+1"}, {"jaeger-baggage", "y=2, z=3"}};
  const Context found = extracted(*jaeger_propagator(), headers, base);
  EXPECT_EQ(text_of(found.baggage()), "old=1,user-id=a b,,x=1+1,y=2,z=3");
  EXPECT_THAT(injected(*jaeger_propagator(), found),
              ElementsAre(Pair("uberctx-old", "1"), Pair("uberctx-user-id", "a%20b%2C"), Pair("uberctx-x", "1%2B1"),
                          Pair("uberctx-y", "2"), Pair("uberctx-z", "3")));
}

TEST(JaegerTest, LeavesOutWhatIsTooLarge) {
  const std::string largest(Baggage::kMaxBytes / 3, '/');
  const auto written = [](const std::string& value) {
    return injected(*jaeger_propagator(), Context().with(Baggage().with("k", value).with("x", "1"))).size();
  };
  EXPECT_EQ(written(largest), 2u);
  EXPECT_EQ(written(largest + "/"), 1u);
}

TEST(JaegerTest, WritesWhatItReads) {
  for (const char* flags : {"0", "1", "3"}) {
    const std::string header = kTrace + ":" + kSpan + ":0:" + flags;
    const Context context = extracted(*jaeger_propagator(), {{"uber-trace-id", header}});
    EXPECT_THAT(injected(*jaeger_propagator(), context), ElementsAre(Pair("uber-trace-id", header)));
  }
}

TEST(XrayTest, Reads) {
  const std::string root = "Root=1-463ac35c-9f6413ad48485a3953bb6124", parent = "Parent=" + kSpan;
  const struct {
    std::string header, span;
  } cases[] = {
      {root + ";" + parent + ";Sampled=1", kIds + " sampled"},
      {root + ";" + parent + ";Sampled=0", kIds},
      {root + ";" + parent + ";Sampled=?", kIds},
      {root + ";" + parent, kIds},
      {"Sampled=1 ; " + parent + " ; " + root, kIds + " sampled"},
      {"Self=1-67891234-12456789abcdef012345678;" + root + ";" + parent + ";Sampled=1;Unknown=7", kIds + " sampled"},
      {"Root=1-463AC35C-9F6413AD48485A3953BB6124;" + parent, kIds},
      {root, "none"},
      {parent, "none"},
      {"", "none"},
      {"Root=2-463ac35c-9f6413ad48485a3953bb6124;" + parent, "none"},
      {"Root=1-463ac35-c9f6413ad48485a3953bb6124;" + parent, "none"},
      {"Root=1-463ac35c-9f6413ad48485a3953bb612;" + parent, "none"},
      {"Root=1-00000000-000000000000000000000000;" + parent, "none"},
      {root + ";Parent=0000000000000000", "none"},
      {root + ";Parent=a2fb4a1d1a96d31", "none"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(text_of(extracted(*xray_propagator(), {{"x-amzn-trace-id", c.header}}).span()), c.span) << c.header;
  }
}

TEST(XrayTest, KeepsTheLineage) {
  const std::string header = "Root=1-463ac35c-9f6413ad48485a3953bb6124;Parent=" + kSpan + ";Sampled=1";
  const HeaderList headers{{"X-Amzn-Trace-Id", header + ";Lineage=32767:e65a2c4d:255"}};
  const Context found = extracted(*xray_propagator(), headers, Context().with(Baggage().with("k", "v")));
  EXPECT_EQ(text_of(found.baggage()), "k=v,Lineage=32767:e65a2c4d:255");
  EXPECT_THAT(injected(*xray_propagator(), found), ElementsAre(Pair("X-Amzn-Trace-Id", headers[0].second)));
  // What is none is not passed on, wherever it comes from.
  for (const std::string& bad : {std::string("a b"), std::string("a;b=c"), std::string(257, 'a'), std::string()}) {
    EXPECT_THAT(injected(*xray_propagator(), found.with(Baggage().with("Lineage", bad))),
                ElementsAre(Pair("X-Amzn-Trace-Id", header)))
        << bad;
  }
}

TEST(BaggageHeaderTest, SeveralHeadersAddUp) {
  const Context base(SpanContext(), TraceState(), Baggage().with("old", "1").with("a", "0"));
  const Context found = extracted(*baggage_propagator(), {{"baggage", "a=1,b=2"}, {"Baggage", "b=3;p"}}, base);
  EXPECT_EQ(text_of(found.baggage()), "old=1,a=1,b=3;p");
  EXPECT_THAT(injected(*baggage_propagator(), found), ElementsAre(Pair("baggage", "old=1,a=1,b=3;p")));
  EXPECT_TRUE(injected(*baggage_propagator(), Context()).empty());
  EXPECT_EQ(text_of(extracted(*baggage_propagator(), {}, base).baggage()), "old=1,a=0");
}

TEST(CompositeTest, ReadsAllWritesAll) {
  const auto all = composite_propagator({w3c_propagator(), b3_propagator(), baggage_propagator()});
  const HeaderList headers{
      {"traceparent", "00-" + kIds + "-02"}, {"tracestate", "a=1"}, {"b3", kIds + "-d"}, {"baggage", "k=v"}};
  const Context found = extracted(*all, headers);
  EXPECT_EQ(text_of(found.span()), kIds + " sampled random debug");
  EXPECT_EQ(found.trace_state().header(), "a=1");
  EXPECT_THAT(injected(*all, found), ElementsAre(Pair("traceparent", "00-" + kIds + "-03"), Pair("tracestate", "a=1"),
                                                 Pair("b3", kIds + "-d"), Pair("baggage", "k=v")));
  EXPECT_THAT(std::vector<std::string_view>(all->fields().begin(), all->fields().end()),
              ElementsAre("traceparent", "tracestate", "b3", "baggage"));
}

TEST(CompositeTest, TheLastSpanFoundCounts) {
  const auto all = composite_propagator({w3c_propagator(), b3_propagator()});
  const std::string other = "11111111111111111111111111111111-2222222222222222";
  const Context found =
      extracted(*all, {{"traceparent", "00-" + kIds + "-03"}, {"tracestate", "a=1"}, {"b3", other + "-0"}});
  EXPECT_EQ(text_of(found.span()), other);
  EXPECT_TRUE(found.trace_state().empty()) << "it belongs to the other trace";
}

TEST(CompositeTest, AMigrationReadsBothAndWritesOne) {
  const auto migrating = migrating_propagator({b3_propagator(), w3c_propagator()}, w3c_propagator());
  const std::string parent = "00-" + kIds + "-01";
  for (const HeaderList& headers : {HeaderList{{"b3", kIds + "-1"}}, HeaderList{{"traceparent", parent}}}) {
    EXPECT_THAT(injected(*migrating, extracted(*migrating, headers)), ElementsAre(Pair("traceparent", parent)));
  }
}

TEST(PropagatorNamesTest, Chooses) {
  const auto fields_of = [](std::string_view names, std::string* problem = nullptr) {
    const auto chosen = propagator_from(names, problem);
    std::string fields;
    if (chosen == nullptr) return fields;
    for (std::string_view field : chosen->fields()) fields += std::string(field) + " ";
    return fields;
  };
  std::string problem;
  EXPECT_EQ(fields_of("tracecontext,baggage", &problem), "traceparent tracestate baggage ");
  EXPECT_EQ(fields_of(" b3 , tracecontext,b3", &problem), "b3 traceparent tracestate ");
  EXPECT_EQ(fields_of("b3multi", &problem), "X-B3-TraceId X-B3-SpanId X-B3-Sampled X-B3-Flags ");
  EXPECT_EQ(fields_of("jaeger,xray", &problem), "uber-trace-id X-Amzn-Trace-Id ");
  EXPECT_EQ(fields_of("none", &problem), "");
  EXPECT_EQ(problem, "");
  EXPECT_EQ(fields_of("ottrace,b3", &problem), "b3 ");
  EXPECT_THAT(problem, HasSubstr("'ottrace' is left out"));
  problem.clear();
  EXPECT_EQ(fields_of("B3,nonsense", &problem), "traceparent tracestate baggage ") << "the default";
  EXPECT_THAT(problem, HasSubstr("'B3'"));
  EXPECT_THAT(problem, HasSubstr("'nonsense'"));
}

}  // namespace
}  // namespace clew
