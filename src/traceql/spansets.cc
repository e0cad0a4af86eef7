#include "traceql/spansets.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <span>

#include "traceql/evaluate.h"

namespace clew::traceql {
namespace {

using Spans = std::vector<uint32_t>;
using Parents = std::span<const uint32_t>;

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
Pairs above_and_below(Parents parents, const Spans& above, const Spans& below, bool far) {
  std::vector<uint8_t> is_above(parents.size()), is_below(parents.size());
  for (uint32_t span : above) is_above[span] = 1;
  for (uint32_t span : below) is_below[span] = 1;
  Pairs out{std::vector<uint8_t>(parents.size()), std::vector<uint8_t>(parents.size())};
  if (!far) {
    for (uint32_t span : below) {
      uint32_t parent = parents[span];
      if (parent == kNoSpan || !is_above[parent]) continue;
      out.left[parent] = 1;
      out.right[span] = 1;
    }
    return out;
  }
  // From the top down: whether some span above is in `above`; then from the bottom up, whether some below is in
  // `below`.
  std::vector<uint32_t> order(parents.size());
  std::vector<uint32_t> depth(parents.size(), kNoSpan);
  std::vector<uint32_t> path;
  for (uint32_t span = 0; span < parents.size(); ++span) {
    path.clear();
    uint32_t at = span;
    for (; at != kNoSpan && depth[at] == kNoSpan; at = parents[at]) path.push_back(at);
    uint32_t next = at == kNoSpan ? 0 : depth[at] + 1;
    for (size_t i = path.size(); i-- > 0;) depth[path[i]] = next++;
  }
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return depth[a] < depth[b]; });
  std::vector<uint8_t> under(parents.size()), over(parents.size());
  for (uint32_t span : order) {
    uint32_t parent = parents[span];
    if (parent != kNoSpan) under[span] = under[parent] || is_above[parent];
  }
  for (size_t i = order.size(); i-- > 0;) {
    uint32_t parent = parents[order[i]];
    if (parent != kNoSpan) over[parent] = over[parent] || over[order[i]] || is_below[order[i]];
  }
  for (uint32_t span : below) out.right[span] = under[span];
  for (uint32_t span : above) out.left[span] = over[span];
  return out;
}

Pairs siblings(Parents parents, const Spans& left, const Spans& right) {
  // Per parent: how many of each side, and how many spans are in both. A span is no sibling of itself.
  struct Family {
    uint32_t left = 0;
    uint32_t right = 0;
  };
  std::map<uint32_t, Family> families;
  std::vector<uint8_t> is_left(parents.size()), is_right(parents.size());
  for (uint32_t span : left) is_left[span] = 1;
  for (uint32_t span : right) is_right[span] = 1;
  for (uint32_t span : left) ++families[parents[span]].left;
  for (uint32_t span : right) ++families[parents[span]].right;
  Pairs out{std::vector<uint8_t>(parents.size()), std::vector<uint8_t>(parents.size())};
  for (uint32_t span : right) {
    uint32_t parent = parents[span];
    if (parent != kNoSpan) out.right[span] = families[parent].left > is_left[span];
  }
  for (uint32_t span : left) {
    uint32_t parent = parents[span];
    if (parent != kNoSpan) out.left[span] = families[parent].right > is_right[span];
  }
  return out;
}

Pairs related(Relation relation, Parents parents, const Spans& left, const Spans& right) {
  switch (relation) {
    case Relation::child: return above_and_below(parents, left, right, false);
    case Relation::descendant: return above_and_below(parents, left, right, true);
    case Relation::sibling: return siblings(parents, left, right);
    default: break;
  }
  Pairs turned = above_and_below(parents, right, left, relation == Relation::ancestor);
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

Result<Spans> combine(SpansetOperator op, const TraceSpans& trace, const Spans& left, const Spans& right) {
  if (op.combination == Combination::any_of) return unite(left, right);
  bool needs_right = op.combination != Combination::all_of && op.combination != Combination::both_related;
  if (right.empty() || (left.empty() && !needs_right)) return Spans{};
  if (op.combination == Combination::all_of) return unite(left, right);
  ASSIGN_OR_RETURN(Parents parents, trace.parents());
  Pairs pairs = related(op.relation, parents, left, right);
  if (op.combination == Combination::related) return marked(right, pairs.right, true);
  if (op.combination == Combination::not_related) return marked(right, pairs.right, false);
  return unite(marked(left, pairs.left, true), marked(right, pairs.right, true));
}

Result<Spans> filter_spans(const SpansetFilter& filter, const TraceSpans& trace, const Spans& among) {
  if (!filter.condition) return among;
  Spans out;
  for (uint32_t span : among) {
    std::optional<bool> holds = trace.known(filter, span);
    if (!holds) {
      ASSIGN_OR_RETURN(FieldValue value, evaluate(*filter.condition, trace, span));
      holds = value.is_true();
    }
    if (*holds) out.push_back(span);
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
