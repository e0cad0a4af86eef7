// OpenTelemetry's member of the trace state, "ot=th:c;rv:0123456789abcd": with which probability a trace has been
// sampled, and the random number that decides it where the trace id is not random.
//
// A trace is kept when its random number (56 bits) is not below the threshold; so 2^56 - threshold is its probability.
#pragma once

#include "clew/ids.h"
#include "clew/trace_state.h"

CLEW_BEGIN
namespace detail {

constexpr uint64_t kThresholds = uint64_t(1) << 56;  // as a threshold: never
constexpr uint64_t kNoThreshold = UINT64_MAX;

// Of a probability between 0 and 1, to four digits beyond the leading ones.
uint64_t threshold_of(double probability) noexcept;

// Of a trace: rv, else the trace id's last seven bytes.
uint64_t randomness(const TraceId& trace_id, const TraceState& state) noexcept;

// th, or kNoThreshold where there is none or it cannot be read.
uint64_t threshold_in(const TraceState& state) noexcept;

// With that th; kNoThreshold: without. What else there is in "ot" stays.
TraceState with_threshold(const TraceState& state, uint64_t threshold) noexcept;

}  // namespace detail
CLEW_END
