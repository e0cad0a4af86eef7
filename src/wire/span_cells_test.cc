#include <gtest/gtest.h>

#include <functional>

#include "wire/otlp_test_input.h"
#include "wire/span_cells_for_test.h"

namespace clew::wire {
namespace {

tree::Span full_span() {
  tree::Span span = good_span();
  span.parent_id = "PARENT_1";
  span.state = "ot=th:0";
  span.kind = 2;
  span.attributes = {{"text", text_value("t")}, {"list", {5, "", 0, {{"", int_value(1)}, {"", int_value(2)}}}}};
  span.events.push_back({1500, "event", {{"of.event", int_value(3)}}, 1});
  span.links.push_back({"linked-trace-id!", "LINKSPAN", "state", {{"of.link", int_value(4)}}, 2, 3});
  return span;
}

tree::Request full_request() {
  tree::Request request = request_of({full_span()});
  tree::ResourceSpans& resource = request[0];
  resource.attributes = {{"service.name", text_value("shop")}};
  resource.schema_url = "resource schema";
  resource.refs.push_back({"url", "service", {"service.name"}, {"service.version"}});
  tree::ScopeSpans& scope = resource.scopes[0];
  scope.name = "scope";
  scope.version = "1";
  scope.schema_url = "scope schema";
  scope.attributes = {{"of.scope", int_value(5)}};
  return request;
}

std::vector<std::string> cells(const tree::Request& request, Through through = Through::protobuf) {
  Decoded decoded;
  Status taken = decoded.request(request, Encoding::protobuf);
  EXPECT_TRUE(taken) << taken.error().message;
  SpanTable table;
  table.append(decoded.batch);
  table.publish();
  return SpanCells(table, through).texts();
}

tree::Value real_value(uint64_t bits) {
  return {4, "", bits, {}};
}

TEST(SpanCells, EveryCellMakesADifference) {
  struct Case {
    const char* what;
    std::function<void(tree::ResourceSpans&, tree::ScopeSpans&, tree::Span&)> change;
  };
  const std::vector<Case> cases = {
      {"trace id", [](auto&, auto&, auto& span) { span.trace_id[15]++; }},
      {"span id", [](auto&, auto&, auto& span) { span.span_id[7]++; }},
      {"parent", [](auto&, auto&, auto& span) { span.parent_id = ""; }},
      {"trace state", [](auto&, auto&, auto& span) { span.state = ""; }},
      {"name", [](auto&, auto&, auto& span) { span.name = "other"; }},
      {"kind", [](auto&, auto&, auto& span) { span.kind = 7; }},
      {"start", [](auto&, auto&, auto& span) { span.start++; }},
      {"end", [](auto&, auto&, auto& span) { span.end++; }},
      {"flags", [](auto&, auto&, auto& span) { span.flags = 1; }},
      {"status", [](auto&, auto&, auto& span) { span.code = 2; }},
      {"message", [](auto&, auto&, auto& span) { span.message = "m"; }},
      {"dropped attributes", [](auto&, auto&, auto& span) { span.dropped_attributes = 1; }},
      {"dropped events", [](auto&, auto&, auto& span) { span.dropped_events = 1; }},
      {"dropped links", [](auto&, auto&, auto& span) { span.dropped_links = 1; }},
      {"key", [](auto&, auto&, auto& span) { span.attributes[0].first = "texts"; }},
      {"value", [](auto&, auto&, auto& span) { span.attributes[0].second = text_value("u"); }},
      {"type of value", [](auto&, auto&, auto& span) { span.attributes[0].second.type = 7; }},
      {"no value", [](auto&, auto&, auto& span) { span.attributes[0].second = {}; }},
      {"order of attributes", [](auto&, auto&, auto& span) { std::swap(span.attributes[0], span.attributes[1]); }},
      {"element", [](auto&, auto&, auto& span) { span.attributes[1].second.items[1].second = int_value(9); }},
      {"list or keys", [](auto&, auto&, auto& span) { span.attributes[1].second.type = 6; }},
      {"one more attribute", [](auto&, auto&, auto& span) { span.attributes.push_back({"", {}}); }},
      {"event time", [](auto&, auto&, auto& span) { span.events[0].time++; }},
      {"event name", [](auto&, auto&, auto& span) { span.events[0].name = ""; }},
      {"event attribute", [](auto&, auto&, auto& span) { span.events[0].attributes[0].second = int_value(9); }},
      {"event dropped", [](auto&, auto&, auto& span) { span.events[0].dropped = 0; }},
      {"no event", [](auto&, auto&, auto& span) { span.events.clear(); }},
      {"link trace", [](auto&, auto&, auto& span) { span.links[0].trace_id[0] = 'x'; }},
      {"link span", [](auto&, auto&, auto& span) { span.links[0].span_id[0] = 'x'; }},
      {"link state", [](auto&, auto&, auto& span) { span.links[0].state = ""; }},
      {"link attribute", [](auto&, auto&, auto& span) { span.links[0].attributes.clear(); }},
      {"link dropped", [](auto&, auto&, auto& span) { span.links[0].dropped = 0; }},
      {"link flags", [](auto&, auto&, auto& span) { span.links[0].flags = 0; }},
      {"resource attribute", [](auto& resource, auto&, auto&) { resource.attributes[0].second = text_value("bar"); }},
      {"resource dropped", [](auto& resource, auto&, auto&) { resource.dropped = 1; }},
      {"resource schema", [](auto& resource, auto&, auto&) { resource.schema_url = ""; }},
      {"entity reference", [](auto& resource, auto&, auto&) { resource.refs.clear(); }},
      {"entity schema", [](auto& resource, auto&, auto&) { resource.refs[0].schema_url = "v"; }},
      {"entity type", [](auto& resource, auto&, auto&) { resource.refs[0].type = "host"; }},
      {"entity id key", [](auto& resource, auto&, auto&) { resource.refs[0].id_keys = {}; }},
      {"entity description", [](auto& resource, auto&, auto&) { resource.refs[0].description_keys[0] = "x"; }},
      {"scope name", [](auto&, auto& scope, auto&) { scope.name = ""; }},
      {"scope version", [](auto&, auto& scope, auto&) { scope.version = "2"; }},
      {"scope attribute", [](auto&, auto& scope, auto&) { scope.attributes[0].first = "x"; }},
      {"scope dropped", [](auto&, auto& scope, auto&) { scope.dropped = 1; }},
      {"scope schema", [](auto&, auto& scope, auto&) { scope.schema_url = ""; }},
  };
  for (Through through : {Through::protobuf, Through::json}) {
    auto same = cells(full_request(), through);
    ASSERT_EQ(same.size(), 1U);
    EXPECT_EQ(cells(full_request(), through), same);
    for (const Case& one : cases) {
      tree::Request request = full_request();
      one.change(request[0], request[0].scopes[0], request[0].scopes[0].spans[0]);
      EXPECT_NE(cells(request, through), same) << one.what;
    }
  }
}

TEST(SpanCells, OrderAndGroupingMakeNone) {
  tree::Span second = full_span();
  second.span_id = "SECOND_2";
  tree::Request together = full_request();
  together[0].scopes[0].spans.push_back(second);
  tree::Request apart = full_request();
  apart[0].scopes[0].spans[0] = second;
  apart.push_back(full_request()[0]);
  EXPECT_EQ(cells(together), cells(apart));
}

TEST(SpanCells, JsonHasOneNan) {
  auto nan = [](uint64_t payload) {
    tree::Span span = good_span();
    span.attributes = {{"nan", {5, "", 0, {{"", real_value(0x7ff8000000000000 + payload)}}}}};
    return request_of({span});
  };
  EXPECT_NE(cells(nan(1)), cells(nan(2)));
  EXPECT_EQ(cells(nan(1), Through::json), cells(nan(2), Through::json));
}

}  // namespace
}  // namespace clew::wire
