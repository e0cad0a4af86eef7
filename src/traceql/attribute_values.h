// The values that an attribute has in the spans that satisfy a filter, with how many have each: what completes a query
// under the conditions already written.
//
// A span is judged in the unit where it lies: of a trace spread over units, conditions on the whole trace see a part,
// and a span received twice counts twice.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "column/snapshot.h"
#include "traceql/query.h"
#include "traceql/search.h"

namespace clew::traceql {

struct ValuesOptions {
  uint64_t start_ns = 0;  // 0: unbounded; units that lie outside are not read
  uint64_t end_ns = 0;
  // Reading ends when one of them is reached: the answer is then not complete.
  size_t max_values = 10'000;
  size_t max_bytes = size_t{1} << 20;
};

struct ValueCount {
  FoundValue value;  // status and kind as their words
  uint64_t spans = 0;
};

struct AttributeValues {
  std::vector<ValueCount> values;  // by type, then by value
  bool is_complete = true;
};

// The filter, when the query is one `{ … }` and nothing else; else null.
const SpansetFilter* only_filter(const Query& query);

// Elements of arrays are values of their own; what cannot be searched for (bytes, key-value lists) is left out.
// Preconditions: check(query) found nothing, only_filter(query) is not null, `attribute` is not one of the parent. The
// snapshot's budget counts what was looked at, and its errors end the reading.
Result<AttributeValues> attribute_values(const Snapshot& snapshot, const Query& query, const Attribute& attribute,
                                         const ValuesOptions& options);

}  // namespace clew::traceql
