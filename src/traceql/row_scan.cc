#include "traceql/row_scan.h"

#include <algorithm>

#include "traceql/evaluate.h"

namespace clew::traceql {
namespace {

// The attribute of an expression that depends on this one attribute only: itself (a bare boolean), or compared with a
// literal. Null for everything else.
const Attribute* single_attribute(const FieldExpression& expression) {
  if (const auto* attribute = std::get_if<Attribute>(&expression.node)) return attribute;
  const auto* binary = std::get_if<Binary>(&expression.node);
  if (binary == nullptr || !is_comparison(binary->op)) return nullptr;
  const auto* left = std::get_if<Attribute>(&binary->left->node);
  const auto* right = std::get_if<Attribute>(&binary->right->node);
  if (left != nullptr && std::holds_alternative<Literal>(binary->right->node)) return left;
  if (right != nullptr && std::holds_alternative<Literal>(binary->left->node)) return right;
  return nullptr;
}

Result<bool> judge(const FieldExpression& expression, const Program& program, const FieldValue& value) {
  if (std::holds_alternative<Attribute>(expression.node)) return value.is_true();
  const auto& binary = std::get<Binary>(expression.node);
  return holds(binary, program, std::holds_alternative<Attribute>(binary.left->node), value);
}

}  // namespace

Result<const RowScan::Verdicts*> RowScan::verdicts(const FieldExpression& expression, const Attribute& attribute) {
  auto [known, is_new] = verdicts_.try_emplace(&expression);
  Verdicts& out = known->second;
  if (!is_new) return &out;
  const Program& program = fields_.program();
  ASSIGN_OR_RETURN(out.absent, judge(expression, program, FieldValue{}));
  out.any = out.absent;
  for (const auto& column : fields_.columns(program.slot(attribute))) {
    std::vector<uint8_t> by_code(column.entries);
    for (uint32_t code = 0; code < column.entries; ++code) {
      ASSIGN_OR_RETURN(bool verdict, judge(expression, program, fields_.entry(column, code)));
      by_code[code] = verdict;
      out.any |= verdict;
    }
    out.by_code.push_back(std::move(by_code));
  }
  return &out;
}

Result<bool> RowScan::possible(const FieldExpression& expression) {
  if (const auto* literal = std::get_if<Literal>(&expression.node)) {
    return literal->type == Type::boolean && literal->as_bool();
  }
  if (const auto* junction = std::get_if<Junction>(&expression.node)) {
    for (const FieldExpression& operand : junction->operands) {
      ASSIGN_OR_RETURN(bool verdict, possible(operand));
      if (verdict != junction->conjunction) return verdict;
    }
    return junction->conjunction;
  }
  const Attribute* attribute = single_attribute(expression);
  if (attribute == nullptr || fields_.source(fields_.program().slot(*attribute)) != Source::columns) return true;
  ASSIGN_OR_RETURN(const Verdicts* verdicts, this->verdicts(expression, *attribute));
  return verdicts->any;
}

Result<bool> RowScan::is_hopeless(const SpansetFilter& filter) {
  if (!filter.condition) return false;
  ASSIGN_OR_RETURN(bool verdict, possible(*filter.condition));
  return !verdict;
}

Status RowScan::scan(const SpansetFilter& filter, RowRange rows, Mask& mask) {
  mask.assign(rows.size(), 1);
  return filter.condition ? scan_expression(*filter.condition, rows, mask) : Status{};
}

Status RowScan::scan_expression(const FieldExpression& expression, RowRange rows, Mask& mask) {
  if (const auto* literal = std::get_if<Literal>(&expression.node)) {
    bool holds = literal->type == Type::boolean && literal->as_bool();
    std::fill(mask.begin(), mask.end(), holds);
    return {};
  }
  if (const auto* junction = std::get_if<Junction>(&expression.node)) return scan_junction(*junction, rows, mask);
  const Attribute* attribute = single_attribute(expression);
  if (attribute == nullptr) return {};
  size_t slot = fields_.program().slot(*attribute);
  if (fields_.source(slot) == Source::columns) return scan_columns(expression, *attribute, rows, mask);
  const auto* binary = std::get_if<Binary>(&expression.node);
  if (fields_.source(slot) != Source::number || binary == nullptr) return {};
  return scan_numbers(*binary, std::holds_alternative<Attribute>(binary->left->node), fields_.number(slot), rows, mask);
}

Status RowScan::scan_junction(const Junction& junction, RowRange rows, Mask& mask) {
  Mask part(rows.size());
  if (!junction.conjunction) std::fill(mask.begin(), mask.end(), 0);
  for (const FieldExpression& operand : junction.operands) {
    std::fill(part.begin(), part.end(), 1);
    TRY(scan_expression(operand, rows, part));
    if (junction.conjunction) {
      for (size_t i = 0; i < mask.size(); ++i) mask[i] &= part[i];
      // What is decided need not be looked at again.
      if (std::ranges::all_of(mask, [](uint8_t m) { return m == 0; })) return {};
    } else {
      for (size_t i = 0; i < mask.size(); ++i) mask[i] |= part[i];
    }
  }
  return {};
}

Status RowScan::scan_columns(const FieldExpression& expression, const Attribute& attribute, RowRange rows, Mask& mask) {
  ASSIGN_OR_RETURN(const Verdicts* verdicts, this->verdicts(expression, attribute));
  if (!verdicts->any) {
    std::fill(mask.begin(), mask.end(), 0);
    return {};
  }
  std::fill(mask.begin(), mask.end(), verdicts->absent);
  const auto& columns = fields_.columns(fields_.program().slot(attribute));
  const uint32_t page_rows = fields_.unit().page_rows();
  // The first column that has a value decides, so the later ones are applied first and overwritten.
  for (size_t c = columns.size(); c-- > 0;) {
    const auto& by_code = verdicts->by_code[c];
    if (columns[c].is_multi) {
      TRY(fields_.unit().multi_codes(columns[c].id, rows, begins_, codes_));
      for (size_t i = 0; i < mask.size(); ++i) {
        if (begins_[i] == begins_[i + 1]) continue;
        mask[i] = 0;
        for (uint32_t at = begins_[i]; at < begins_[i + 1]; ++at) mask[i] |= by_code[codes_[at]];
      }
      continue;
    }
    ASSIGN_OR_RETURN(auto page, fields_.page_of(columns[c], rows.begin));
    const uint32_t* codes = page.data() + rows.begin % page_rows;
    for (size_t i = 0; i < mask.size(); ++i) {
      if (codes[i] != kNoCode) mask[i] = by_code[codes[i]];
    }
  }
  return {};
}

Status RowScan::scan_numbers(const Binary& binary, bool attribute_on_left, NumberColumn column, RowRange rows,
                             Mask& mask) {
  const Program& program = fields_.program();
  for (uint32_t i = 0; i < rows.size(); ++i) {
    ASSIGN_OR_RETURN(int64_t number, fields_.number_at(column, rows.begin + i));
    FieldValue value = column == NumberColumn::duration_ns ? FieldValue::of_duration(number)
                       : column == NumberColumn::status    ? FieldValue::of(static_cast<StatusCode>(number))
                                                           : FieldValue::of(static_cast<SpanKind>(number));
    ASSIGN_OR_RETURN(bool verdict, holds(binary, program, attribute_on_left, value));
    mask[i] = verdict;
  }
  return {};
}

}  // namespace clew::traceql
