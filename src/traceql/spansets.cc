#include "traceql/spansets.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "traceql/evaluate.h"

namespace clew::traceql {
namespace {

using Spans = std::vector<uint32_t>;

Spans unite(const Spans& left, const Spans& right) {
  Spans out;
  std::ranges::set_union(left, right, std::back_inserter(out));
  return out;
}

// Which spans take part in a pair of left and right that stand in the relation; as seen from each side.
struct Pairs {
  std::vector<uint8_t> left;
  std::vector<uint8_t> right;
};

// Marks the right spans that have `left` above them and the left spans that have `right` below: a span is above another
// when following parents from that one comes to it. `far` follows all the way, else one step.
Pairs above_and_below(const TraceSpans& trace, const Spans& above, const Spans& below, bool far) {
  std::vector<uint8_t> is_above(trace.size()), is_below(trace.size());
  for (uint32_t span : above) is_above[span] = 1;
  for (uint32_t span : below) is_below[span] = 1;
  Pairs out{std::vector<uint8_t>(trace.size()), std::vector<uint8_t>(trace.size())};
  if (!far) {
    for (uint32_t span : below) {
      uint32_t parent = trace.parent(span);
      if (parent == kNoSpan || !is_above[parent]) continue;
      out.left[parent] = 1;
      out.right[span] = 1;
    }
    return out;
  }
  // From the top down: whether some span above is in `above`; then from the bottom up, whether some below is in
  // `below`.
  std::vector<uint32_t> order(trace.size());
  std::vector<uint32_t> depth(trace.size(), kNoSpan);
  std::vector<uint32_t> path;
  for (uint32_t span = 0; span < trace.size(); ++span) {
    path.clear();
    uint32_t at = span;
    for (; at != kNoSpan && depth[at] == kNoSpan; at = trace.parent(at)) path.push_back(at);
    uint32_t next = at == kNoSpan ? 0 : depth[at] + 1;
    for (size_t i = path.size(); i-- > 0;) depth[path[i]] = next++;
  }
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return depth[a] < depth[b]; });
  std::vector<uint8_t> under(trace.size()), over(trace.size());
  for (uint32_t span : order) {
    uint32_t parent = trace.parent(span);
    if (parent != kNoSpan) under[span] = under[parent] || is_above[parent];
  }
  for (size_t i = order.size(); i-- > 0;) {
    uint32_t parent = trace.parent(order[i]);
    if (parent != kNoSpan) over[parent] = over[parent] || over[order[i]] || is_below[order[i]];
  }
  for (uint32_t span : below) out.right[span] = under[span];
  for (uint32_t span : above) out.left[span] = over[span];
  return out;
}

Pairs siblings(const TraceSpans& trace, const Spans& left, const Spans& right) {
  // Per parent: how many of each side, and how many spans are in both. A span is no sibling of itself.
  struct Family {
    uint32_t left = 0;
    uint32_t right = 0;
  };
  std::map<uint32_t, Family> families;
  std::vector<uint8_t> is_left(trace.size()), is_right(trace.size());
  for (uint32_t span : left) is_left[span] = 1;
  for (uint32_t span : right) is_right[span] = 1;
  for (uint32_t span : left) ++families[trace.parent(span)].left;
  for (uint32_t span : right) ++families[trace.parent(span)].right;
  Pairs out{std::vector<uint8_t>(trace.size()), std::vector<uint8_t>(trace.size())};
  for (uint32_t span : right) {
    uint32_t parent = trace.parent(span);
    if (parent != kNoSpan) out.right[span] = families[parent].left > is_left[span];
  }
  for (uint32_t span : left) {
    uint32_t parent = trace.parent(span);
    if (parent != kNoSpan) out.left[span] = families[parent].right > is_right[span];
  }
  return out;
}

Pairs related(Relation relation, const TraceSpans& trace, const Spans& left, const Spans& right) {
  switch (relation) {
    case Relation::child: return above_and_below(trace, left, right, false);
    case Relation::descendant: return above_and_below(trace, left, right, true);
    case Relation::sibling: return siblings(trace, left, right);
    default: break;
  }
  Pairs turned = above_and_below(trace, right, left, relation == Relation::ancestor);
  return {std::move(turned.right), std::move(turned.left)};
}

Spans marked(const Spans& spans, const std::vector<uint8_t>& marks, bool wanted) {
  Spans out;
  for (uint32_t span : spans) {
    if ((marks[span] != 0) == wanted) out.push_back(span);
  }
  return out;
}

}  // namespace

Spans combine(SpansetOperator op, const TraceSpans& trace, const Spans& left, const Spans& right) {
  switch (op.combination) {
    case Combination::any_of: return unite(left, right);
    case Combination::all_of: return left.empty() || right.empty() ? Spans{} : unite(left, right);
    case Combination::related: return marked(right, related(op.relation, trace, left, right).right, true);
    case Combination::not_related: return marked(right, related(op.relation, trace, left, right).right, false);
    case Combination::both_related: {
      Pairs pairs = related(op.relation, trace, left, right);
      return unite(marked(left, pairs.left, true), marked(right, pairs.right, true));
    }
  }
  return {};
}

Result<Spans> filter_spans(const SpansetFilter& filter, const TraceSpans& trace, const Spans& among) {
  if (!filter.condition) return among;
  Spans out;
  for (uint32_t span : among) {
    ASSIGN_OR_RETURN(FieldValue value, evaluate(*filter.condition, trace, span));
    if (value.is_true()) out.push_back(span);
  }
  return out;
}

Result<Spans> evaluate(const SpansetExpression& expression, const TraceSpans& trace, const Spans& among) {
  if (const auto* filter = std::get_if<SpansetFilter>(&expression.node)) return filter_spans(*filter, trace, among);
  const auto& binary = std::get<SpansetBinary>(expression.node);
  ASSIGN_OR_RETURN(Spans left, evaluate(*binary.left, trace, among));
  ASSIGN_OR_RETURN(Spans right, evaluate(*binary.right, trace, among));
  return combine(binary.op, trace, left, right);
}

}  // namespace clew::traceql
