// A condition on one attribute alone (`.a = "x"`, `duration > 1s`, a bare boolean) as a test of one unit's codes or
// numbers.
//
// An equality with a text asks the dictionaries for it; everything else judges each of their entries once.
// Thread rule: one thread. The fields and the expression outlive it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "traceql/row_bits.h"
#include "traceql/unit_fields.h"

namespace clew::traceql {

class LeafCondition {
 public:
  // Null for everything that is no such condition.
  static Result<std::unique_ptr<LeafCondition>> make(UnitFields& fields, const FieldExpression& expression);

  // Some row of the unit, or of the page, may satisfy it.
  bool is_possible() const { return is_possible_; }
  bool is_possible(uint32_t page) const;
  bool is_exact() const { return is_exact_; }
  double share() const { return share_; }
  // Precondition: the rows of a page.
  Status test(RowRange rows, RowBits& out);

 private:
  struct Column {
    UnitFields::Column column;
    std::vector<uint32_t> codes;   // that satisfy it, ascending
    std::vector<uint8_t> by_code;  // up to the last of them
  };
  LeafCondition(UnitFields& fields, const FieldExpression& expression) : fields_(fields), expression_(expression) {}

  Status judge_columns(size_t slot);
  Status judge_column(Column& column);
  // Of a column with one value a row, the codes that satisfy a comparison with a regex; and the number of its entries.
  Result<uint32_t> judge_by_regex(const Binary& regex, Column& column);
  Status judge_texts(const Binary& regex, Column& column, uint32_t entries);
  Status judge_numbers(NumberColumn number);
  Result<bool> judge(const FieldValue& value) const;
  // The text that the attribute must equal, if that is the condition.
  std::optional<std::string_view> equal_text() const;
  Status test_columns(RowRange rows, RowBits& out);
  Status test_several_values(const Column& column, RowRange rows, RowBits& out);
  Status test_numbers(RowRange rows, RowBits& out);
  template <typename Bound>
  void compare(Bound bound, RowBits& out) const;

  UnitFields& fields_;
  const FieldExpression& expression_;
  bool is_possible_ = false;
  bool is_exact_ = true;
  double share_ = 0;

  // Coded: of rows without any value, and per column.
  bool absent_ = false;
  std::vector<Column> columns_;
  std::vector<uint32_t> codes_, begins_;

  // Numbers: durations against a bound, or a verdict for each number of a small set.
  std::optional<NumberColumn> number_;
  Operator op_ = Operator::equal;
  FieldValue bound_;
  std::array<uint8_t, 256> verdicts_{};
  std::vector<int64_t> numbers_;
};

}  // namespace clew::traceql
