#include "traceql/search_json.h"

#include <gtest/gtest.h>

namespace clew::traceql {
namespace {

TEST(SearchJson, WritesEveryFieldOfTempos) {
  FoundTrace trace;
  trace.id = {0x1, 0x2};
  trace.root_service = "shop";
  trace.root_name = "GET \"/\"";
  trace.has_root = true;
  trace.start_ns = 1'700'000'000'000'000'001;
  trace.duration_ns = 12'999'999;
  FoundSpan span{{0xff}, "GET", 1'700'000'000'000'000'002, 5, {}};
  span.attributes.push_back({"service.name", FoundValue::of(ValueView::of_string("shop"))});
  trace.spansets.push_back({{span}, 7, {{"count()", FoundValue::of(ValueView::of_int(7))}}});
  trace.services["shop"] = {5, 1};
  trace.services["db"] = {2, 0};
  ReadBudget budget;
  budget.inspected_traces = 3;
  budget.inspected_bytes = 4000;
  budget.inspected_spans = 90;
  std::string spanset =
      R"({"spans":[{"spanID":"00000000000000ff","name":"GET","startTimeUnixNano":"1700000000000000002",)"
      R"("durationNanos":"5","attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]}],"matched":7,)"
      R"j("attributes":[{"key":"count()","value":{"intValue":"7"}}]})j";
  EXPECT_EQ(search_json({{trace}, 1, 0}, budget, {2, 100}),
            R"({"traces":[{"traceID":"00000000000000010000000000000002","rootServiceName":"shop",)"
            R"("rootTraceName":"GET \"/\"","startTimeUnixNano":"1700000000000000001","durationMs":12,"spanSet":)" +
                spanset + R"(,"spanSets":[)" + spanset +
                R"(],"serviceStats":{"db":{"spanCount":2},"shop":{"spanCount":5,"errorCount":1}}}],)"
                R"("metrics":{"inspectedTraces":3,"inspectedBytes":"4000","totalBlocks":2,"completedJobs":1,)"
                R"("totalJobs":1,"totalBlockBytes":"100","inspectedSpans":"90"}})");
}

TEST(SearchJson, SaysThatTheRootIsMissingAndLeavesOutZeroes) {
  FoundTrace trace;
  trace.id = {0, 1};
  EXPECT_EQ(search_json({{trace}, 0, 0}, ReadBudget(), {}),
            R"({"traces":[{"traceID":"00000000000000000000000000000001",)"
            R"("rootServiceName":"<root span not yet received>"}],"metrics":{"completedJobs":1,"totalJobs":1}})");
}

TEST(SearchJson, AnswersAnEmptyListForNothing) {
  EXPECT_EQ(search_json({}, ReadBudget(), {}), R"({"traces":[],"metrics":{"completedJobs":1,"totalJobs":1}})");
}

}  // namespace
}  // namespace clew::traceql
