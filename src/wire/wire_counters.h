// What the decoders count, for all connections together.
#pragma once

#include "base/counters.h"

namespace clew::wire {

struct WireCounters {
  // clew_limit_total{limit=…}: how often a limit of model/limits.h cut something.
  Counter& attributes_per_span;
  Counter& events_per_span;
  Counter& links_per_span;
  Counter& value_bytes;
  Counter& key_bytes;
  Counter& name_bytes;
  Counter& entity_ref_bytes;
  // clew_rejected_spans_total{reason=…}
  Counter& bad_trace_id;
  Counter& bad_span_id;
  Counter& bad_parent_id;
  Counter& dropped_links;
  Counter& repaired_texts;
};

WireCounters& wire_counters();

}  // namespace clew::wire
