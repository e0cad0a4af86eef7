#include "traceql/row_scan.h"

#include <algorithm>

namespace clew::traceql {

Result<LeafCondition*> RowScan::leaf(const FieldExpression& expression) {
  auto known = leaves_.find(&expression);
  if (known == leaves_.end()) {
    ASSIGN_OR_RETURN(auto made, LeafCondition::make(fields_, expression));
    known = leaves_.emplace(&expression, std::move(made)).first;
  }
  return known->second.get();
}

Result<bool> RowScan::possible(const FieldExpression& expression, std::optional<uint32_t> page) {
  if (const auto* literal = std::get_if<Literal>(&expression.node)) {
    return literal->type == Type::boolean && literal->as_bool();
  }
  if (const auto* junction = std::get_if<Junction>(&expression.node)) {
    for (const FieldExpression& operand : junction->operands) {
      ASSIGN_OR_RETURN(bool verdict, possible(operand, page));
      if (verdict != junction->conjunction) return verdict;
    }
    return junction->conjunction;
  }
  ASSIGN_OR_RETURN(const LeafCondition* leaf, this->leaf(expression));
  if (leaf == nullptr) return true;
  return page ? leaf->is_possible(*page) : leaf->is_possible();
}

Result<bool> RowScan::is_exact(const FieldExpression& expression) {
  if (std::holds_alternative<Literal>(expression.node)) return true;
  if (const auto* junction = std::get_if<Junction>(&expression.node)) {
    for (const FieldExpression& operand : junction->operands) {
      ASSIGN_OR_RETURN(bool exact, is_exact(operand));
      if (!exact) return false;
    }
    return true;
  }
  ASSIGN_OR_RETURN(const LeafCondition* leaf, this->leaf(expression));
  return leaf != nullptr && leaf->is_exact();
}

Result<double> RowScan::share(const FieldExpression& expression) {
  if (const auto* literal = std::get_if<Literal>(&expression.node)) {
    return literal->type == Type::boolean && literal->as_bool() ? 1 : 0;
  }
  if (const auto* junction = std::get_if<Junction>(&expression.node)) {
    double out = junction->conjunction ? 1 : 0;
    for (const FieldExpression& operand : junction->operands) {
      ASSIGN_OR_RETURN(double part, share(operand));
      out = junction->conjunction ? out * part : std::min(1.0, out + part);
    }
    return out;
  }
  ASSIGN_OR_RETURN(const LeafCondition* leaf, this->leaf(expression));
  return leaf == nullptr ? 1 : leaf->share();
}

Result<bool> RowScan::is_hopeless(const SpansetFilter& filter) {
  if (!filter.condition) return false;
  ASSIGN_OR_RETURN(bool verdict, possible(*filter.condition, std::nullopt));
  return !verdict;
}

Result<double> RowScan::share(const SpansetFilter& filter) {
  if (!filter.condition) return 1;
  const Unit& unit = fields_.unit();
  const uint32_t pages = (unit.rows() + unit.page_rows() - 1) / unit.page_rows();
  uint32_t possible_pages = 0;
  for (uint32_t page = 0; page < pages; ++page) {
    ASSIGN_OR_RETURN(bool possible, this->possible(*filter.condition, page));
    possible_pages += possible;
  }
  ASSIGN_OR_RETURN(double of_page, share(*filter.condition));
  return of_page * possible_pages / std::max(pages, 1U);
}

Result<RowMask*> RowScan::mask_of(const SpansetFilter& filter) {
  auto known = masks_.find(&filter);
  if (known == masks_.end()) {
    ASSIGN_OR_RETURN(bool exact, is_exact(*filter.condition));
    const Unit& unit = fields_.unit();
    known = masks_.emplace(&filter, RowMask(unit.rows(), unit.page_rows(), exact)).first;
  }
  return &known->second;
}

Result<const RowMask*> RowScan::mask(const SpansetFilter& filter) {
  ASSIGN_OR_RETURN(const RowMask* out, mask_of(filter));
  return out;
}

const RowMask* RowScan::known_mask(const SpansetFilter& filter) const {
  auto known = masks_.find(&filter);
  return known == masks_.end() ? nullptr : &known->second;
}

Result<bool> RowScan::page_may_match(const SpansetFilter& filter, uint32_t page) {
  ASSIGN_OR_RETURN(RowMask * mask, mask_of(filter));
  if (mask->page_is_scanned(page)) return mask->page_has_rows(page);
  ASSIGN_OR_RETURN(bool possible, this->possible(*filter.condition, page));
  if (!possible) mask->set_page(page, {});
  return possible;
}

Status RowScan::scan_page(const SpansetFilter& filter, uint32_t page) {
  ASSIGN_OR_RETURN(bool may_match, page_may_match(filter, page));
  ASSIGN_OR_RETURN(RowMask * mask, mask_of(filter));
  if (!may_match || mask->page_is_scanned(page)) return {};
  const Unit& unit = fields_.unit();
  RowRange rows{page * unit.page_rows(), std::min(unit.rows(), (page + 1) * unit.page_rows())};
  page_.clear();
  TRY(scan(*filter.condition, page, rows, page_));
  mask->set_page(page, page_);
  return {};
}

Status RowScan::scan(const FieldExpression& expression, uint32_t page, RowRange rows, RowBits& out) {
  if (const auto* junction = std::get_if<Junction>(&expression.node)) {
    return scan_junction(*junction, page, rows, out);
  }
  ASSIGN_OR_RETURN(bool possible, this->possible(expression, page));
  ASSIGN_OR_RETURN(LeafCondition * leaf, this->leaf(expression));
  if (possible && leaf != nullptr) return leaf->test(rows, out);
  fill_bits(out, rows.size(), possible);
  return {};
}

Status RowScan::scan_junction(const Junction& junction, uint32_t page, RowRange rows, RowBits& out) {
  auto& order = orders_[&junction];
  if (order.empty()) {
    // What decides most rows comes first.
    std::vector<std::pair<double, const FieldExpression*>> shares;
    for (const FieldExpression& operand : junction.operands) {
      ASSIGN_OR_RETURN(double part, share(operand));
      shares.emplace_back(junction.conjunction ? part : -part, &operand);
    }
    std::ranges::stable_sort(shares, {}, &std::pair<double, const FieldExpression*>::first);
    for (const auto& [part, operand] : shares) order.push_back(operand);
  }
  fill_bits(out, rows.size(), junction.conjunction);
  RowBits all;
  fill_bits(all, rows.size(), true);
  RowBits part;
  for (const FieldExpression* operand : order) {
    TRY(scan(*operand, page, rows, part));
    for (size_t i = 0; i < out.size(); ++i) out[i] = junction.conjunction ? out[i] & part[i] : out[i] | part[i];
    if (junction.conjunction ? !has_bits(out) : out == all) return {};
  }
  return {};
}

}  // namespace clew::traceql
