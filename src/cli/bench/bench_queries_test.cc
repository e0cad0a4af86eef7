#include "cli/bench/bench_queries.h"

#include <gmock/gmock.h>

#include <cstdio>
#include <fstream>

namespace clew::cli {
namespace {

using testing::ElementsAre;
using testing::Pair;

class QueriesOfFileTest : public testing::Test {
 protected:
  void TearDown() override { std::remove(path_.c_str()); }
  auto read(std::string_view text) {
    std::ofstream(path_) << text;
    return queries_of_file(path_, {{"limit", "7"}});
  }
  const std::string path_ = testing::TempDir() + "clew_bench_queries_test.txt";
};

TEST_F(QueriesOfFileTest, LinesOfOneNameAreAskedInTurn) {
  auto queries = read("# comment\n\nslow\t{ duration > 2s }\nslow\t{ duration > 3s }\r\n{}\nslow\t{ kind = server }\n");
  ASSERT_TRUE(queries) << queries.error().message;
  ASSERT_EQ(queries->size(), 3U);
  EXPECT_EQ(queries->at(0).name, "slow");
  EXPECT_THAT(queries->at(0).paths, ElementsAre("/api/search", "/api/search"));
  EXPECT_THAT(queries->at(0).parameters, ElementsAre(ElementsAre(Pair("limit", "7"), Pair("q", "{ duration > 2s }")),
                                                     ElementsAre(Pair("limit", "7"), Pair("q", "{ duration > 3s }"))));
  EXPECT_EQ(queries->at(1).name, "{}");
  EXPECT_EQ(queries->at(2).paths.size(), 1U);
}

TEST_F(QueriesOfFileTest, APathIsAskedAsItIs) {
  auto queries = read("by id\t/api/traces/1\nby id\t/api/traces/2\n/api/v2/search/tags\n");
  ASSERT_TRUE(queries) << queries.error().message;
  ASSERT_EQ(queries->size(), 2U);
  EXPECT_THAT(queries->at(0).paths, ElementsAre("/api/traces/1", "/api/traces/2"));
  EXPECT_THAT(queries->at(0).parameters, ElementsAre(QueryParameters{}, QueryParameters{}));
  EXPECT_EQ(queries->at(1).name, "/api/v2/search/tags");
}

TEST_F(QueriesOfFileTest, RefusesAFileWithoutQueries) {
  EXPECT_FALSE(read("# nothing\n\n"));
  EXPECT_FALSE(queries_of_file(path_ + ".gone", {}));
}

}  // namespace
}  // namespace clew::cli
