// The spans of one trace as trees: what a waterfall, and everything that walks a trace from its top, starts from.
//
// Whatever the parents say, every span stands in the forest exactly once: a span whose parent is missing is a root, and
// a cycle is opened at its earliest span. Works without recursion, for any depth.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "column/span_table.h"

namespace clew::cli {

struct ForestSpan {
  uint64_t id = 0;
  uint64_t parent = 0;
  uint64_t start_ns = 0;
  uint64_t duration_ns = 0;
  uint8_t kind = 0;
  uint8_t status = 0;
  std::string_view service;  // of its resource; empty when it says none
  std::string_view name;
  std::string_view status_message;
};

// The texts belong to the table.
std::vector<ForestSpan> spans_of(const SpanTable& table);

struct ForestLine {
  uint32_t span = 0;
  uint32_t depth = 0;
  bool last_child = false;
  bool parent_missing = false;  // it names a parent that is not there
  bool cycle = false;           // its parent is one of its descendants
};

// Depth first; roots and children by start, then id.
std::vector<ForestLine> arrange(const std::vector<ForestSpan>& spans);

}  // namespace clew::cli
