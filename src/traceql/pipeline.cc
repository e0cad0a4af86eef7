#include "traceql/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "traceql/evaluate.h"
#include "traceql/operators.h"
#include "traceql/print.h"

namespace clew::traceql {
namespace {

using Spansets = std::vector<Spanset>;

// Nil when there is nothing to aggregate.
Result<FieldValue> aggregate(const Aggregate& aggregate, const TraceSpans& trace, const std::vector<uint32_t>& spans) {
  if (aggregate.function == AggregateFunction::count) return FieldValue::of_int(static_cast<int64_t>(spans.size()));
  FieldValue best;
  double sum = 0;
  int64_t exact_sum = 0;
  size_t count = 0;
  Type type = Type::nil;
  for (uint32_t span : spans) {
    ASSIGN_OR_RETURN(FieldValue value, evaluate(*aggregate.operand, trace, span));
    if (value.is_many || !is_numeric(value.type)) continue;
    type = count == 0 ? value.type : type == value.type ? type : Type::real;
    ++count;
    sum += value.as_real();
    exact_sum = static_cast<int64_t>(static_cast<uint64_t>(exact_sum) + static_cast<uint64_t>(value.integer));
    Operator better = aggregate.function == AggregateFunction::min ? Operator::less : Operator::greater;
    if (best.is_nil() || compare(better, value, best)) best = value;
  }
  if (count == 0) return FieldValue{};
  switch (aggregate.function) {
    case AggregateFunction::min:
    case AggregateFunction::max: return best;
    case AggregateFunction::sum:
      if (type == Type::real) return FieldValue::of_real(sum);
      return type == Type::duration ? FieldValue::of_duration(exact_sum) : FieldValue::of_int(exact_sum);
    default: {
      double mean = sum / static_cast<double>(count);
      return type == Type::duration ? FieldValue::of_duration(static_cast<int64_t>(mean)) : FieldValue::of_real(mean);
    }
  }
}

Result<FieldValue> scalar(const ScalarExpression& expression, const TraceSpans& trace, Spanset& spanset) {
  if (const auto* literal = std::get_if<Literal>(&expression.node)) return FieldValue::of(*literal);
  if (const auto* found = std::get_if<Aggregate>(&expression.node)) {
    ASSIGN_OR_RETURN(FieldValue value, aggregate(*found, trace, spanset.spans));
    std::string key = print(*found);
    bool is_known = std::ranges::any_of(spanset.attributes, [&](const FoundAttribute& a) { return a.key == key; });
    if (!value.is_nil() && !is_known) spanset.attributes.push_back({std::move(key), found_value(value)});
    return value;
  }
  if (const auto* binary = std::get_if<ScalarBinary>(&expression.node)) {
    ASSIGN_OR_RETURN(FieldValue left, scalar(*binary->left, trace, spanset));
    ASSIGN_OR_RETURN(FieldValue right, scalar(*binary->right, trace, spanset));
    return arithmetic(binary->op, left, right);
  }
  return fail(ErrorCode::unimplemented, "scalar pipelines are not executed yet");
}

Status keep_where(const ScalarFilter& filter, const TraceSpans& trace, Spansets& spansets) {
  Spansets kept;
  for (Spanset& spanset : spansets) {
    ASSIGN_OR_RETURN(FieldValue left, scalar(filter.left, trace, spanset));
    ASSIGN_OR_RETURN(FieldValue right, scalar(filter.right, trace, spanset));
    if (compare(filter.op, left, right)) kept.push_back(std::move(spanset));
  }
  spansets = std::move(kept);
  return {};
}

// What makes two values the same group.
std::string group_key(const FieldValue& value) {
  std::string key = fmt::format("{} {} {} {}", static_cast<int>(value.type), value.integer, value.real, value.text);
  for (const FieldValue& item : value.items) key += "\n" + group_key(item);
  return key;
}

Status group(const GroupBy& by, const TraceSpans& trace, Spansets& spansets) {
  Spansets groups;
  for (const Spanset& spanset : spansets) {
    std::map<std::string, size_t> known;
    for (uint32_t span : spanset.spans) {
      ASSIGN_OR_RETURN(FieldValue value, evaluate(by.key, trace, span));
      auto [place, is_new] = known.try_emplace(group_key(value), groups.size());
      if (is_new) {
        groups.push_back({{}, spanset.attributes});
        groups.back().attributes.push_back({fmt::format("by({})", print(by.key)), found_value(value)});
      }
      groups[place->second].spans.push_back(span);
    }
  }
  spansets = std::move(groups);
  return {};
}

void coalesce(Spansets& spansets) {
  Spanset all;
  for (const Spanset& spanset : spansets) all.spans.insert(all.spans.end(), spanset.spans.begin(), spanset.spans.end());
  std::ranges::sort(all.spans);
  auto rest = std::ranges::unique(all.spans);
  all.spans.erase(rest.begin(), rest.end());
  spansets.clear();
  if (!all.spans.empty()) spansets.push_back(std::move(all));
}

Status filter(const SpansetExpression& expression, const TraceSpans& trace, Spansets& spansets) {
  Spansets kept;
  for (Spanset& spanset : spansets) {
    ASSIGN_OR_RETURN(spanset.spans, evaluate(expression, trace, spanset.spans));
    if (!spanset.spans.empty()) kept.push_back(std::move(spanset));
  }
  spansets = std::move(kept);
  return {};
}

Result<Spansets> run_pipeline(const Pipeline& pipeline, const TraceSpans& trace) {
  Spansets spansets(1);
  spansets[0].spans.resize(trace.size());
  std::iota(spansets[0].spans.begin(), spansets[0].spans.end(), 0U);
  for (const PipelineElement& element : pipeline.elements) {
    if (const auto* expression = std::get_if<SpansetExpression>(&element.node)) {
      TRY(filter(*expression, trace, spansets));
    } else if (const auto* scalars = std::get_if<ScalarFilter>(&element.node)) {
      TRY(keep_where(*scalars, trace, spansets));
    } else if (const auto* by = std::get_if<GroupBy>(&element.node)) {
      TRY(group(*by, trace, spansets));
    } else if (std::holds_alternative<Coalesce>(element.node)) {
      coalesce(spansets);
    }
    if (spansets.empty()) break;
  }
  return spansets;
}

// The one spanset of a side; several need a coalesce() first.
Result<std::vector<uint32_t>> single(const Spansets& spansets) {
  if (spansets.empty()) return std::vector<uint32_t>{};
  if (spansets.size() > 1) {
    return invalid("a spanset operator stands beside several groups of spans: put coalesce() before it");
  }
  return spansets.front().spans;
}

}  // namespace

Result<Spansets> run(const PipelineExpression& expression, const TraceSpans& trace) {
  if (const auto* pipeline = std::get_if<Pipeline>(&expression.node)) return run_pipeline(*pipeline, trace);
  const auto& binary = std::get<PipelineBinary>(expression.node);
  ASSIGN_OR_RETURN(Spansets left_sets, run(*binary.left, trace));
  ASSIGN_OR_RETURN(Spansets right_sets, run(*binary.right, trace));
  ASSIGN_OR_RETURN(auto left, single(left_sets));
  ASSIGN_OR_RETURN(auto right, single(right_sets));
  ASSIGN_OR_RETURN(auto combined, combine(binary.op, trace, left, right));
  Spanset out{std::move(combined), {}};
  for (const Spansets* side : {&left_sets, &right_sets}) {
    for (const Spanset& spanset : *side) {
      out.attributes.insert(out.attributes.end(), spanset.attributes.begin(), spanset.attributes.end());
    }
  }
  if (out.spans.empty()) return Spansets{};
  return Spansets{std::move(out)};
}

}  // namespace clew::traceql
