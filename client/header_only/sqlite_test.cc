#include "clew/instrument/sqlite.h"

#include "header_only/spans_for_test.h"

namespace clew {
namespace {

using testing::SizeIs;

TEST(SqlTextTest, LiteralsGo) {
  const struct {
    const char *sql, *clean, *operation, *table;
  } cases[] = {
      {"SELECT * FROM orders WHERE id = ?1", "SELECT * FROM orders WHERE id = ?1", "SELECT", "orders"},
      {"select a1, 'it''s' from  t\n where b=4.5e-3 ;", "select a1, ? from t where b=?", "SELECT", "t"},
      {"INSERT OR REPLACE INTO t2 VALUES (x'00ff', -7, :name, @b, $c)",
       "INSERT OR REPLACE INTO t2 VALUES (?, -?, :name, @b, $c)", "INSERT", "t2"},
      {"CREATE TABLE IF NOT EXISTS a.b (c INT)", "CREATE TABLE IF NOT EXISTS a.b (c INT)", "CREATE", "a.b"},
      {"UPDATE \"my \"\"table\" SET a = .5 -- the end", "UPDATE \"my \"\"table\" SET a = ?", "UPDATE",
       "\"my \"\"table\""},
      {"DELETE /* all of 'em */ FROM [a b]", "DELETE FROM [a b]", "DELETE", "[a b]"},
      {"/* 1 */ BEGIN", "BEGIN", "BEGIN", ""},
      {"SELECT 0x1F, 1e5", "SELECT ?, ?", "SELECT", ""},
      {"SELECT 'no end", "SELECT ?", "SELECT", ""},
      {"/* no end", "", "", ""},
      {"\"no end", "\"no end", "\"NO END", ""},
      {"SELECT (SELECT a FROM b) FROM c", "SELECT (SELECT a FROM b) FROM c", "SELECT", "b"},
      {"", "", "", ""},
      {";", "", "", ""},
      {"'", "?", "", ""},
  };
  for (const auto& [sql, clean, operation, table] : cases) {
    EXPECT_EQ(detail::sql_without_literals(sql), clean);
    EXPECT_EQ(detail::sql_summary(clean).operation, operation) << sql;
    EXPECT_EQ(detail::sql_summary(clean).table, table) << sql;
  }
}

class SqliteTest : public SpansTest {
 protected:
  void SetUp() override {
    SpansTest::SetUp();
    ASSERT_EQ(sqlite3_open(":memory:", &db_), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(db_, "CREATE TABLE t(a INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2)", nullptr,
                           nullptr, nullptr),
              SQLITE_OK);
  }
  void TearDown() override {
    sqlite3_close(db_);
    detail::database_names() = Names::kToday;
    SpansTest::TearDown();
  }
  sqlite3* db_ = nullptr;
};

TEST_F(SqliteTest, AQueryIsASpan) {
  sqlite3_stmt* statement = nullptr;
  ASSERT_EQ(sqlite3_prepare_v2(db_, "SELECT a FROM t WHERE a < 5", -1, &statement, nullptr), SQLITE_OK);
  {
    auto a = tracer_.start("a");
    SqliteQuery query(statement);
    int rows = 0;
    while (query.step() == SQLITE_ROW) ++rows;
    EXPECT_EQ(rows, 2);
  }
  sqlite3_finalize(statement);
  expect_child("SELECT t", "a");
  const std::pair<const char*, const char*> expected[] = {{"db.system.name", "sqlite"},
                                                          {"db.namespace", ":memory:"},
                                                          {"db.query.text", "SELECT a FROM t WHERE a < ?"},
                                                          {"db.query.summary", "SELECT t"},
                                                          {"db.operation.name", "SELECT"},
                                                          {"db.collection.name", "t"},
                                                          {"db.response.returned_rows", "2"},
                                                          {"db.system", "(none)"}};
  for (const auto& [key, text] : expected) EXPECT_EQ(value("SELECT t", key), text) << key;
  EXPECT_EQ(span_called("SELECT t").kind, kClient);
}

TEST_F(SqliteTest, OneThatFails) {
  EXPECT_EQ(sqlite_exec(db_, "INSERT INTO t VALUES (1)"), SQLITE_CONSTRAINT);
  EXPECT_EQ(span_called("INSERT t").status, Status::kError);
  EXPECT_EQ(value("INSERT t", "error.type"), "constraint failed");
  EXPECT_EQ(value("INSERT t", "db.response.status_code"), "1555");
  EXPECT_EQ(sqlite_exec(db_, "SELEC"), SQLITE_ERROR);
  EXPECT_EQ(span_called("SELEC").status, Status::kError);
  sqlite3_stmt* statement = nullptr;
  ASSERT_EQ(sqlite3_prepare_v2(db_, "UPDATE t SET a = 1 WHERE a = 2", -1, &statement, nullptr), SQLITE_OK);
  {
    SqliteQuery query(statement);
    EXPECT_EQ(query.step(), SQLITE_CONSTRAINT);
  }
  sqlite3_finalize(statement);
  EXPECT_EQ(value("UPDATE t", "db.response.status_code"), "1555");
  EXPECT_EQ(value("UPDATE t", "db.response.returned_rows"), "(none)");
}

TEST_F(SqliteTest, OneThatIsGivenUpAndOneThatRunsTwice) {
  sqlite3_stmt* statement = nullptr;
  ASSERT_EQ(sqlite3_prepare_v2(db_, "SELECT a FROM t", -1, &statement, nullptr), SQLITE_OK);
  {
    SqliteQuery query(statement);
    EXPECT_EQ(query.step(), SQLITE_ROW);
  }
  EXPECT_EQ(value("SELECT t", "db.response.returned_rows"), "1");
  spans.clear();
  sqlite3_reset(statement);
  {
    SqliteQuery query(statement);
    for (int i = 0; i < 6; ++i) query.step();
  }
  sqlite3_finalize(statement);
  EXPECT_THAT(spans.finished(), SizeIs(2));
}

TEST_F(SqliteTest, NamesOfBefore) {
  detail::database_names() = Names::kBefore;
  EXPECT_EQ(sqlite_exec(db_, "SELECT a FROM t"), SQLITE_OK);
  const std::pair<const char*, const char*> expected[] = {
      {"db.system", "sqlite"},    {"db.name", ":memory:"}, {"db.statement", "SELECT a FROM t"},
      {"db.operation", "SELECT"}, {"db.sql.table", "t"},   {"db.system.name", "(none)"}};
  for (const auto& [key, text] : expected) EXPECT_EQ(value("SELECT t", key), text) << key;
  detail::database_names() = Names::kBoth;
  EXPECT_EQ(sqlite_exec(db_, "DELETE FROM t"), SQLITE_OK);
  EXPECT_EQ(value("DELETE t", "db.system"), "sqlite");
  EXPECT_EQ(value("DELETE t", "db.system.name"), "sqlite");
}

}  // namespace
}  // namespace clew
