#include <gmock/gmock.h>

#include "propagate/header_list_for_test.h"

namespace clew {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr char kParent[] = "00-12345678901234567890123456789012-1234567890123456-01";
constexpr char kSpan[] = "12345678901234567890123456789012-1234567890123456";

std::string span_of(const HeaderList& headers) {
  return text_of(extracted(*w3c_propagator(), headers).span());
}

TEST(W3cTest, ReadsTraceparents) {
  const std::string prefix = "12345678901234567890123456789012-1234567890123456", known = kSpan;
  const struct {
    std::string header, span;
  } cases[] = {
      {"00-" + prefix + "-00", known},
      {"00-" + prefix + "-01", known + " sampled"},
      {"00-" + prefix + "-02", known + " random"},
      {"00-" + prefix + "-03", known + " sampled random"},
      {"00-" + prefix + "-ff", known + " sampled random"},
      {"00-" + prefix + "-fc", known},
      {" \t00-" + prefix + "-01\t ", known + " sampled"},
      {"cc-" + prefix + "-01", known + " sampled"},
      {"cc-" + prefix + "-01-", known + " sampled"},
      {"cc-" + prefix + "-01-what-the-future-will-be-like", known + " sampled"},
      {"00-abcdefabcdefabcdefabcdefabcdef09-abcdef0123456789-01",
       "abcdefabcdefabcdefabcdefabcdef09-abcdef0123456789 sampled"},
      {"", "none"},
      {"00", "none"},
      {"cc-" + prefix + "-01.", "none"},
      {"cc-" + prefix + "-01.what", "none"},
      {"ff-" + prefix + "-01", "none"},
      {"00-" + prefix + "-01.", "none"},
      {"00-" + prefix + "-01-", "none"},
      {"00-" + prefix + "-01-more", "none"},
      {"00-" + prefix + "-1", "none"},
      {"00-" + prefix + "-001", "none"},
      {"00-" + prefix + "-.0", "none"},
      {"00-" + prefix + "-0.", "none"},
      {"00-" + prefix + "-0A", "none"},
      {".0-" + prefix + "-01", "none"},
      {"0.-" + prefix + "-01", "none"},
      {"000-" + prefix + "-01", "none"},
      {"0-" + prefix + "-01", "none"},
      {"CC-" + prefix + "-01", "none"},
      {"00_" + prefix + "-01", "none"},
      {"00-00000000000000000000000000000000-1234567890123456-01", "none"},
      {"00-12345678901234567890123456789012-0000000000000000-01", "none"},
      {"00-.2345678901234567890123456789012-1234567890123456-01", "none"},
      {"00-1234567890123456789012345678901.-1234567890123456-01", "none"},
      {"00-123456789012345678901234567890123-1234567890123456-01", "none"},
      {"00-1234567890123456789012345678901-1234567890123456-01", "none"},
      {"00-ABCDEFABCDEFABCDEFABCDEFABCDEF09-1234567890123456-01", "none"},
      {"00-12345678901234567890123456789012-.234567890123456-01", "none"},
      {"00-12345678901234567890123456789012-123456789012345.-01", "none"},
      {"00-12345678901234567890123456789012-12345678901234567-01", "none"},
      {"00-12345678901234567890123456789012-123456789012345-01", "none"},
      {"00-12345678901234567890123456789012-123456789012345A-01", "none"},
      {"00-12345678901234567890123456789012_1234567890123456-01", "none"},
      {"00-12345678901234567890123456789012-1234567890123456_01", "none"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(span_of({{"traceparent", c.header}}), c.span) << c.header;
    EXPECT_EQ(span_of({{"TraceParent", c.header}}), c.span) << c.header;
  }
}

TEST(W3cTest, RefusesEveryOtherCharacterAtEveryPlace) {
  const std::string good = "00-abcdefabcdefabcdefabcdefabcdef09-abcdef0123456789-01";
  for (size_t at = 0; at < good.size(); ++at) {
    for (int c = 1; c < 256; ++c) {
      std::string header = good;
      header[at] = char(c);
      const bool digit = good[at] != '-' && ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
      const bool trimmed = (at == 0 || at == good.size() - 1) && (c == ' ' || c == '\t');
      const bool longer_version = at < 2 && digit;  // of the same length
      if (header == good || trimmed || longer_version) continue;
      EXPECT_EQ(span_of({{"traceparent", header}}) == "none", !digit) << header;
    }
  }
}

TEST(W3cTest, LeavesTheContextWhenThereIsNoneOrMoreThanOne) {
  const Context base(extracted(*w3c_propagator(), {{"traceparent", kParent}}).span(), TraceState::parse("a=1"));
  const HeaderList cases[] = {
      {},
      {{"trace-parent", kParent}},
      {{"traceparent", kParent}, {"traceparent", kParent}},
      {{"tracestate", "b=2"}},
      {{"traceparent", "nonsense"}, {"tracestate", "b=2"}},
  };
  for (const HeaderList& headers : cases) {
    const Context found = extracted(*w3c_propagator(), headers, base);
    EXPECT_EQ(text_of(found.span()), std::string(kSpan) + " sampled");
    EXPECT_EQ(found.trace_state().header(), "a=1");
  }
}

TEST(W3cTest, TakesTheTracestateOfItsOwnTraceparentOnly) {
  const Context base(SpanContext(), TraceState::parse("old=1"), Baggage().with("k", "v"));
  const Context found = extracted(*w3c_propagator(), {{"traceparent", kParent}}, base);
  EXPECT_TRUE(found.trace_state().empty());
  EXPECT_EQ(found.baggage().get("k"), "v");
}

TEST(W3cTest, SeveralTracestatesAreOne) {
  const auto state_of = [](std::vector<std::string> states) {
    HeaderList headers{{"traceparent", kParent}};
    for (std::string& state : states) headers.emplace_back("tracestate", state);
    return std::string(extracted(*w3c_propagator(), headers).trace_state().header());
  };
  EXPECT_EQ(state_of({"foo=1,bar=2", "rojo=1,congo=2", "baz=3"}), "foo=1,bar=2,rojo=1,congo=2,baz=3");
  EXPECT_EQ(state_of({"foo=1", ""}), "foo=1");
  EXPECT_EQ(state_of({"", "foo=1"}), "foo=1");
  EXPECT_EQ(state_of({"", ""}), "");
  EXPECT_EQ(state_of({"foo=1", "foo=1"}), "");
  EXPECT_EQ(state_of({"foo=1", "foo=2"}), "");
  EXPECT_EQ(state_of({"foo=1", "B=2"}), "");
  EXPECT_EQ(state_of(std::vector<std::string>(33, "")), "") << "more headers than members there may be";
}

TEST(W3cTest, Writes) {
  Context context = extracted(*w3c_propagator(), {{"traceparent", kParent}, {"tracestate", " a=1 , b=2"}});
  EXPECT_THAT(injected(*w3c_propagator(), context),
              ElementsAre(Pair("traceparent", kParent), Pair("tracestate", "a=1,b=2")));
  SpanContext span = context.span();
  span.flags = 0xfe;
  EXPECT_THAT(injected(*w3c_propagator(), Context(span)),
              ElementsAre(Pair("traceparent", "00-12345678901234567890123456789012-1234567890123456-02")));
  EXPECT_TRUE(injected(*w3c_propagator(), Context(SpanContext(), TraceState::parse("a=1"))).empty());
}

}  // namespace
}  // namespace clew
