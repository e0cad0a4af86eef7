// The quick test of whole pages on codes: which rows may satisfy a span filter. Each distinct value is judged once; a
// row is then one array access, and a page whose codes or numbers cannot match is not read.
//
// The answer may hold rows that do not match (whatever needs the whole trace, or arithmetic, counts as a match), but
// lacks none that does. Where nothing of the kind is in the filter, it is exact.
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "traceql/leaf_condition.h"
#include "traceql/row_mask.h"
#include "traceql/unit_fields.h"

namespace clew::traceql {

class RowScan {
 public:
  explicit RowScan(UnitFields& fields) : fields_(fields) {}

  UnitFields& fields() const { return fields_; }
  // True when no row of the unit can satisfy the filter, known from dictionaries alone.
  Result<bool> is_hopeless(const SpansetFilter& filter);
  // A guess at the share of the unit's rows that satisfy it, 0 to 1.
  Result<double> share(const SpansetFilter& filter);
  // False, and the page is part of mask(filter), when its ranges and sets of codes say that no row of it can satisfy
  // the filter. Precondition as below.
  Result<bool> page_may_match(const SpansetFilter& filter, uint32_t page);
  // Makes the page part of mask(filter). Precondition of both: the filter has a condition.
  Status scan_page(const SpansetFilter& filter, uint32_t page);
  Result<const RowMask*> mask(const SpansetFilter& filter);
  // The mask as far as there is one, or null.
  const RowMask* known_mask(const SpansetFilter& filter) const;

 private:
  Result<RowMask*> mask_of(const SpansetFilter& filter);
  Result<LeafCondition*> leaf(const FieldExpression& expression);
  // Can be true for some row of the unit, or of the page?
  Result<bool> possible(const FieldExpression& expression, std::optional<uint32_t> page);
  Result<bool> is_exact(const FieldExpression& expression);
  Result<double> share(const FieldExpression& expression);
  Status scan(const FieldExpression& expression, uint32_t page, RowRange rows, RowBits& out);
  Status scan_junction(const Junction& junction, uint32_t page, RowRange rows, RowBits& out);

  UnitFields& fields_;
  std::unordered_map<const FieldExpression*, std::unique_ptr<LeafCondition>> leaves_;
  std::unordered_map<const SpansetFilter*, RowMask> masks_;
  std::unordered_map<const Junction*, std::vector<const FieldExpression*>> orders_;
  RowBits page_;
};

}  // namespace clew::traceql
