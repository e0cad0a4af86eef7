// What becomes of a trace when its segment is sealed: implemented by sampling, called by the store.
//
// A decision is a function of the trace's content and recorded times, never of the wall clock, so that the same log
// gives the same block.
#pragma once

#include <span>
#include <string>

#include "column/unit.h"

namespace clew {

struct SealDecision {
  bool keep = true;
  float weight = 1;    // what each kept span stands for
  std::string reason;  // the policy's name, kept in the block's index
};

class SealPolicy {
 public:
  virtual ~SealPolicy() = default;
  // `rows` are the trace's rows in `unit`; `other_parts` are units of the lane that hold more of the trace.
  virtual SealDecision decide(const Unit& unit, const TraceSummary& trace, std::span<const uint32_t> rows,
                              std::span<const Unit* const> other_parts) = 0;
};

}  // namespace clew
