// Spans as a program makes them, seen by the in-memory exporter.
#include "clew/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "clew/in_memory.h"
#include "clew/init.h"

namespace clew {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

class SpanTest : public testing::Test {
 protected:
  void SetUp() override { configure(Config()); }

  void configure(Config config) {
    config.exporters.push_back(spans.exporter());
    ASSERT_TRUE(init(std::move(config)));
  }
  FinishedSpan only() {
    const std::vector<FinishedSpan> all = spans.finished();
    EXPECT_THAT(all, SizeIs(1));
    return all.empty() ? FinishedSpan() : all[0];
  }

  InMemorySpans spans;
  Tracer tracer_ = tracer("test", "1.0");
};

uint64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return uint64_t(now.tv_sec) * 1000000000 + uint64_t(now.tv_nsec);
}

TEST_F(SpanTest, HasNameKindTimesAndScope) {
  const uint64_t before = now_ns();
  {
    auto span = tracer_.start("charge card", kClient);
  }
  const uint64_t after = now_ns();
  const FinishedSpan span = only();
  EXPECT_EQ(span.name, "charge card");
  EXPECT_EQ(span.kind, kClient);
  EXPECT_EQ(span.scope_name, "test");
  EXPECT_EQ(span.scope_version, "1.0");
  EXPECT_TRUE(span.context.valid());
  EXPECT_EQ(span.context.flags, SpanContext::kSampled | SpanContext::kRandom);
  EXPECT_FALSE(span.parent_id.valid());
  EXPECT_EQ(span.status, Status::kUnset);
  // Ticks are mapped to the wall clock to within a fraction of a millisecond, even right after the start.
  EXPECT_GE(span.start_unix_ns, before - 1'000'000);
  EXPECT_LE(span.end_unix_ns, after + 1'000'000);
  EXPECT_LE(span.start_unix_ns, span.end_unix_ns);
}

TEST_F(SpanTest, AttributesOfEveryType) {
  {
    auto span = tracer_.start("all");
    const std::string text = "grüße";
    const std::vector<bool> flags{true, false};
    const KeyValue inner[] = {{"a", 1}, {"b", "x"}};
    const Value mixed[] = {1, "two", 3.5};
    span.set("literal", "text").set("string", text).set("view", std::string_view("v")).set("empty", "");
    span.set("int", -7).set("unsigned", 7u).set("huge", UINT64_MAX).set("int64", INT64_MIN).set("char", 'a');
    span.set("double", 12.5).set("float", 0.5f).set("yes", true).set("no", false);
    span.set("texts", std::vector<std::string>{"a", "", "c"}).set("ints", std::array<int, 2>{1, 2});
    span.set("flags", flags).set("list", {1.5, 2.5}).set("none", std::vector<int>{}).set("bytes", Bytes{"\x01\xff", 2});
    span.set("map", Value(List<const KeyValue>{inner, 2})).set("mixed", Value(List<const Value>{mixed, 3}));
    const char* nothing = nullptr;
    span.set("no text", nothing).set("nullptr", nullptr);
    span.set("null", Value()).set({{"many", 1}, {"more", "2"}});
  }
  EXPECT_THAT(only().attributes,
              ElementsAre(Pair("literal", "text"), Pair("string", "grüße"), Pair("view", "v"), Pair("empty", ""),
                          Pair("int", "-7"), Pair("unsigned", "7"), Pair("huge", "9223372036854775807"),
                          Pair("int64", "-9223372036854775808"), Pair("char", "97"), Pair("double", "12.5"),
                          Pair("float", "0.5"), Pair("yes", "true"), Pair("no", "false"),
                          Pair("texts", R"(["a","","c"])"), Pair("ints", "[1,2]"), Pair("flags", "[true,false]"),
                          Pair("list", "[1.5,2.5]"), Pair("none", "[]"), Pair("bytes", "\"Af8=\""),
                          Pair("map", R"({"a":1,"b":"x"})"), Pair("mixed", R"([1,"two",3.5])"), Pair("no text", ""),
                          Pair("nullptr", "null"), Pair("null", "null"), Pair("many", "1"), Pair("more", "2")));
}

TEST_F(SpanTest, AKeySetAgainIsReplacedInItsPlace) {
  {
    auto span = tracer_.start("again");
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 40; ++i) span.set("key" + std::to_string(i), round * 100 + i);
    }
  }
  const FinishedSpan span = only();
  ASSERT_THAT(span.attributes, SizeIs(40));
  for (int i = 0; i < 40; ++i) {
    EXPECT_THAT(span.attributes[size_t(i)], Pair("key" + std::to_string(i), std::to_string(200 + i)));
  }
}

TEST_F(SpanTest, ManyAndLongAttributesGrowTheSpan) {
  const std::string kilo(1000, 'k');
  for (int round = 0; round < 3; ++round) {
    auto span = tracer_.start("long");
    for (int i = 0; i < 50; ++i) span.set("key" + std::to_string(i), kilo);
    span.set("short", 1);
  }
  for (const FinishedSpan& span : spans.finished()) {
    EXPECT_THAT(span.attributes, SizeIs(51));
    EXPECT_EQ(*span.attribute("key49"), kilo);
    EXPECT_EQ(*span.attribute("short"), "1");
  }
  EXPECT_THAT(spans.finished(), SizeIs(3));
}

TEST_F(SpanTest, WhatDoesNotFitIsCounted) {
  {
    auto span = tracer_.start("full");
    for (int i = 0; i < 100; ++i) span.set("key" + std::to_string(i), std::string(1000, 'x'));
    span.event("late", {{"text", std::string(5000, 'y')}});
    span.set("", "no key").set(std::string(70000, 'k'), 1);
  }
  const FinishedSpan span = only();
  EXPECT_EQ(span.attributes.size() + span.dropped_attributes, 102u + 1);  // and the event's
  EXPECT_GT(span.attributes.size(), 60u);
}

TEST_F(SpanTest, LimitsHold) {
  Config config;
  config.limits.attributes = 3;
  config.limits.attribute_value_chars = 4;
  config.limits.events = 2;
  config.limits.links = config.limits.event_attributes = 1;
  config.limits.link_attributes = 0;
  configure(std::move(config));
  {
    auto span = tracer_.start("a long name is no attribute");
    span.set("a", "grüße")
        .set("b", "🙂🙂🙂🙂🙂")
        .set("c", std::vector<std::string>{"12345", "1"})
        .set("d", 1)
        .set("a", "12");
    for (int i = 0; i < 4; ++i) span.event("event", {{"a", "abcdef"}, {"b", 2}});
    for (int i = 0; i < 3; ++i) span.link(span.span_context(), {{"a", 1}});
  }
  const FinishedSpan span = only();
  EXPECT_EQ(span.name, "a long name is no attribute");
  EXPECT_THAT(span.attributes, ElementsAre(Pair("a", "12"), Pair("b", "🙂🙂🙂🙂"), Pair("c", R"(["1234","1"])")));
  EXPECT_EQ(span.dropped_attributes, 1u);
  ASSERT_THAT(span.events, SizeIs(2));
  EXPECT_EQ(span.dropped_events, 2u);
  EXPECT_THAT(span.events[0].attributes, ElementsAre(Pair("a", "abcd")));
  ASSERT_THAT(span.links, SizeIs(1));
  EXPECT_THAT(span.links[0].attributes, IsEmpty());
  EXPECT_EQ(span.dropped_links, 2u);
}

TEST_F(SpanTest, TextsThatAreNotUtf8AreRepaired) {
  {
    tracer_.start("na\xffme").set("k\xc0y", "a\xed\xa0\x80z").status(Status::kError, "\xf5");
  }
  const FinishedSpan span = only();
  EXPECT_EQ(span.name, "na\uFFFDme");
  EXPECT_THAT(span.attributes, ElementsAre(Pair("k\uFFFDy", "a\uFFFD\uFFFD\uFFFDz")));
  EXPECT_EQ(span.status_message, "\uFFFD");
}

TEST_F(SpanTest, EventsAndLinks) {
  Context other;
  {
    auto span = tracer_.start("other");
    other = span.context();
  }
  spans.clear();
  {
    auto span = tracer_.start("events");
    span.event("now", {{"n", 1}, {"text", "x"}}).event_at(42, "then");
    span.link(other, {{"why", "retry"}}).link(other.span());
  }
  const FinishedSpan span = only();
  ASSERT_THAT(span.events, SizeIs(2));
  EXPECT_EQ(span.events[0].name, "now");
  EXPECT_THAT(span.events[0].attributes, ElementsAre(Pair("n", "1"), Pair("text", "x")));
  EXPECT_GE(span.events[0].time_unix_ns, span.start_unix_ns);
  EXPECT_LE(span.events[0].time_unix_ns, span.end_unix_ns);
  EXPECT_EQ(span.events[1].time_unix_ns, 42u);
  ASSERT_THAT(span.links, SizeIs(2));
  EXPECT_EQ(span.links[0].span.span_id, other.span().span_id);
  EXPECT_EQ(span.links[0].span.trace_id, other.span().trace_id);
  EXPECT_THAT(span.links[0].attributes, ElementsAre(Pair("why", "retry")));
}

TEST_F(SpanTest, StatusRules) {
  struct Case {
    std::vector<std::pair<Status, const char*>> set;
    Status status;
    const char* message;
  };
  const Case cases[] = {
      {{}, Status::kUnset, ""},
      {{{Status::kError, "bad"}}, Status::kError, "bad"},
      {{{Status::kError, "bad"}, {Status::kError, "worse"}}, Status::kError, "worse"},
      {{{Status::kError, "bad"}, {Status::kUnset, ""}}, Status::kError, "bad"},
      {{{Status::kError, "bad"}, {Status::kOk, "fine"}}, Status::kOk, ""},
      {{{Status::kOk, ""}, {Status::kError, "late"}}, Status::kOk, ""},
  };
  for (const Case& c : cases) {
    spans.clear();
    {
      auto span = tracer_.start("status");
      for (const auto& [status, message] : c.set) span.status(status, message);
    }
    const FinishedSpan span = only();
    EXPECT_EQ(span.status, c.status);
    EXPECT_EQ(span.status_message, c.message);
  }
}

TEST_F(SpanTest, ANameCanBeChanged) {
  {
    tracer_.start("first").name("second").name("third");
  }
  EXPECT_EQ(only().name, "third");
}

TEST_F(SpanTest, VeryLongNamesAreCut) {
  {
    tracer_.start(std::string(300, 'a'));
  }
  {
    tracer_.start(std::string(10000, 'b'));
  }
  const auto all = spans.finished();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].name, std::string(300, 'a'));
  EXPECT_EQ(all[1].name, std::string(4096, 'b'));
}

struct CodedError {
  std::string message() const { return "code 7"; }
};

TEST_F(SpanTest, FailuresOfEveryKind) {
  {
    auto span = tracer_.start("text");
    const char* why = "declined";
    span.fail(why);
  }
  {
    auto span = tracer_.start("std");
    span.fail(std::runtime_error("broken"));
  }
  {
    auto span = tracer_.start("pointer");
    span.fail(std::make_exception_ptr(std::out_of_range("far")));
  }
  {
    auto span = tracer_.start("message()");
    span.fail(CodedError());
  }
  {
    auto span = tracer_.start("only recorded");
    span.exception(std::logic_error("seen"));
  }
  const auto all = spans.finished();
  ASSERT_THAT(all, SizeIs(5));
  const std::pair<const char*, const char*> expected[] = {{"", "declined"},
                                                          {"std::runtime_error", "broken"},
                                                          {"std::out_of_range", "far"},
                                                          {"clew::(anonymous namespace)::CodedError", "code 7"},
                                                          {"std::logic_error", "seen"}};
  for (size_t i = 0; i < all.size(); ++i) {
    ASSERT_THAT(all[i].events, SizeIs(1)) << all[i].name;
    EXPECT_EQ(all[i].events[0].name, "exception");
    FinishedSpan event;
    event.attributes = all[i].events[0].attributes;
    EXPECT_EQ(event.attribute("exception.type") == nullptr ? "" : *event.attribute("exception.type"),
              expected[i].first);
    EXPECT_EQ(*event.attribute("exception.message"), expected[i].second);
    ASSERT_NE(event.attribute("exception.stacktrace"), nullptr);
    EXPECT_THAT(*event.attribute("exception.stacktrace"), HasSubstr("#0 "));
    EXPECT_EQ(all[i].status, i == 4 ? Status::kUnset : Status::kError);
    EXPECT_EQ(all[i].status_message, i == 4 ? "" : expected[i].second);
  }
}

TEST_F(SpanTest, NestedExceptionsAreNamed) {
  {
    auto span = tracer_.start("nested");
    try {
      try {
        try {
          throw std::out_of_range("inner");
        } catch (...) {
          std::throw_with_nested(std::logic_error("middle"));
        }
      } catch (...) {
        std::throw_with_nested(std::runtime_error("outer"));
      }
    } catch (const std::exception& e) {
      span.fail(e);
    }
  }
  FinishedSpan event;
  event.attributes = only().events.at(0).attributes;
  EXPECT_THAT(*event.attribute("exception.stacktrace"),
              AllOf(HasSubstr("std::logic_error"), HasSubstr(": middle\nCaused by: std::out_of_range: inner\n")));
  EXPECT_THAT(*event.attribute("exception.message"), "outer");
}

TEST_F(SpanTest, GivenTimes) {
  {
    StartOptions options;
    options.start_unix_ns = 1'700'000'000'000'000'000;
    auto span = tracer_.start("given", options);
    span.end_at(1'700'000'000'000'000'123);
  }
  {
    StartOptions options;
    options.start_unix_ns = 1'700'000'000'000'000'000;
    auto span = tracer_.start("backwards", options);
    span.end_at(5);
  }
  {
    tracer_.start("open start").end_at(now_ns() + 3'000'000'000);
  }
  const auto all = spans.finished();
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[0].start_unix_ns, 1'700'000'000'000'000'000u);
  EXPECT_EQ(all[0].end_unix_ns, 1'700'000'000'000'000'123u);
  EXPECT_EQ(all[1].end_unix_ns, all[1].start_unix_ns);
  EXPECT_GT(all[2].end_unix_ns, all[2].start_unix_ns + 2'000'000'000);
}

TEST_F(SpanTest, MovedForgottenAndEndedTwice) {
  Span outer;
  {
    auto span = tracer_.start("moved");
    outer = std::move(span);
    span.set("after the move", 1).event("nothing").fail("nothing");  // NOLINT(bugprone-use-after-move)
    EXPECT_FALSE(span.is_recording());
    span.end();
  }
  EXPECT_TRUE(outer.is_recording());
  outer.end();
  outer.end();
  outer.set("after the end", 1).link(SpanContext()).name("x").status(Status::kError).detach();
  EXPECT_FALSE(outer.context().span().valid());
  static Span* const forgotten = new Span(tracer_.start("forgotten"));
  EXPECT_TRUE(forgotten->is_recording());
  forgotten->detach();  // or it would be the parent of whatever this thread does from now on
  const FinishedSpan span = only();
  EXPECT_EQ(span.name, "moved");
  EXPECT_THAT(span.attributes, IsEmpty());
}

TEST_F(SpanTest, AssigningEndsTheSpanThatWasThere) {
  auto span = tracer_.start("first");
  span = tracer_.start("second");
  EXPECT_EQ(only().name, "first");
}

}  // namespace
}  // namespace clew
