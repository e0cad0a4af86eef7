#include <gmock/gmock.h>

#include "cli/context/explained_header.h"

namespace clew::cli {
namespace {

using testing::HasSubstr;

const std::string kHeaderTrace = "463ac35c9f6413ad48485a3953bb6124", kHeaderSpan = "a2fb4a1d1a96d312";

struct HeaderCase {
  std::string header;
  std::string format;
  std::string fields;  // "name=text (meaning); …"
  int fault_at = -1;
  std::string fault = "";
};

std::string explained_fields(const ExplainedHeader& header) {
  std::string text;
  for (const ExplainedField& field : header.fields) {
    text += (text.empty() ? "" : "; ") + field.name + "=" + field.text;
    if (!field.meaning.empty()) text += " (" + field.meaning + ")";
  }
  return text;
}

void check_headers(const std::vector<HeaderCase>& cases) {
  for (const HeaderCase& c : cases) {
    SCOPED_TRACE(c.header);
    const auto header = recognise_header(c.header);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->format->name, c.format);
    const ExplainedHeader explained = header->format->explain(header->value);
    EXPECT_THAT(explained_fields(explained), HasSubstr(c.fields));
    EXPECT_EQ(explained.fault ? static_cast<int>(explained.fault->at) : -1, c.fault_at);
    if (explained.fault) {
      EXPECT_THAT(explained.fault->what, HasSubstr(c.fault));
      EXPECT_LE(explained.fault->at, header->value.size());
    }
  }
}

TEST(HeaderFormatsTest, Traceparent) {
  const std::string ids = kHeaderTrace + "-" + kHeaderSpan, name = "traceparent";
  check_headers({
      {"00-" + ids + "-03", name,
       "version=00; trace id=" + kHeaderTrace + "; parent id=" + kHeaderSpan +
           " (the span that sent this); flags=03 (sampled, the trace id is random)"},
      {" TraceParent :  00-" + ids + "-00 ", name, "flags=00 (not sampled)"},
      {"00-" + ids + "-85", name, "flags=85 (sampled; 0x84 has no meaning, and is not sent on)"},
      {"cc-" + ids + "-01-x-y", name, "more=x-y (of the later version)"},
      {"traceparent:", name, "", 0, "0 digits instead of 2"},
      {"ff-" + ids + "-01", name, "", 0, "version ff is forbidden"},
      {"0x-" + ids + "-01", name, "", 1, "the version has 'x'"},
      {"traceparent: 000-" + ids + "-01", name, "", 2, "3 digits instead of 2"},
      {"00-463AC35c9f6413ad48485a3953bb6124-" + kHeaderSpan + "-01", name, "version=00", 6, "upper-case digit"},
      {"00-" + kHeaderTrace + "0-" + kHeaderSpan + "-01", name, "version=00", 35, "33 digits instead of 32"},
      {"00-" + std::string(32, '0') + "-" + kHeaderSpan + "-01", name, "", 3, "all zeros"},
      {"00-" + kHeaderTrace + "-" + kHeaderSpan.substr(1) + "-01", name, "trace id", 51, "15 digits instead of 16"},
      {"00-" + kHeaderTrace, name, "trace id", 35, "the parent id is missing"},
      {"00-" + ids, name, "parent id", 52, "the flags byte is missing"},
      {"00-" + ids + "-1", name, "", 54, "1 digits instead of 2"},
      {"00-" + ids + "-01-", name, "flags=01", 55, "version 00 ends"},
  });
}

TEST(HeaderFormatsTest, Tracestate) {
  const std::string name = "tracestate";
  std::string full;
  for (int i = 0; i < 33; ++i) full += "k" + std::to_string(i) + "=v,";
  check_headers({
      {"a=1, b@c=x y ,,", name, "a=1; b@c=x y"},
      {"ot=th:c;rv:0123456789abcd", name, "(sampled with probability 0.25: each span stands for 4)"},
      {"tracestate: ot=th:xyz", name, "ot=th:xyz"},
      {"tracestate:", name, ""},
      {"tracestate: a=1,B=2", name, "a=1", 4, "'B' in a key: keys begin with"},
      {"tracestate: a.b=1", name, "", 1, "'.' in a key"},
      {"tracestate: a =1", name, "", 1, "a space in a key"},
      {"tracestate: a=1,a=2", name, "a=1", 4, "there already"},
      {"tracestate: a=b=c", name, "", 3, "'=' in a value"},
      {"tracestate: a=\x01", name, "", 2, "byte 0x01"},
      {"tracestate: a", name, "", 1, "without '='"},
      {"tracestate: =1", name, "", 0, "without a key"},
      {"tracestate: a=", name, "", 2, "without a value"},
      {"tracestate: " + std::string(257, 'a') + "=1", name, "", 256, "256"},
      {"tracestate: a=" + std::string(257, 'v'), name, "", 258, "256"},
      {"tracestate: " + full, name, "k31=v", static_cast<int>(full.find("k32")), "more than 32"},
  });
}

TEST(HeaderFormatsTest, Baggage) {
  const std::string name = "baggage";
  std::string full;
  for (int i = 0; i < 65; ++i) full += (i ? ",k" : "k") + std::to_string(i) + "=v";
  check_headers({
      {"baggage: a=1 , user=J%C3%BCrgen%20K;p;q=2", name, "a=1; user=J\xc3\xbcrgen K (properties: p;q=2)"},
      {"A.B=1=2", name, "A.B=1=2"},
      {"baggage:", name, ""},
      {"baggage: a=1,,b=2", name, "a=1", 4, "an empty entry"},
      {"baggage: a", name, "", 1, "without '='"},
      {"baggage: =1", name, "", 0, "without a key"},
      {"baggage: a b=1", name, "", 1, "a space in a key"},
      {"baggage: a=1 2", name, "", 3, "a space in a value is written %20"},
      {"baggage: a=\"1\"", name, "", 2, "%22"},
      {"baggage: a=100%", name, "", 5, "%25"},
      {"baggage: a=%zz", name, "", 2, "%25"},
      {"baggage: " + full, name, "k63=v", static_cast<int>(full.find("k64")), "more than 64"},
      {"baggage: a=" + std::string(8192, 'v'), name, "a=", 8192, "8192"},
  });
}

TEST(HeaderFormatsTest, B3) {
  const std::string name = "b3", ids = kHeaderTrace + "-" + kHeaderSpan;
  check_headers({
      {ids + "-1", name,
       "trace id=" + kHeaderTrace + "; span id=" + kHeaderSpan + " (the span that sent this); decision=1 (sampled)"},
      {ids, name, "decision= (none: left to the receiver)"},
      {"48485a3953bb6124-" + kHeaderSpan + "-d-05e3ac9a4f6e3b90", name,
       "as 128 bits: 000000000000000048485a3953bb6124"},
      {"b3: 463AC35C9F6413AD48485A3953BB6124-" + kHeaderSpan + "-0", name, "decision=0 (not sampled)"},
      {"0", name, "decision=0 (not sampled; without ids: a new trace begins)"},
      {"d", name, "debug"},
      {"b3:", name, "", 0, "neither ids"},
      {"b3: x", name, "", 0, "neither ids"},
      {"b3: " + kHeaderTrace, name, "trace id", 32, "span id is missing"},
      {ids + "-", name, "span id", 50, "one of 0, 1 and d"},
      {ids + "-1-0", name, "", 53, "1 digits instead of 16"},
      {ids + "-1-" + kHeaderSpan + "-", name, "", 68, "ends with the parent id"},
      {"b3: g" + ids.substr(1), name, "", 0, "'g', which is no hex digit"},
      {"x-b3-traceid: 48485a3953bb6124", "X-B3-TraceId", "64 bits"},
      {"X-B3-TraceId: 48485a3953bb612", "X-B3-TraceId", "", 15, "15 digits instead of 32"},
      {"X-B3-SpanId: " + kHeaderSpan, "X-B3-SpanId", "span id"},
      {"X-B3-ParentSpanId: " + std::string(16, '0'), "X-B3-ParentSpanId", "", 0, "all zeros"},
      {"X-B3-Sampled: true", "X-B3-Sampled", "decision=true (sampled)"},
      {"X-B3-Sampled: yes", "X-B3-Sampled", "", 0, "0 or 1"},
      {"X-B3-Flags: 1", "X-B3-Flags", "debug"},
      {"X-B3-Flags: 2", "X-B3-Flags", "", 0, "1 for debug"},
  });
}

TEST(HeaderFormatsTest, Jaeger) {
  const std::string name = "uber-trace-id", ids = kHeaderTrace + ":" + kHeaderSpan;
  check_headers({
      {ids + ":0:3", name, "parent id=0 (deprecated, not used); flags=3 (sampled, debug: no sampler may say no)"},
      {"uber-trace-id: 3ac:2fb::0", name, "with its zeros 000000000000000000000000000003ac"},
      {kHeaderTrace + "%3A" + kHeaderSpan + "%3a0%3A1", name, "flags=1 (sampled)"},
      {kHeaderTrace + "%3A" + kHeaderSpan + "%3a0%3Ax", name, "", 58, "one or two hex digits"},
      {ids, name, "span id", 49, "the parent id is missing"},
      {ids + ":0", name, "", 51, "the flags are missing"},
      {ids + ":0:", name, "", 52, "one or two"},
      {ids + ":0:1:", name, "", 53, "ends with the flags"},
      {ids + ":x:1", name, "", 50, "'x'"},
      {ids + ":" + kHeaderSpan + "0:1", name, "", 66, "more than 16"},
      {"uber-trace-id: 0:" + kHeaderSpan + ":0:1", name, "", 0, "all zeros"},
      {"uber-trace-id: " + kHeaderTrace + "0:1:0:1", name, "", 32, "33 digits instead of 32"},
      {"uber-trace-id:", name, "", 0, "the trace id is missing"},
  });
}

TEST(HeaderFormatsTest, Xray) {
  const std::string name = "X-Amzn-Trace-Id", root = "Root=1-5759e988-bd862e3fe1be46a994272793";
  check_headers({
      {root + ";Parent=" + kHeaderSpan + ";Sampled=1", name,
       "(trace id 5759e988bd862e3fe1be46a994272793, of 2016-06-09 22:11:20.000 UTC); Parent=" + kHeaderSpan},
      {"Self=1-2-3;" + root + "; Sampled=? ;Lineage=1:2:3;x=y", name, "Sampled=? (the receiver decides)"},
      {"x-amzn-trace-id: Sampled=1", name, "Sampled=1", 9, "Root=1-EPOCH-UNIQUE is missing"},
      {"X-Amzn-Trace-Id: Root=2-5759e988-bd862e3fe1be46a994272793", name, "", 5, "begins with its version"},
      {"X-Amzn-Trace-Id: Root=1-5759e98-bd862e3fe1be46a994272793", name, "", 14, "7 digits instead of 8"},
      {"X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a99427279", name, "", 39, "23 digits instead of 24"},
      {"X-Amzn-Trace-Id: Root=1-5759e988", name, "", 15, "0 digits instead of 24"},
      {"X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a99427279x", name, "", 39, "'x'"},
      {root + ";Parent=1", name, "", 49, "1 digits instead of 16"},
      {root + ";Sampled=yes", name, "", 49, "0, 1 or ?"},
      {root + ";Sampled", name, "", 48, "without '='"},
  });
}

TEST(HeaderFormatsTest, WhatIsNone) {
  for (const char* text : {"", "hello", "Content-Type: text/plain", "463a", "-", ":"}) {
    EXPECT_FALSE(recognise_header(text)) << text;
  }
  EXPECT_TRUE(recognise_header("a=1")->guessed);
  EXPECT_FALSE(recognise_header("baggage: a=1")->guessed);
}

// Each byte of a good header replaced by each other: an answer, and a place inside.
TEST(HeaderFormatsTest, AnyByteAnywhere) {
  const std::string headers[] = {"00-" + kHeaderTrace + "-" + kHeaderSpan + "-03",
                                 "ot=th:c;rv:0123456789abcd,a=b",
                                 "a=1%20;p,b=2",
                                 kHeaderTrace + "-" + kHeaderSpan + "-1-" + kHeaderSpan,
                                 kHeaderTrace + "%3A" + kHeaderSpan + "%3A0%3A1",
                                 "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=" + kHeaderSpan + ";Sampled=1"};
  for (const std::string& good : headers) {
    for (size_t at = 0; at < good.size(); ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string header = good;
        header[at] = static_cast<char>(c);
        for (const HeaderFormat& format : header_formats()) {
          const ExplainedHeader explained = format.explain(header);
          const size_t place = explained.fault ? explained.fault->at : 0;
          ASSERT_LE(place, header.size()) << format.name << ": " << header;
        }
      }
    }
  }
}

}  // namespace
}  // namespace clew::cli
