// TraceQL as it is defined, over plain spans: each operator is written as its definition says, every span is looked at,
// nothing is remembered. Shares nothing with the engine but the syntax tree.
#pragma once

#include <string>
#include <vector>

#include "plain_spans.h"
#include "traceql/query.h"
#include "traceql/search.h"

namespace clew::traceql::oracle {

struct PlainAnswer {
  std::vector<std::string> traces;  // one text each, in the answer's order
  bool fails = false;               // some span or trace makes the query fail
};

PlainAnswer plain_search(const std::vector<PlainSpan>& spans, const Query& query, const SearchOptions& options);

// Values with how many spans have them, of those that satisfy the one filter of the query; a line each, in any order.
std::vector<std::string> plain_values(const std::vector<PlainSpan>& spans, const Query& query,
                                      const Attribute& attribute, bool& fails);

// A trace of the engine's answer in the same words.
std::string text_of(const FoundTrace& trace);

}  // namespace clew::traceql::oracle
