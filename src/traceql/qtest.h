// Reads tests/traceql/search/*.qtest (format: the README there).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "column/span_batch.h"

namespace clew::traceql {

struct QueryCase {
  std::string file;
  int line = 0;
  std::string query;
  std::string expected;  // the lines, joined by '\n'
};

struct Qtest {
  std::unique_ptr<Vocabulary> vocabulary = std::make_unique<Vocabulary>();
  SpanBatch batch;
  std::map<TraceId, std::string> trace_names;
  std::map<uint64_t, std::string> span_names;
  std::vector<QueryCase> cases;
};

// Ends the test with a message when the file is not of the form.
Qtest read_qtest(const std::string& path);
std::vector<std::string> qtest_files();

}  // namespace clew::traceql
