#include "cli/work_report.h"

#include <gmock/gmock.h>

namespace clew::cli {
namespace {

TEST(Verified, IsReadAndShown) {
  auto verified = parse_verified(R"({"blocks":2,"logFiles":1,"rows":1500,"bytes":"2048","problems":["block b: bad"]})");
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified_text(*verified, "here"),
            "here: 1,500 spans of 2 blocks in 2.0 KiB, 1 log file read\n"
            "  wrong   block b: bad\n");
  verified->problems.clear();
  EXPECT_THAT(verified_text(*verified, "here"), testing::EndsWith("  all is well\n"));
}

TEST(Repaired, IsReadAndShown) {
  auto repaired =
      parse_repaired(R"({"actions":["block a: done"],"failures":["block b: not"],"rowsSaved":5,"rowsLost":1})");
  ASSERT_TRUE(repaired) << repaired.error().message;
  EXPECT_EQ(repaired_text(*repaired, "here"),
            "here: 5 spans saved, 1 lost\n"
            "  done    block a: done\n"
            "  failed  block b: not\n");
  EXPECT_EQ(repaired_text({}, "here"), "here: nothing to repair\n");
}

TEST(Deleted, IsRead) {
  auto deleted = parse_deleted(R"({"number":7,"traces":2})");
  ASSERT_TRUE(deleted);
  EXPECT_EQ(deleted->number, 7U);
  EXPECT_EQ(deleted->traces, 2U);
  EXPECT_THAT(parse_deleted(R"({"number":0,"traces":1,"ids":["0a"]})")->ids, testing::ElementsAre("0a"));
}

TEST(WorkReports, OfOthersAreRefused) {
  for (const char* body : {"", "ready", "{}", "[]", R"({"number":7})", R"({"number":0,"traces":1,"ids":7})",
                           R"({"blocks":2,"logFiles":1,"rows":1,"bytes":"x","problems":[]})",
                           R"({"actions":[7],"failures":[],"rowsSaved":5,"rowsLost":1})"}) {
    EXPECT_FALSE(parse_verified(body)) << body;
    EXPECT_FALSE(parse_repaired(body)) << body;
    EXPECT_FALSE(parse_deleted(body)) << body;
  }
}

}  // namespace
}  // namespace clew::cli
