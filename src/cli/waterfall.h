// A trace in the terminal: a line per span with its place in the tree, its service and name, its duration, and a bar
// that shows when it ran.
#pragma once

#include <string>
#include <vector>

#include "cli/trace_forest.h"
#include "model/ids.h"

namespace clew::cli {

struct WaterfallOptions {
  int width = 100;  // columns; at least 40
  bool colours = false;
};

// Ends with a line break. Linear in the spans.
std::string waterfall(TraceId id, const std::vector<ForestSpan>& spans, const WaterfallOptions& options);

}  // namespace clew::cli
