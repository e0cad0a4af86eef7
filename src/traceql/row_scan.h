// The quick test of whole pages on codes: which rows may satisfy a span filter. Each distinct value is judged once; a
// row is then one array access.
//
// The answer may hold rows that do not match (whatever needs the whole trace, or arithmetic, counts as a match), but
// lacks none that does.
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "traceql/unit_fields.h"

namespace clew::traceql {

class RowScan {
 public:
  explicit RowScan(UnitFields& fields) : fields_(fields) {}

  // True when no row of the unit can satisfy the filter, known from dictionaries alone.
  Result<bool> is_hopeless(const SpansetFilter& filter);
  // mask[i] != 0 for rows.begin + i that may match. Precondition: the range lies within one page.
  Status scan(const SpansetFilter& filter, RowRange rows, std::vector<uint8_t>& mask);

 private:
  // Per column of the attribute: the verdict on each of its codes; and on a row without any value.
  struct Verdicts {
    std::vector<std::vector<uint8_t>> by_code;
    bool absent = false;
    bool any = false;
  };
  using Mask = std::vector<uint8_t>;

  Status scan_expression(const FieldExpression& expression, RowRange rows, Mask& mask);
  Status scan_junction(const Junction& junction, RowRange rows, Mask& mask);
  Status scan_columns(const FieldExpression& expression, const Attribute& attribute, RowRange rows, Mask& mask);
  Status scan_numbers(const Binary& binary, bool attribute_on_left, NumberColumn column, RowRange rows, Mask& mask);
  Result<const Verdicts*> verdicts(const FieldExpression& expression, const Attribute& attribute);
  // Can be true for some row?
  Result<bool> possible(const FieldExpression& expression);

  UnitFields& fields_;
  std::unordered_map<const FieldExpression*, Verdicts> verdicts_;
  std::vector<uint32_t> begins_, codes_;
};

}  // namespace clew::traceql
