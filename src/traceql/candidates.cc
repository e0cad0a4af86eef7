#include "traceql/candidates.h"

#include <algorithm>

#include "traceql/structure_scan.h"

namespace clew::traceql {
namespace {

// Filters of which a span that the node gives has satisfied at least one.
void givers_of(const SpansetExpression& expression, std::vector<const SpansetFilter*>& out) {
  if (const auto* filter = std::get_if<SpansetFilter>(&expression.node)) {
    out.push_back(filter);
    return;
  }
  const auto& binary = std::get<SpansetBinary>(expression.node);
  Combination combination = binary.op.combination;
  if (combination != Combination::related && combination != Combination::not_related) givers_of(*binary.left, out);
  givers_of(*binary.right, out);
}

bool needs_both(SpansetOperator op) {
  return op.combination != Combination::any_of && op.combination != Combination::not_related;
}

}  // namespace

Candidates::Candidates(RowScan& scan, const ListedTraces& listed, ScanOrder& order, ReadBudget& budget)
    : scan_(scan),
      unit_(scan.fields().unit()),
      listed_(listed),
      order_(order),
      budget_(budget),
      page_traces_((unit_.rows() + unit_.page_rows() - 1) / unit_.page_rows()),
      inspected_(page_traces_.size()) {}

RowRange Candidates::rows_of(uint32_t page) const {
  return {page * unit_.page_rows(), std::min(unit_.rows(), (page + 1) * unit_.page_rows())};
}

Result<Candidates::PageTraces> Candidates::traces_of(uint32_t page) {
  auto& known = page_traces_[page];
  if (!known) {
    RowRange rows = rows_of(page);
    PageTraces traces{};
    TRY(unit_.trace_numbers({rows.begin, rows.begin + 1}, &traces.first));
    TRY(unit_.trace_numbers({rows.end - 1, rows.end}, &traces.last));
    known = traces;
  }
  return *known;
}

// In a block the traces of a page are a run of numbers.
Result<bool> Candidates::page_has(uint32_t page, const TraceSet& within) {
  if (unit_.is_live()) return true;
  ASSIGN_OR_RETURN(PageTraces traces, traces_of(page));
  return within.has_any(traces.first, traces.last);
}

Result<const TraceSet*> Candidates::listed() {
  if (listed_here_) return &*listed_here_;
  TraceSet out(unit_.traces());
  // A look-up costs about as much as a few dozen traces passed by.
  if (listed_.size() * 32 < unit_.traces()) {
    Status status;
    listed_.for_each([&](TraceId id) {
      if (!status) return;
      auto trace = unit_.find_trace(id);
      if (!trace) {
        status = std::unexpected(std::move(trace.error()));
      } else if (*trace) {
        out.set(**trace);
      }
    });
    TRY(status);
  } else {
    for (uint32_t trace = 0; trace < unit_.traces(); ++trace) {
      ASSIGN_OR_RETURN(TraceId id, unit_.trace_id(trace));
      if (listed_.contains(id)) out.set(trace);
    }
  }
  listed_here_ = std::move(out);
  return &*listed_here_;
}

Status Candidates::add_listed(const TraceSet& from, TraceSet& to) {
  if (listed_.empty()) return {};
  TraceSet missing = from;
  missing.remove(to);
  return missing.for_each([&](uint32_t trace) -> Status {
    ASSIGN_OR_RETURN(TraceId id, unit_.trace_id(trace));
    if (listed_.contains(id)) to.set(trace);
    return {};
  });
}

Result<bool> Candidates::is_possible() {
  return is_possible(std::get<PipelineExpression>(scan_.fields().program().query().body));
}

Result<TraceSet> Candidates::find(TraceSet within, uint32_t first, uint32_t end) {
  ASSIGN_OR_RETURN(uint32_t first_row, unit_.first_row(first));
  uint32_t end_row = unit_.rows();
  if (!unit_.is_live() && end < unit_.traces()) {
    ASSIGN_OR_RETURN(end_row, unit_.first_row(end));
  }
  first_page_ = first_row / unit_.page_rows();
  end_page_ = (end_row + unit_.page_rows() - 1) / unit_.page_rows();
  return find(std::get<PipelineExpression>(scan_.fields().program().query().body), std::move(within));
}

Result<TraceSet> Candidates::find(const SpansetFilter& filter, const TraceSet& within) {
  if (!filter.condition) return within;
  TraceSet out(unit_.traces());
  ASSIGN_OR_RETURN(bool hopeless, scan_.is_hopeless(filter));
  if (hopeless) return out;
  ASSIGN_OR_RETURN(const RowMask* mask, scan_.mask(filter));
  for (uint32_t page = first_page_; page < end_page_; ++page) {
    ASSIGN_OR_RETURN(bool may_match, scan_.page_may_match(filter, page));
    if (!may_match) continue;
    ASSIGN_OR_RETURN(bool wanted, page_has(page, within));
    if (!wanted) continue;
    TRY(budget_.check_time());
    TRY(scan_.scan_page(filter, page));
    TRY(note_inspected(page));
    if (!mask->page_has_rows(page)) continue;
    TRY(add_traces(*mask, page, out));
  }
  out.keep(within);
  return out;
}

// A page's spans, and the traces that begin on it, are counted once, whatever is asked of it.
Status Candidates::note_inspected(uint32_t page) {
  if (inspected_[page]) return {};
  inspected_[page] = true;
  const RowRange rows = rows_of(page);
  ASSIGN_OR_RETURN(uint32_t before, unit_.traces_before(rows.begin));
  ASSIGN_OR_RETURN(uint32_t with, unit_.traces_before(rows.end));
  budget_.inspected_spans += rows.size();
  budget_.inspected_traces += with - before;
  return {};
}

Result<bool> Candidates::was_inspected(uint32_t trace) const {
  ASSIGN_OR_RETURN(uint32_t row, unit_.first_row(trace));
  return inspected_[row / unit_.page_rows()];
}

Status Candidates::add_traces(const RowMask& mask, uint32_t page, TraceSet& out) {
  const RowRange rows = rows_of(page);
  // Looking the trace of one row up costs about as much as naming those of a few dozen rows in order.
  if (mask.count(page) * 32 < rows.size()) {
    Status status;
    mask.for_each(page, [&](uint32_t row) {
      uint32_t trace = 0;
      if (status) status = unit_.trace_numbers({rows.begin + row, rows.begin + row + 1}, &trace);
      if (status) out.set(trace);
    });
    return status;
  }
  trace_numbers_.resize(rows.size());
  TRY(unit_.trace_numbers(rows, trace_numbers_.data()));
  mask.for_each(page, [&](uint32_t row) { out.set(trace_numbers_[row]); });
  return {};
}

Result<TraceSet> Candidates::find(const SpansetExpression& expression, TraceSet within) {
  if (const auto* filter = std::get_if<SpansetFilter>(&expression.node)) return find(*filter, within);
  const auto& binary = std::get<SpansetBinary>(expression.node);
  ASSIGN_OR_RETURN(TraceSet found, join(&binary, binary.op, *binary.left, *binary.right, std::move(within)));
  if (binary.op.relation == Relation::none || !needs_both(binary.op)) return found;
  std::vector<const SpansetFilter*> left, right;
  givers_of(*binary.left, left);
  givers_of(*binary.right, right);
  StructureScan structure(scan_, binary.op.relation, left, right);
  TraceSet out(unit_.traces());
  uint32_t count = 0;
  TRY(found.for_each([&](uint32_t trace) -> Status {
    if (++count % 1024 == 0) TRY(budget_.check_time());
    ASSIGN_OR_RETURN(bool may_match, structure.may_match(trace));
    if (may_match) out.set(trace);
    return {};
  }));
  TRY(add_listed(found, out));
  return out;
}

Result<TraceSet> Candidates::find(const Pipeline& pipeline, TraceSet within) {
  bool is_first = true;
  for (const PipelineElement& element : pipeline.elements) {
    const auto* expression = std::get_if<SpansetExpression>(&element.node);
    if (expression == nullptr) continue;
    ASSIGN_OR_RETURN(TraceSet found, find(*expression, within));
    if (!is_first) TRY(add_listed(within, found));
    within = std::move(found);
    is_first = false;
  }
  return within;
}

Result<TraceSet> Candidates::find(const PipelineExpression& expression, TraceSet within) {
  if (const auto* pipeline = std::get_if<Pipeline>(&expression.node)) return find(*pipeline, std::move(within));
  const auto& binary = std::get<PipelineBinary>(expression.node);
  return join(&binary, binary.op, *binary.left, *binary.right, std::move(within));
}

template <typename Node>
Result<bool> Candidates::right_is_first(const void* key, const Node& left, const Node& right) {
  auto known = order_.find(key);
  if (known == order_.end()) {
    ASSIGN_OR_RETURN(double left_share, share(left));
    ASSIGN_OR_RETURN(double right_share, share(right));
    known = order_.emplace(key, right_share < left_share).first;
  }
  return known->second;
}

template <typename Node>
Result<TraceSet> Candidates::join(const void* key, SpansetOperator op, const Node& left, const Node& right,
                                  TraceSet within) {
  if (op.combination == Combination::not_related) return find(right, std::move(within));
  if (op.combination == Combination::any_of) {
    ASSIGN_OR_RETURN(TraceSet out, find(left, within));
    ASSIGN_OR_RETURN(TraceSet more, find(right, std::move(within)));
    out.add(more);
    return out;
  }
  ASSIGN_OR_RETURN(bool swapped, right_is_first(key, left, right));
  const Node& first = swapped ? right : left;
  const Node& second = swapped ? left : right;
  ASSIGN_OR_RETURN(bool possible, is_possible(second));
  if (!possible) {
    // Only a part of a trace can be here.
    if (listed_.empty()) return TraceSet(unit_.traces());
    ASSIGN_OR_RETURN(const TraceSet* parts, listed());
    within.keep(*parts);
    if (within.empty()) return within;
    return find(first, std::move(within));
  }
  ASSIGN_OR_RETURN(TraceSet some, find(first, std::move(within)));
  if (some.empty()) return some;
  ASSIGN_OR_RETURN(TraceSet out, find(second, some));
  TRY(add_listed(some, out));
  return out;
}

Result<bool> Candidates::is_possible(const SpansetExpression& expression) {
  if (const auto* filter = std::get_if<SpansetFilter>(&expression.node)) {
    ASSIGN_OR_RETURN(bool hopeless, scan_.is_hopeless(*filter));
    return !hopeless;
  }
  const auto& binary = std::get<SpansetBinary>(expression.node);
  ASSIGN_OR_RETURN(bool right, is_possible(*binary.right));
  if (binary.op.combination == Combination::not_related) return right;
  bool is_or = binary.op.combination == Combination::any_of;
  return right == is_or ? right : is_possible(*binary.left);
}

Result<bool> Candidates::is_possible(const Pipeline& pipeline) {
  for (const PipelineElement& element : pipeline.elements) {
    const auto* expression = std::get_if<SpansetExpression>(&element.node);
    if (expression == nullptr) continue;
    ASSIGN_OR_RETURN(bool possible, is_possible(*expression));
    if (!possible) return false;
  }
  return true;
}

Result<bool> Candidates::is_possible(const PipelineExpression& expression) {
  if (const auto* pipeline = std::get_if<Pipeline>(&expression.node)) return is_possible(*pipeline);
  const auto& binary = std::get<PipelineBinary>(expression.node);
  ASSIGN_OR_RETURN(bool right, is_possible(*binary.right));
  if (binary.op.combination == Combination::not_related) return right;
  bool is_or = binary.op.combination == Combination::any_of;
  return right == is_or ? right : is_possible(*binary.left);
}

namespace {

double joined_share(SpansetOperator op, double left, double right) {
  if (op.combination == Combination::any_of) return left + right;
  return op.combination == Combination::not_related ? right : std::min(left, right);
}

}  // namespace

Result<double> Candidates::share(const SpansetExpression& expression) {
  if (const auto* filter = std::get_if<SpansetFilter>(&expression.node)) return scan_.share(*filter);
  const auto& binary = std::get<SpansetBinary>(expression.node);
  ASSIGN_OR_RETURN(double left, share(*binary.left));
  ASSIGN_OR_RETURN(double right, share(*binary.right));
  return joined_share(binary.op, left, right);
}

Result<double> Candidates::share(const Pipeline& pipeline) {
  double out = 1;
  for (const PipelineElement& element : pipeline.elements) {
    const auto* expression = std::get_if<SpansetExpression>(&element.node);
    if (expression == nullptr) continue;
    ASSIGN_OR_RETURN(double part, share(*expression));
    out = std::min(out, part);
  }
  return out;
}

Result<double> Candidates::share(const PipelineExpression& expression) {
  if (const auto* pipeline = std::get_if<Pipeline>(&expression.node)) return share(*pipeline);
  const auto& binary = std::get<PipelineBinary>(expression.node);
  ASSIGN_OR_RETURN(double left, share(*binary.left));
  ASSIGN_OR_RETURN(double right, share(*binary.right));
  return joined_share(binary.op, left, right);
}

}  // namespace clew::traceql
