// The questions that `clew bench query` asks: a name and a request each.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/tempo_source.h"

namespace clew::cli {

struct BenchQuery {
  std::string name;
  // Asked in turn: one trace id or value after the other, so that no cache answers for the store.
  std::vector<std::string> paths;
  std::vector<QueryParameters> parameters;  // as many as paths
};

// What the built-in corpus of `clew bench ingest` is asked; ids and values are sampled from the server first.
Result<std::vector<BenchQuery>> builtin_queries(TempoSource& source, const QueryParameters& range);

// Of a file: a TraceQL query or a path of the API a line, optionally after a name and a tab. Lines with one name that
// follow each other are asked in turn. Empty lines and those that begin with # are skipped.
Result<std::vector<BenchQuery>> queries_of_file(const std::string& path, const QueryParameters& range);

}  // namespace clew::cli
