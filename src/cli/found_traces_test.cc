#include "cli/found_traces.h"

#include <gmock/gmock.h>

namespace clew::cli {
namespace {

TEST(FoundTraces, ReadsTemposAnswer) {
  auto rows = parse_found_traces(R"({"traces":[{"traceID":"00ab","rootServiceName":"shop","rootTraceName":"GET \"/\"",
      "startTimeUnixNano":"1700000000000000000","durationMs":12,
      "spanSets":[{"matched":2,"spans":[]},{"matched":3,"spans":[]}],
      "serviceStats":{"shop":{"spanCount":5,"errorCount":1},"db":{"spanCount":2}}}, {"traceID":"01"}],"metrics":{}})");
  ASSERT_TRUE(rows) << rows.error().message;
  ASSERT_EQ(rows->size(), 2u);
  const FoundTraceRow& row = rows->front();
  EXPECT_EQ(row.trace_id, "00ab");
  EXPECT_EQ(row.root_service, "shop");
  EXPECT_EQ(row.root_name, "GET \"/\"");
  EXPECT_EQ(row.start_ns, 1'700'000'000'000'000'000u);
  EXPECT_EQ(row.duration_ms, 12u);
  EXPECT_EQ(row.spans, 7u);
  EXPECT_EQ(row.errors, 1u);
  EXPECT_EQ(row.matched, 5u);
  EXPECT_EQ(row.json.find('\n'), std::string::npos);
  EXPECT_EQ((*rows)[1].json, R"({"traceID":"01"})");
}

TEST(FoundTraces, SaysWhatIsNoAnswer) {
  EXPECT_TRUE(parse_found_traces("{}")->empty());
  EXPECT_TRUE(parse_found_traces(R"({"traces":[]})")->empty());
  for (const char* body : {"", "<html>", R"({"traces":5})", "[]"}) {
    auto rows = parse_found_traces(body);
    ASSERT_FALSE(rows) << body;
    EXPECT_EQ(rows.error().code, ErrorCode::corruption) << body;
  }
}

TEST(FoundTraces, TableHasALinePerTraceAndCutsTheRoot) {
  FoundTraceRow row;
  row.trace_id = std::string(32, 'a');
  row.root_service = "shop";
  row.root_name = std::string(300, 'n');
  row.start_ns = 1'700'000'000'000'000'000;
  std::string table = found_traces_table({row, row}, 120);
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 3);
  EXPECT_THAT(table, testing::HasSubstr("2023-11-14 22:13:20.000"));
  EXPECT_THAT(table, testing::HasSubstr("< 1 ms"));
  EXPECT_THAT(table, testing::Not(testing::HasSubstr(std::string(100, 'n'))));
  // Where nobody looks, nothing is lost.
  EXPECT_THAT(found_traces_table({row}, 0), testing::HasSubstr(std::string(300, 'n')));
}

}  // namespace
}  // namespace clew::cli
