#include "cli/stored_units.h"

#include <gmock/gmock.h>

namespace clew::cli {
namespace {

using testing::HasSubstr;

constexpr const char* kAnswer =
    R"({"units":[{"name":"lane0-000002","state":"live","rows":10,"traces":2,"bytes":"2048","minStartUnixNano":)"
    R"("1700000002000000000","maxEndUnixNano":"1700000003000000000"},{"name":"b-1","state":"block","rows":1500,)"
    R"("traces":300,"bytes":"60000","minStartUnixNano":"1700000000000000000","maxEndUnixNano":"1700000001000000000"},)"
    R"({"name":"b-0","state":"damaged","rows":0,"traces":0,"bytes":"5","minStartUnixNano":"0","maxEndUnixNano":"0",)"
    R"("damage":"no footer"}],"complaints":["block \"b-0\" is damaged"]})";

TEST(StoredUnits, AreRead) {
  auto stored = parse_units(kAnswer);
  ASSERT_TRUE(stored) << stored.error().message;
  const auto& units = stored->units;
  ASSERT_EQ(units.size(), 3U);
  EXPECT_EQ(units[1].name, "b-1");
  EXPECT_EQ(units[1].bytes, 60000U);
  EXPECT_EQ(units[2].damage, "no footer");
  EXPECT_THAT(stored->complaints, testing::ElementsAre("block \"b-0\" is damaged"));
  EXPECT_THAT(units[1].json, testing::StartsWith(R"({"name":"b-1","state":"block")"));
  EXPECT_EQ(parse_units(R"({"units":[]})")->units.size(), 0U);
  for (const char* body :
       {"", "ready", "{}", "[]", R"({"units":7})", R"({"units":[7]})", R"({"units":[{"name":"x"}]})"}) {
    EXPECT_EQ(parse_units(body).error().code, ErrorCode::corruption) << body;
  }
}

TEST(StoredUnits, AsATable) {
  std::string table = units_table(parse_units(kAnswer)->units);
  EXPECT_THAT(table,
              HasSubstr("b-1           block            1,500            300    58.6 KiB  2023-11-14 22:13:20.000"));
  EXPECT_THAT(
      table,
      HasSubstr(
          "b-0           damaged              0              0         5 B  -                        -  no footer"));
}

TEST(StoredUnits, InAll) {
  StoreTotals totals = totals_of(*parse_units(kAnswer));
  EXPECT_EQ(totals_text(totals, "here"),
            "here\n"
            "  units   3: 1 live, 0 closed, 1 blocks, 1 damaged\n"
            "  spans   1,510 (1,500 in blocks), of 302 traces\n"
            "  memory  2.0 KiB of live and closed units\n"
            "  disk    58.6 KiB of blocks, 40.0 bytes a span\n"
            "  times   2023-11-14 22:13:20.000 to 2023-11-14 22:13:23.000 UTC\n"
            "  wrong   block \"b-0\" is damaged\n");
  EXPECT_EQ(totals_json(totals),
            R"({"units":3,"live":1,"closed":0,"blocks":1,"damaged":1,"rows":1510,"sealedRows":1500,"traces":302,)"
            R"("memoryBytes":"2048","diskBytes":"60005","minStartUnixNano":"1700000000000000000",)"
            R"("maxEndUnixNano":"1700000003000000000","complaints":["block \"b-0\" is damaged"],"erasures":[]})");
  EXPECT_THAT(totals_text(totals_of({}), "here"), HasSubstr("times   none: it is empty\n"));
}

TEST(Erasures, AreReadAndShownInAll) {
  const std::string body =
      R"({"erasures":[{"number":7,"receivedUnixNano":"1700000000000000000","traces":2,"blocks":1,"logFiles":0}]})";
  auto erasures = parse_erasures(body);
  ASSERT_TRUE(erasures) << erasures.error().message;
  StoreTotals totals;
  totals.erasures = *erasures;
  EXPECT_THAT(totals_text(totals, "here"),
              HasSubstr("  erasure 7 of 2023-11-14 22:13:20.000: 2 traces erased, still in "
                        "1 block and 0 log files\n"));
  EXPECT_THAT(totals_json(totals), testing::EndsWith(body.substr(1)));
  EXPECT_EQ(parse_erasures(R"({"erasures":[]})")->size(), 0U);
  for (const char* wrong : {"", "{}", "[]", R"({"erasures":7})", R"({"erasures":[7]})", R"({"erasures":[{}]})"}) {
    EXPECT_EQ(parse_erasures(wrong).error().code, ErrorCode::corruption) << wrong;
  }
}

}  // namespace
}  // namespace clew::cli
