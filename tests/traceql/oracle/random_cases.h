// Random spans and random queries that often meet: small sets of keys and values, many broken traces.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "plain_spans.h"

namespace clew::traceql::oracle {

class RandomCases {
 public:
  explicit RandomCases(uint64_t seed) : random_(seed) {}

  uint64_t below(uint64_t limit) { return random_() % limit; }
  bool one_in(uint64_t n) { return below(n) == 0; }

  // Traces of 1 to 12 spans, and now and then of 60, received in `parts` parts.
  std::vector<PlainSpan> spans(size_t parts);
  // Parses always; is now and then refused by check().
  std::string query(const std::vector<PlainSpan>& spans);
  // `{ … }`, likewise.
  std::string filter(const std::vector<PlainSpan>& spans);
  // Of which values are asked.
  std::string tag();

 private:
  template <typename T, size_t n>
  const T& pick(const T (&choices)[n]) {
    return choices[below(n)];
  }
  PlainValue value(int depth);
  PlainAttributes attributes(uint64_t most);
  std::vector<PlainSpan> trace(size_t parts);
  PlainSpan span(const std::vector<PlainSpan>& before, uint64_t trace_start_ns);
  void add_nested(PlainSpan& span);

  std::string attribute();
  std::string number_attribute();
  std::string literal();
  std::string number();
  std::string comparison();
  std::string intrinsic_comparison();
  std::string condition(int depth);
  std::string spanset(int depth);
  std::string element();
  std::string pipeline();

  std::mt19937_64 random_;
  std::vector<PlainSpan> seen_;  // of which a query may name ids
};

}  // namespace clew::traceql::oracle
