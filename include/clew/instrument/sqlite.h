// Queries of SQLite:
//
//   clew::SqliteQuery query(statement);
//   while (query.step() == SQLITE_ROW) ...
//
// or clew::sqlite_exec(db, "…") in place of sqlite3_exec. The text goes into the span without its literals: parameters
// (?1, :name) stay, 'Ann' and 42 become "?".
#pragma once

#include <sqlite3.h>

#include <cstdio>
#include <string>

#include "clew/instrument/conventions.h"
#include "clew/trace.h"

CLEW_BEGIN

namespace detail {

// To be changed before spans are started.
inline Names& database_names() noexcept {
  static Names names = names_of_environment("database");
  return names;
}

inline bool sql_word(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || uint8_t(c) >= 128;
}
inline bool sql_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

// Past a quoted text that begins at `at`; a doubled quote is part of it.
inline size_t past_quotes(std::string_view sql, size_t at) noexcept {
  const char quote = sql[at] == '[' ? ']' : sql[at];
  for (++at; at < sql.size(); ++at) {
    if (sql[at] != quote) continue;
    if (quote == ']' || at + 1 == sql.size() || sql[at + 1] != quote) return at + 1;
    ++at;
  }
  return sql.size();
}

// Past a comment that begins at `at`, or `at`.
inline size_t past_comment(std::string_view sql, size_t at) noexcept {
  const std::string_view two = sql.substr(at, 2);
  if (two != "--" && two != "/*") return at;
  const size_t end = two == "--" ? sql.find('\n', at) : sql.find("*/", at + 2);
  return end == std::string_view::npos ? sql.size() : end + (two == "--" ? 0 : 2);
}

// The statement without literals and comments; white space is one blank.
inline std::string sql_without_literals(std::string_view sql) {
  std::string clean;
  for (size_t at = 0; at < sql.size();) {
    const char c = sql[at];
    const size_t comment = past_comment(sql, at);
    if (comment != at || c == ' ' || (c >= '\t' && c <= '\r')) {
      if (!clean.empty() && clean.back() != ' ') clean += ' ';
      at = comment != at ? comment : at + 1;
    } else if (c == '\'' || ((c == 'x' || c == 'X') && at + 1 < sql.size() && sql[at + 1] == '\'')) {
      at = past_quotes(sql, c == '\'' ? at : at + 1);
      clean += '?';
    } else if (c == '"' || c == '`' || c == '[') {
      const size_t end = past_quotes(sql, at);
      clean += sql.substr(at, end - at);
      at = end;
    } else if (sql_digit(c) || (c == '.' && at + 1 < sql.size() && sql_digit(sql[at + 1]))) {
      while (at < sql.size() && (sql_word(sql[at]) || sql[at] == '.' ||
                                 ((sql[at] == '+' || sql[at] == '-') && (sql[at - 1] | 0x20) == 'e'))) {
        ++at;
      }
      clean += '?';
    } else if (sql_word(c) || c == '?' || c == ':' || c == '@' || c == '$') {
      do clean += sql[at++];
      while (at < sql.size() && sql_word(sql[at]));
    } else {
      clean += c;
      ++at;
    }
  }
  while (!clean.empty() && (clean.back() == ' ' || clean.back() == ';')) clean.pop_back();
  return clean;
}

// "SELECT" and "orders": what a statement does, and to which table. Empty when it is not seen at a glance.
struct SqlSummary {
  std::string operation, table;
};
inline SqlSummary sql_summary(std::string_view clean) {
  SqlSummary summary;
  std::string before;
  for (size_t at = 0; at < clean.size() && summary.table.empty();) {
    size_t end = at;
    if (clean[at] == '"' || clean[at] == '`' || clean[at] == '[') {
      end = past_quotes(clean, at);
    } else {
      while (end < clean.size() && (sql_word(clean[end]) || clean[end] == '.')) ++end;
    }
    if (end == at) {
      before.clear();
      ++at;
      continue;
    }
    const std::string_view word = clean.substr(at, end - at);
    std::string upper(word);
    for (char& letter : upper) letter = letter >= 'a' && letter <= 'z' ? char(letter - 'a' + 'A') : letter;
    if (summary.operation.empty()) {
      summary.operation = upper;
    } else if (before == "FROM" || before == "INTO" || before == "TABLE" || before == "UPDATE" || before == "EXISTS") {
      if (upper != "IF" && upper != "NOT" && upper != "EXISTS") summary.table = word;
    }
    if (upper != "NOT" && upper != "IF") before = upper;
    at = end < clean.size() && clean[end] == ' ' ? end + 1 : end;
  }
  return summary;
}

// The span of a statement. `db` names the file.
inline Span start_sqlite(sqlite3* db, std::string_view sql) {
  static const Tracer made = tracer("clew.sqlite");
  const std::string clean = sql_without_literals(sql);
  const SqlSummary summary = sql_summary(clean);
  const std::string short_text = summary.table.empty() ? summary.operation : summary.operation + " " + summary.table;
  const char* const path = sqlite3_db_filename(db, "main");
  std::string_view file = path == nullptr || *path == 0 ? ":memory:" : path;
  if (const size_t slash = file.rfind('/'); slash != std::string_view::npos) file.remove_prefix(slash + 1);
  NamedAttributes<12> attributes(database_names());
  attributes.add("db.system.name", "db.system", "sqlite");
  attributes.add("db.namespace", "db.name", file);
  attributes.add("db.query.text", "db.statement", clean);
  attributes.add("db.query.summary", "", short_text);
  attributes.add("db.operation.name", "db.operation", summary.operation);
  attributes.add("db.collection.name", "db.sql.table", summary.table);
  StartOptions options;
  options.kind = kClient;
  options.attributes = attributes.list();
  return made.start(short_text.empty() ? std::string_view("sqlite") : std::string_view(short_text), options);
}

inline void sqlite_failed(Span& span, sqlite3* db, int result) noexcept {
  char code[16];
  std::snprintf(code, sizeof code, "%d", sqlite3_extended_errcode(db));
  if (database_names() != Names::kBefore) span.set("db.response.status_code", code);
  span.set("error.type", sqlite3_errstr(result)).status(Status::kError, sqlite3_errmsg(db));
}

}  // namespace detail

// One run of a prepared statement: a span from the first step() until there are no more rows, or until this object
// goes. Used like the statement: by one thread at a time.
class SqliteQuery {
 public:
  explicit SqliteQuery(sqlite3_stmt* statement) noexcept : statement_(statement) {}
  SqliteQuery(const SqliteQuery&) = delete;
  SqliteQuery& operator=(const SqliteQuery&) = delete;
  ~SqliteQuery() { end(); }

  // sqlite3_step.
  int step() {
    sqlite3* const db = sqlite3_db_handle(statement_);
    if (!running_) {
      running_ = true;
      rows_ = 0;
      span_ = detail::start_sqlite(db, sqlite3_sql(statement_));
    }
    const int result = sqlite3_step(statement_);
    if (result == SQLITE_ROW) {
      ++rows_;
      return result;
    }
    if (result != SQLITE_DONE) detail::sqlite_failed(span_, db, result & 0xff);
    end();
    return result;
  }

 private:
  void end() noexcept {
    if (!running_) return;
    running_ = false;
    if (detail::database_names() != Names::kBefore && sqlite3_column_count(statement_) != 0) {
      span_.set("db.response.returned_rows", rows_);
    }
    span_.end();
  }

  sqlite3_stmt* statement_;
  Span span_;
  uint64_t rows_ = 0;
  bool running_ = false;
};

// sqlite3_exec in a span.
inline int sqlite_exec(sqlite3* db, const char* sql, int (*row)(void*, int, char**, char**) = nullptr,
                       void* state = nullptr) {
  Span span = detail::start_sqlite(db, sql);
  const int result = sqlite3_exec(db, sql, row, state, nullptr);
  if (result != SQLITE_OK) detail::sqlite_failed(span, db, result & 0xff);
  return result;
}

CLEW_END
