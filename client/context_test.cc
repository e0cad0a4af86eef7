// Whose child a span is: the stack of contexts of a thread, and contexts that go elsewhere.
#include "clew/context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "clew/in_memory.h"
#include "clew/init.h"
#include "clew/log_ids.h"
#include "clew/trace.h"
#include "thread.h"

namespace clew {
namespace {

using testing::SizeIs;

SpanContext remote_span(uint8_t flags) {
  SpanContext span;
  span.trace_id = TraceId::from_hex("0af7651916cd43dd8448eb211c80319c");
  span.span_id = SpanId::from_hex("b7ad6b7169203331");
  span.flags = flags;
  span.remote = true;
  return span;
}

class ContextTest : public testing::Test {
 protected:
  void SetUp() override {
    Config config;
    config.exporters.push_back(spans.exporter());
    ASSERT_TRUE(init(std::move(config)));
  }
  void TearDown() override { EXPECT_FALSE(Context::current().span().valid()); }

  FinishedSpan span_called(const std::string& name) {
    for (FinishedSpan& span : spans.finished()) {
      if (span.name == name) return span;
    }
    ADD_FAILURE() << "no span " << name;
    return FinishedSpan();
  }
  void expect_child(const std::string& child, const std::string& parent) {
    EXPECT_EQ(span_called(child).parent_id, span_called(parent).context.span_id) << child << " of " << parent;
    EXPECT_EQ(span_called(child).context.trace_id, span_called(parent).context.trace_id);
  }
  void expect_root(const std::string& name) { EXPECT_FALSE(span_called(name).parent_id.valid()) << name; }

  InMemorySpans spans;
  Tracer tracer_ = tracer("test");
};

TEST_F(ContextTest, SpansNestByScope) {
  {
    auto a = tracer_.start("a");
    {
      auto b = tracer_.start("b");
      auto c = tracer_.start("c");
    }
    auto d = tracer_.start("d");
  }
  {
    auto e = tracer_.start("e");
  }
  expect_root("a");
  expect_child("b", "a");
  expect_child("c", "b");
  expect_child("d", "a");
  expect_root("e");
}

TEST_F(ContextTest, EndedOutOfOrder) {
  auto a = tracer_.start("a");
  auto b = tracer_.start("b");
  auto c = tracer_.start("c");
  a.end();
  b.end();
  {
    auto d = tracer_.start("d");
  }
  c.end();
  {
    auto e = tracer_.start("e");
  }
  expect_child("d", "c");
  expect_root("e");
}

TEST_F(ContextTest, EndedInAnotherThread) {
  auto a = tracer_.start("a");
  auto b = tracer_.start("b");
  std::thread([span = std::move(b)]() mutable { span.set("where", "elsewhere").end(); }).join();
  {
    auto c = tracer_.start("c");
  }
  std::thread([span = std::move(a)]() mutable { span.end(); }).join();
  {
    auto d = tracer_.start("d");
  }
  expect_child("b", "a");
  expect_child("c", "a");
  expect_root("d");
  EXPECT_EQ(*span_called("b").attribute("where"), "elsewhere");
}

TEST_F(ContextTest, ASpanOutlivesItsThread) {
  Span span;
  Scope scope;
  std::thread([&] {
    span = tracer_.start("a");
    scope = Scope(span.context());
  }).join();
  {
    auto b = tracer_.start("b");
  }
  span.set("n", 1).end();
  scope.detach();
  expect_root("b");
  EXPECT_EQ(*span_called("a").attribute("n"), "1");
}

TEST_F(ContextTest, DetachedSpansAreNobodysParent) {
  auto a = tracer_.start_detached("a");
  auto b = tracer_.start("b");
  b.detach();
  {
    auto c = tracer_.start("c");
  }
  {
    Scope scope(a);
    auto d = tracer_.start("d");
    current_span().set("mine", 1);
  }
  {
    Scope scope(a);
    current_span().set("through the scope", 1);
  }
  a.end();
  b.end();
  expect_root("c");
  expect_child("d", "a");
  EXPECT_EQ(*span_called("d").attribute("mine"), "1");
  EXPECT_EQ(*span_called("a").attribute("through the scope"), "1");
}

TEST_F(ContextTest, AReferenceToAnEndedSpanDoesNothing) {
  SpanRef old;
  {
    auto a = tracer_.start("a");
    old = current_span();
  }
  auto b = tracer_.start("b");  // in the same node
  old.set("stale", 1).event("stale").fail("stale");
  EXPECT_FALSE(old.is_recording());
  Scope scope(old);
  b.end();
  EXPECT_EQ(span_called("b").attribute("stale"), nullptr);
  EXPECT_EQ(span_called("a").attribute("stale"), nullptr);
}

TEST_F(ContextTest, ScopesMayEndInAnyOrderAndThread) {
  auto a = tracer_.start("a");
  const Context context = a.context();
  a.end();
  auto first = std::make_unique<Scope>(context);
  auto second = std::make_unique<Scope>(Context());
  first->detach();
  first->detach();
  {
    auto b = tracer_.start("b");
  }
  Scope third(context);
  std::thread([&] { second.reset(); }).join();
  {
    auto c = tracer_.start("c");
  }
  third = Scope();
  {
    auto d = tracer_.start("d");
  }
  expect_root("b");
  expect_child("c", "a");
  expect_root("d");
}

TEST_F(ContextTest, BindTakesTheContextAlong) {
  std::vector<std::thread> threads;
  std::future<int> answer;
  {
    auto a = tracer_.start("a");
    threads.emplace_back(bind([this] { auto b = tracer_.start("b"); }));
    answer = std::async(std::launch::async, bind([this](int x) {
                          auto c = tracer_.start("c");
                          return x + 1;
                        }),
                        41);
    threads.emplace_back(bind(Context(), [this] { auto d = tracer_.start("d"); }));
    threads.emplace_back([this] { auto e = tracer_.start("e"); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answer.get(), 42);
  expect_child("b", "a");
  expect_child("c", "a");
  expect_root("d");
  expect_root("e");
}

TEST_F(ContextTest, RemoteParents) {
  const TraceState state = TraceState::of_valid(detail::SharedText("vendor=1"));
  const Baggage baggage = Baggage::of_entries(detail::SharedText(std::string_view("\1\0\1\0\0\0kv", 8)));
  {
    Scope scope(Context(remote_span(SpanContext::kSampled), state, baggage));
    auto a = tracer_.start("a", kServer);
    auto b = tracer_.start("b");
    const Context here = Context::current();
    EXPECT_EQ(here.span().span_id, b.span_context().span_id);
    EXPECT_EQ(here.trace_state().header(), "vendor=1");
    ASSERT_TRUE(here.baggage().begin() != here.baggage().end());
    EXPECT_EQ((*here.baggage().begin()).key, "k");
    EXPECT_EQ((*here.baggage().begin()).value, "v");
  }
  const FinishedSpan a = span_called("a");
  EXPECT_EQ(a.context.trace_id, remote_span(0).trace_id);
  EXPECT_EQ(a.parent_id, remote_span(0).span_id);
  EXPECT_TRUE(a.parent_remote);
  EXPECT_EQ(a.trace_state, "vendor=1");
  EXPECT_EQ(a.context.flags, SpanContext::kSampled);  // random only if the one who made the trace id says so
  expect_child("b", "a");
  EXPECT_FALSE(span_called("b").parent_remote);
}

TEST_F(ContextTest, NotSampledIsPassedOnWithNewIds) {
  Scope scope(Context(remote_span(SpanContext::kRandom)));
  auto a = tracer_.start("a");
  auto b = tracer_.start("b");
  EXPECT_FALSE(a.is_recording());
  a.set("n", 1).event("e").fail("f").link(a.context());
  EXPECT_EQ(b.span_context().trace_id, remote_span(0).trace_id);
  EXPECT_NE(b.span_context().span_id, a.span_context().span_id);
  EXPECT_NE(b.span_context().span_id, remote_span(0).span_id);
  EXPECT_EQ(b.span_context().flags, SpanContext::kRandom);
  EXPECT_FALSE(b.span_context().remote);
  EXPECT_THAT(spans.finished(), SizeIs(0));
  b.end();
  a.end();
}

TEST_F(ContextTest, StartOptions) {
  auto a = tracer_.start("a");
  const Context context = a.context();
  auto b = tracer_.start("b");
  StartOptions options;
  options.root = true;
  {
    auto c = tracer_.start("c", options);
  }
  options.root = false;
  options.parent = &context;
  options.current = false;
  auto d = tracer_.start("d", options);
  {
    auto e = tracer_.start("e");
  }
  d.end();
  const KeyValue attribute{"k", 1};
  const Link link{context.span(), "v=1", {}, 0};
  options = StartOptions();
  options.kind = kProducer;
  options.attributes = {&attribute, 1};
  options.links = {&link, 1};
  {
    auto f = tracer_.start("f", options);
  }
  {
    auto g = tracer_.start("g", kConsumer, {{"x", "y"}});
  }
  b.end();
  a.end();
  expect_root("c");
  EXPECT_NE(span_called("c").context.trace_id, span_called("a").context.trace_id);
  expect_child("d", "a");
  expect_child("e", "b");
  EXPECT_EQ(*span_called("f").attribute("k"), "1");
  EXPECT_EQ(span_called("f").kind, kProducer);
  ASSERT_THAT(span_called("f").links, SizeIs(1));
  EXPECT_EQ(span_called("f").links[0].trace_state, "v=1");
  EXPECT_EQ(*span_called("g").attribute("x"), "y");
}

TEST_F(ContextTest, LogIds) {
  EXPECT_STREQ(log_ids().trace_id, "-");
  EXPECT_STREQ(log_ids().span_id, "-");
  {
    Scope scope(Context(remote_span(0)));
    EXPECT_STREQ(log_ids().trace_id, "0af7651916cd43dd8448eb211c80319c");
    EXPECT_STREQ(log_ids().span_id, "b7ad6b7169203331");
    auto span = tracer_.start("not sampled");
    EXPECT_EQ(SpanId::from_hex(log_ids().span_id), span.span_context().span_id);
  }
  EXPECT_STREQ(log_ids().trace_id, "-");
}

TEST_F(ContextTest, TenThousandThreadsLeaveTheMemoryOfAFew) {
  constexpr int kRounds = 1250, kAtOnce = 8;
  const unsigned before = detail::Threads::count();
  Span carried;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::thread> threads;
    Span handed[kAtOnce];
    for (Span& span : handed) {
      threads.emplace_back([&] {
        auto own = tracer_.start("own");
        span = tracer_.start_detached("handed over");
      });
    }
    for (std::thread& thread : threads) thread.join();
    if (round % 100 == 0) flush();
  }
  EXPECT_THAT(spans.finished(), SizeIs(2 * kRounds * kAtOnce));
  EXPECT_LE(detail::Threads::count(), before + kAtOnce + 2);
  EXPECT_LE(stats().live_bytes, 4u << 20);
}

}  // namespace
}  // namespace clew
