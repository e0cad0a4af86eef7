#include "cli/import/request_batch.h"

#include <gtest/gtest.h>

namespace clew::cli {
namespace {

TEST(ResourceSpansList, IsWhatStandsBetweenTheBrackets) {
  auto list = [](std::string_view json) { return std::string(resource_spans_list(json).value_or("none")); };
  EXPECT_EQ(list(R"({"resourceSpans":[{"a":"]}"}]})"), R"({"a":"]}"})");
  EXPECT_EQ(list(" {\r\n \"resourceSpans\" : [ 1 , [2] ] }\r\n"), " 1 , [2] ");
  EXPECT_EQ(list(R"({"resourceSpans":[]})"), "");
  for (std::string_view other :
       {R"({"resourceSpans":[1],"x":[2]})", R"({"x":1,"resourceSpans":[1]})", R"({"resourceSpans":[1)",
        R"({"resourceSpans":{}})", R"({"resourceSpans":[1]}{})", "[]", ""}) {
    EXPECT_EQ(list(other), "none") << other;
  }
}

TEST(RequestBatch, JoinsProtobufByAppending) {
  RequestBatch batch;
  EXPECT_TRUE(batch.add("ab", OtlpEncoding::protobuf, 1));
  EXPECT_TRUE(batch.add("cd", OtlpEncoding::protobuf, 2));
  EXPECT_FALSE(batch.add(R"({"resourceSpans":[1]})", OtlpEncoding::json, 1));
  ImportRequest whole = batch.take();
  EXPECT_EQ(whole.body, "abcd");
  EXPECT_EQ(whole.encoding, OtlpEncoding::protobuf);
  EXPECT_EQ(whole.spans, 3U);
  EXPECT_TRUE(batch.empty());
}

TEST(RequestBatch, JoinsListsOfJson) {
  RequestBatch batch;
  EXPECT_TRUE(batch.add(R"({"resourceSpans":[1]})", OtlpEncoding::json, 1));
  EXPECT_TRUE(batch.add(R"({ "resourceSpans": [2,3] })", OtlpEncoding::json, 2));
  EXPECT_FALSE(batch.add("{}", OtlpEncoding::json, 0));
  EXPECT_FALSE(batch.add("ab", OtlpEncoding::protobuf, 1));
  ImportRequest whole = batch.take();
  EXPECT_EQ(whole.body, R"({"resourceSpans":[1,2,3]})");
  EXPECT_EQ(whole.spans, 3U);
}

TEST(RequestBatch, LeavesOtherDocumentsAsTheyAre) {
  RequestBatch batch;
  EXPECT_TRUE(batch.add(R"({"x":1,"resourceSpans":[1]})", OtlpEncoding::json, 1));
  EXPECT_FALSE(batch.add(R"({"resourceSpans":[1]})", OtlpEncoding::json, 1));
  EXPECT_EQ(batch.take().body, R"({"x":1,"resourceSpans":[1]})");
  EXPECT_TRUE(batch.add(std::string(RequestBatch::kFullBytes, 'x'), OtlpEncoding::protobuf, 1));
  EXPECT_TRUE(batch.full());
}

}  // namespace
}  // namespace clew::cli
