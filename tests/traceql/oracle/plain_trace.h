// One whole trace of plain spans, by start and then id: who is whose parent, and what expressions are worth on a span.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plain_value.h"

namespace clew::traceql::oracle {

class PlainTrace {
 public:
  // Of spans with the same id and kind the first received stays.
  explicit PlainTrace(const std::vector<PlainSpan>& spans);

  size_t size() const { return spans_.size(); }
  const PlainSpan& span(size_t i) const { return spans_[i]; }
  // Cycles of parents are cut where the walk up from the first span that reaches one closes.
  std::optional<size_t> parent(size_t i) const { return parents_[i]; }
  const PlainSpan* root() const;
  uint64_t start_ns() const;
  uint64_t end_ns() const;

  Worth attribute(const Attribute& attribute, size_t i) const;
  // Sets `fails` where the query fails.
  Worth evaluate(const FieldExpression& expression, size_t i, bool& fails) const;

 private:
  void relate();
  std::optional<size_t> named_parent(size_t i) const;
  Worth scoped(Scope scope, const std::string& key, size_t i, bool& present) const;
  Worth intrinsic(Intrinsic intrinsic, size_t i) const;
  // Numbers of Tempo's nested sets: 2n of them, depth first, tops and children in the order of spans.
  void number(size_t i, int64_t& next, std::vector<std::pair<int64_t, int64_t>>& out) const;
  std::vector<std::pair<int64_t, int64_t>> nested_sets() const;

  std::vector<PlainSpan> spans_;
  std::vector<std::optional<size_t>> parents_;
};

// Every attribute and intrinsic that the query mentions, each once.
std::vector<const Attribute*> mentioned(const Query& query);

}  // namespace clew::traceql::oracle
