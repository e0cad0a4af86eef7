// TraceQL from text to a checked tree: parse(), then check(). Language: Grafana Tempo's, as of 3.1-dev.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "traceql/ast.h"
#include "traceql/diagnostic.h"

namespace clew::traceql {

struct ParseLimits {
  size_t text_bytes = size_t{128} << 10;
  int nesting = 256;            // open parentheses, prefix operators and right-hand sides at any point
  uint16_t tree_height = 1000;  // chains of left-associative operators make trees higher than they are nested
};

// What the engine executes today; what it does not is `unsupported`. A later part of the engine flips its field here.
struct Support {
  bool metrics = false;             // rate() and its family
  bool parent = false;              // parent, parent.x, parent.span.x, parent.resource.x
  bool scalar_expressions = false;  // arithmetic on aggregates, aggregate against aggregate, literal on the left
  bool scalar_pipelines = false;    // ({ … } | count()) > 3

  // What Grafana Tempo 3.1 itself executes.
  static constexpr Support tempo() { return {.metrics = true}; }
};

// Syntax only. The whole text is the query; an empty one is a parse error.
std::expected<Query, Diagnostic> parse(std::string_view text, const ParseLimits& limits = {});

// Types and the rules of each function. Anything invalid comes before anything unsupported, whatever their order in
// the text; of each class the first is reported, from left to right, parts before their whole.
std::optional<Diagnostic> check(const Query& query, Support support = {});

}  // namespace clew::traceql
