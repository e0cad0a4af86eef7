// The values of an attribute or intrinsic, merged over units from their dictionaries and bounded.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/endpoint.h"
#include "traceql/ast.h"

namespace clew::api {

// A value and Tempo's word for its type: string, int, float, bool, duration, keyword.
using TypedText = std::pair<std::string_view, std::string>;

struct TagValues {
  std::set<TypedText> values;
  uint64_t inspected_bytes = 0;
};

// `.service.name`, `resource.x`, `name`, `span:kind` … as TraceQL has them, and nothing else.
Result<traceql::Attribute> parse_tag_name(std::string_view text);

// Newest units first, until the bytes of an answer or its `limit` are reached; those of durations and ids, which are
// too many to offer, are empty. With a single filter as `q` only what the spans have that it lets through; else `q`
// narrows nothing.
Result<TagValues> collect_tag_values(const Call& call, const traceql::Attribute& tag);

}  // namespace clew::api
