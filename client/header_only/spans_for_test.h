// Spans in memory for the tests of the headers that one uses by choice.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "clew/in_memory.h"
#include "clew/init.h"
#include "clew/propagators.h"
#include "clew/trace.h"

namespace clew {

class SpansTest : public testing::Test {
 protected:
  void SetUp() override { configure(nullptr); }
  void TearDown() override { EXPECT_FALSE(Context::current().span().valid()) << "something is still current"; }

  void configure(std::shared_ptr<Sampler> sampler) {
    Config config;
    config.exporters.push_back(spans.exporter());
    config.propagator = propagator_from("tracecontext,baggage");
    config.sampler = std::move(sampler);
    ASSERT_TRUE(init(std::move(config)));
  }

  FinishedSpan span_called(const std::string& name) {
    for (FinishedSpan& span : spans.finished()) {
      if (span.name == name) return span;
    }
    ADD_FAILURE() << "no span " << name;
    return FinishedSpan();
  }
  // The value of an attribute, or "(none)".
  std::string value(const std::string& span, const std::string& key) {
    const FinishedSpan found = span_called(span);
    const std::string* const text = found.attribute(key);
    return text == nullptr ? "(none)" : *text;
  }
  void expect_child(const std::string& child, const std::string& parent) {
    EXPECT_EQ(span_called(child).parent_id, span_called(parent).context.span_id) << child << " of " << parent;
    EXPECT_EQ(span_called(child).context.trace_id, span_called(parent).context.trace_id);
  }
  void expect_root(const std::string& name) { EXPECT_FALSE(span_called(name).parent_id.valid()) << name; }

  InMemorySpans spans;
  Tracer tracer_ = tracer("test");
};

}  // namespace clew
