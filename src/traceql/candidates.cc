#include "traceql/candidates.h"

#include <algorithm>
#include <unordered_map>

namespace clew::traceql {
namespace {

using Hits = std::vector<uint8_t>;
using HitsOfFilter = std::unordered_map<const SpansetFilter*, Hits>;

Hits both(Hits left, const Hits& right) {
  for (size_t i = 0; i < left.size(); ++i) left[i] &= right[i];
  return left;
}

Hits either(Hits left, const Hits& right) {
  for (size_t i = 0; i < left.size(); ++i) left[i] |= right[i];
  return left;
}

Hits join(SpansetOperator op, Hits left, Hits right) {
  switch (op.combination) {
    case Combination::any_of: return either(std::move(left), right);
    case Combination::not_related: return right;
    default: return both(std::move(left), right);
  }
}

Hits needed(const SpansetExpression& expression, const HitsOfFilter& hits) {
  if (const auto* filter = std::get_if<SpansetFilter>(&expression.node)) return hits.at(filter);
  const auto& binary = std::get<SpansetBinary>(expression.node);
  return join(binary.op, needed(*binary.left, hits), needed(*binary.right, hits));
}

Hits needed(const PipelineExpression& expression, const HitsOfFilter& hits, size_t traces) {
  if (const auto* binary = std::get_if<PipelineBinary>(&expression.node)) {
    return join(binary->op, needed(*binary->left, hits, traces), needed(*binary->right, hits, traces));
  }
  Hits out(traces, 1);
  for (const PipelineElement& element : std::get<Pipeline>(expression.node).elements) {
    if (const auto* spansets = std::get_if<SpansetExpression>(&element.node)) {
      out = both(std::move(out), needed(*spansets, hits));
    }
  }
  return out;
}

}  // namespace

Result<Candidates> find_candidates(UnitFields& fields, bool scan_listed, ReadBudget& budget) {
  const Unit& unit = fields.unit();
  const Program& program = fields.program();
  const auto& pipelines = std::get<PipelineExpression>(program.query().body);
  RowScan scan(fields);
  HitsOfFilter hits;
  std::vector<const SpansetFilter*> open;
  for (const SpansetFilter* filter : program.filters()) {
    ASSIGN_OR_RETURN(bool hopeless, scan.is_hopeless(*filter));
    hits.emplace(filter, Hits(unit.traces(), hopeless ? 0 : 1));
    if (!hopeless) open.push_back(filter);
  }
  Candidates out;
  out.whole = needed(pipelines, hits, unit.traces());
  out.part.assign(unit.traces(), 0);
  bool possible = std::ranges::any_of(out.whole, [](uint8_t hit) { return hit != 0; });
  if (open.empty() || (!possible && !scan_listed)) return out;

  for (const SpansetFilter* filter : open) std::ranges::fill(hits.at(filter), 0);
  std::vector<uint8_t> mask;
  std::vector<uint32_t> traces;
  for (uint32_t begin = 0; begin < unit.rows(); begin += unit.page_rows()) {
    RowRange rows{begin, std::min(unit.rows(), begin + unit.page_rows())};
    TRY(budget.check_time());
    traces.resize(rows.size());
    TRY(unit.trace_numbers(rows, traces.data()));
    for (const SpansetFilter* filter : open) {
      TRY(scan.scan(*filter, rows, mask));
      Hits& hit = hits.at(filter);
      for (size_t i = 0; i < mask.size(); ++i) hit[traces[i]] |= mask[i];
    }
  }
  out.whole = needed(pipelines, hits, unit.traces());
  for (const SpansetFilter* filter : open) out.part = either(std::move(out.part), hits.at(filter));
  return out;
}

}  // namespace clew::traceql
