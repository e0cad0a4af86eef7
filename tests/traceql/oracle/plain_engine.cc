#include "plain_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "plain_trace.h"
#include "traceql/attribute_values.h"
#include "traceql/names.h"
#include "traceql/print.h"

namespace clew::traceql::oracle {
namespace {

using Spans = std::vector<size_t>;  // of a trace, ascending
using Texts = std::vector<std::pair<std::string, std::string>>;
struct PlainSpanset {
  Spans spans;
  Texts attributes;
};

Spans unite(const Spans& a, const Spans& b) {
  Spans out;
  std::ranges::set_union(a, b, std::back_inserter(out));
  return out;
}

// One trace and one query.
class Judge {
 public:
  explicit Judge(const PlainTrace& trace) : trace_(trace) {}
  bool fails() const { return fails_; }

  std::vector<PlainSpanset> run(const PipelineExpression& expression) {
    if (const auto* pipeline = std::get_if<Pipeline>(&expression.node)) return run(*pipeline);
    const auto& binary = std::get<PipelineBinary>(expression.node);
    auto left = run(*binary.left);
    auto right = run(*binary.right);
    if (left.size() > 1 || right.size() > 1) {
      fails_ = true;
      return {};
    }
    PlainSpanset out;
    out.spans = combine(binary.op, left.empty() ? Spans{} : left[0].spans, right.empty() ? Spans{} : right[0].spans);
    for (const auto* side : {&left, &right}) {
      for (const PlainSpanset& spanset : *side) {
        out.attributes.insert(out.attributes.end(), spanset.attributes.begin(), spanset.attributes.end());
      }
    }
    if (out.spans.empty()) return {};
    return {out};
  }

 private:
  bool related(Relation relation, size_t left, size_t right) const {
    switch (relation) {
      case Relation::child: return trace_.parent(right) == left;
      case Relation::parent: return trace_.parent(left) == right;
      case Relation::descendant: return is_above(left, right);
      case Relation::ancestor: return is_above(right, left);
      case Relation::sibling:
        return left != right && trace_.parent(left) && trace_.parent(left) == trace_.parent(right);
      case Relation::none: return false;
    }
    return false;
  }
  bool is_above(size_t upper, size_t lower) const {
    for (auto at = trace_.parent(lower); at; at = trace_.parent(*at)) {
      if (*at == upper) return true;
    }
    return false;
  }

  Spans combine(SpansetOperator op, const Spans& left, const Spans& right) const {
    switch (op.combination) {
      case Combination::all_of: return left.empty() || right.empty() ? Spans{} : unite(left, right);
      case Combination::any_of: return unite(left, right);
      default: break;
    }
    Spans lefts, rights, strangers;
    for (size_t r : right) {
      bool found = std::ranges::any_of(left, [&](size_t l) { return related(op.relation, l, r); });
      (found ? rights : strangers).push_back(r);
    }
    for (size_t l : left) {
      if (std::ranges::any_of(right, [&](size_t r) { return related(op.relation, l, r); })) lefts.push_back(l);
    }
    if (op.combination == Combination::related) return rights;
    if (op.combination == Combination::not_related) return strangers;
    return unite(lefts, rights);
  }

  Spans filter(const SpansetExpression& expression, const Spans& among) {
    if (const auto* binary = std::get_if<SpansetBinary>(&expression.node)) {
      Spans left = filter(*binary->left, among);
      return combine(binary->op, left, filter(*binary->right, among));
    }
    Spans out;
    const auto& condition = std::get<SpansetFilter>(expression.node).condition;
    for (size_t i : among) {
      if (!condition || trace_.evaluate(*condition, i, fails_).is_true()) out.push_back(i);
    }
    return out;
  }

  Worth aggregate(const Aggregate& aggregate, const Spans& spans) {
    if (aggregate.function == AggregateFunction::count)
      return Worth::number(Type::integer, static_cast<int64_t>(spans.size()));
    std::vector<Worth> values;
    for (size_t i : spans) {
      Worth value = trace_.evaluate(*aggregate.operand, i, fails_);
      if (value.is_number()) values.push_back(value);
    }
    if (values.empty()) return {};
    if (aggregate.function == AggregateFunction::min || aggregate.function == AggregateFunction::max) {
      Operator better = aggregate.function == AggregateFunction::min ? Operator::less : Operator::greater;
      Worth best = values.front();
      for (const Worth& value : values) {
        if (compare(better, value, best)) best = value;
      }
      return best;
    }
    bool alike = std::ranges::all_of(values, [&](const Worth& v) { return v.type == values.front().type; });
    Type type = alike ? values.front().type : Type::real;
    double sum = 0;
    int64_t exact = 0;
    for (const Worth& value : values) {
      sum += value.as_real();
      __builtin_add_overflow(exact, value.integer, &exact);
    }
    if (aggregate.function == AggregateFunction::sum)
      return type == Type::real ? Worth::of_real(sum) : Worth::number(type, exact);
    double mean = sum / static_cast<double>(values.size());
    return type == Type::duration ? Worth::number(type, static_cast<int64_t>(mean)) : Worth::of_real(mean);
  }

  void keep_where(const ScalarFilter& filter, std::vector<PlainSpanset>& spansets) {
    std::vector<PlainSpanset> kept;
    const auto& aggregated = std::get<Aggregate>(filter.left.node);
    for (PlainSpanset& spanset : spansets) {
      Worth value = aggregate(aggregated, spanset.spans);
      if (value.is_single()) {
        std::pair<std::string, std::string> shown{print(aggregated), text_of(value)};
        bool known = std::ranges::any_of(spanset.attributes, [&](const auto& a) { return a.first == shown.first; });
        if (!known) spanset.attributes.push_back(std::move(shown));
      }
      if (compare(filter.op, value, Worth::of(std::get<Literal>(filter.right.node))))
        kept.push_back(std::move(spanset));
    }
    spansets = std::move(kept);
  }

  void group(const GroupBy& by, std::vector<PlainSpanset>& spansets) {
    std::vector<PlainSpanset> out;
    for (const PlainSpanset& spanset : spansets) {
      std::vector<std::pair<Worth, size_t>> known;
      for (size_t i : spanset.spans) {
        Worth value = trace_.evaluate(by.key, i, fails_);
        auto place = std::ranges::find_if(known, [&](const auto& group) { return same_group(group.first, value); });
        if (place == known.end()) {
          place = known.insert(known.end(), {value, out.size()});
          out.push_back({{}, spanset.attributes});
          out.back().attributes.emplace_back("by(" + print(by.key) + ")", text_of(value));
        }
        out[place->second].spans.push_back(i);
      }
    }
    spansets = std::move(out);
  }

  std::vector<PlainSpanset> run(const Pipeline& pipeline) {
    std::vector<PlainSpanset> spansets(1);
    spansets[0].spans.resize(trace_.size());
    std::iota(spansets[0].spans.begin(), spansets[0].spans.end(), size_t{0});
    for (const PipelineElement& element : pipeline.elements) {
      if (const auto* expression = std::get_if<SpansetExpression>(&element.node)) {
        for (PlainSpanset& spanset : spansets) spanset.spans = filter(*expression, spanset.spans);
        std::erase_if(spansets, [](const PlainSpanset& spanset) { return spanset.spans.empty(); });
      } else if (const auto* scalars = std::get_if<ScalarFilter>(&element.node)) {
        keep_where(*scalars, spansets);
      } else if (const auto* by = std::get_if<GroupBy>(&element.node)) {
        group(*by, spansets);
      } else if (std::holds_alternative<Coalesce>(element.node)) {
        PlainSpanset all;
        for (const PlainSpanset& spanset : spansets) all.spans = unite(all.spans, spanset.spans);
        spansets.assign(all.spans.empty() ? 0 : 1, all);
      }
    }
    return spansets;
  }

  const PlainTrace& trace_;
  bool fails_ = false;
};

std::string joined(Texts attributes) {
  std::ranges::sort(attributes);
  std::string out;
  for (const auto& [key, value] : attributes) out += fmt::format(" {}={}", key, value);
  return out;
}

bool is_shown_apart(Intrinsic intrinsic) {
  constexpr Intrinsic kApart[] = {Intrinsic::name,      Intrinsic::duration,     Intrinsic::trace_duration,
                                  Intrinsic::root_name, Intrinsic::root_service, Intrinsic::trace_id,
                                  Intrinsic::span_id};
  return std::ranges::find(kApart, intrinsic) != std::end(kApart);
}

std::string span_text(const PlainTrace& trace, size_t i, const Query& query) {
  const PlainSpan& span = trace.span(i);
  Texts attributes;
  std::string name;
  for (const Attribute* attribute : mentioned(query)) {
    if (attribute->intrinsic == Intrinsic::name) name = span.name;
    if (is_shown_apart(attribute->intrinsic)) continue;
    Worth value = trace.attribute(*attribute, i);
    if (value.form == Worth::Form::nil) continue;
    std::string key = attribute->is_intrinsic() ? std::string(canonical_name(attribute->intrinsic)) : attribute->name;
    attributes.emplace_back(std::move(key), text_of(value));
  }
  return fmt::format("    {:x} \"{}\" at {} for {}{}\n", span.id, name, span.start_ns, span.duration_ns(),
                     joined(attributes));
}

std::string trace_text(const PlainTrace& trace, const std::vector<PlainSpanset>& spansets, const Query& query,
                       const SearchOptions& options) {
  auto service = [](const PlainSpan& span) {
    for (const auto& [key, value] : span.resource) {
      if (key == "service.name") return value.type == ValueType::string ? value.text : std::string();
    }
    return std::string();
  };
  const PlainSpan* root = trace.root();
  std::string out = fmt::format("trace {} root {} \"{}\" \"{}\" at {} for {}\n", trace.span(0).trace.hex(),
                                root != nullptr, root ? service(*root) : "", root ? root->name : "", trace.start_ns(),
                                trace.end_ns() - trace.start_ns());
  std::map<std::string, std::pair<uint32_t, uint32_t>> services;
  for (size_t i = 0; i < trace.size(); ++i) {
    auto& [spans, errors] = services[service(trace.span(i))];
    ++spans;
    if (trace.span(i).status == StatusCode::error) ++errors;
  }
  for (const auto& [name, counts] : services) out += fmt::format("  \"{}\" {} {}\n", name, counts.first, counts.second);
  for (const PlainSpanset& spanset : spansets) {
    out += fmt::format("  spanset of {}{}\n", spanset.spans.size(), joined(spanset.attributes));
    for (size_t n = 0; n < spanset.spans.size() && n < options.spans_per_spanset; ++n)
      out += span_text(trace, spanset.spans[n], query);
  }
  return out;
}

// By id.
std::vector<PlainTrace> traces_of(const std::vector<PlainSpan>& spans) {
  std::map<TraceId, std::vector<PlainSpan>> of_trace;
  for (const PlainSpan& span : spans) of_trace[span.trace].push_back(span);
  std::vector<PlainTrace> out;
  for (const auto& [id, own] : of_trace) out.emplace_back(own);
  return out;
}

Texts texts_of(const std::vector<FoundAttribute>& attributes) {
  Texts out;
  for (const FoundAttribute& attribute : attributes) out.emplace_back(attribute.key, text_of(attribute.value));
  return out;
}

}  // namespace

std::string text_of(const FoundTrace& trace) {
  std::string out = fmt::format("trace {} root {} \"{}\" \"{}\" at {} for {}\n", trace.id.hex(), trace.has_root,
                                trace.root_service, trace.root_name, trace.start_ns, trace.duration_ns);
  for (const auto& [name, stats] : trace.services)
    out += fmt::format("  \"{}\" {} {}\n", name, stats.span_count, stats.error_count);
  for (const FoundSpanset& spanset : trace.spansets) {
    out += fmt::format("  spanset of {}{}\n", spanset.matched, joined(texts_of(spanset.attributes)));
    for (const FoundSpan& span : spanset.spans) {
      out += fmt::format("    {:x} \"{}\" at {} for {}{}\n", span.id.value, span.name, span.start_ns, span.duration_ns,
                         joined(texts_of(span.attributes)));
    }
  }
  return out;
}

std::vector<std::string> plain_values(const std::vector<PlainSpan>& spans, const Query& query,
                                      const Attribute& attribute, bool& fails) {
  const SpansetFilter& filter = *only_filter(query);
  std::map<std::string, uint64_t> counts;
  auto add = [&](const Worth& value) {
    if (value.is_single()) ++counts[text_of(value)];
  };
  for (const PlainTrace& trace : traces_of(spans)) {
    for (size_t i = 0; i < trace.size(); ++i) {
      if (filter.condition && !trace.evaluate(*filter.condition, i, fails).is_true()) continue;
      Worth value = trace.attribute(attribute, i);
      add(value);
      for (const Worth& item : value.items) add(item);
    }
  }
  std::vector<std::string> out;
  for (const auto& [value, count] : counts) out.push_back(fmt::format("{} {}", value, count));
  return out;
}

PlainAnswer plain_search(const std::vector<PlainSpan>& spans, const Query& query, const SearchOptions& options) {
  std::vector<PlainTrace> traces = traces_of(spans);
  std::ranges::stable_sort(traces, std::ranges::greater(), &PlainTrace::start_ns);
  PlainAnswer answer;
  for (const PlainTrace& trace : traces) {
    bool in_range = false;
    for (size_t i = 0; i < trace.size(); ++i) {
      bool overlaps = (options.end_ns == 0 || trace.span(i).start_ns <= options.end_ns) &&
                      trace.span(i).last_ns() >= options.start_ns;
      in_range |= overlaps;
    }
    Judge judge(trace);
    auto spansets = judge.run(std::get<PipelineExpression>(query.body));
    answer.fails |= judge.fails();
    if (in_range && !spansets.empty() && answer.traces.size() < options.limit) {
      answer.traces.push_back(trace_text(trace, spansets, query, options));
    }
  }
  return answer;
}

}  // namespace clew::traceql::oracle
