#include "wire/wire_counters.h"

namespace clew::wire {
namespace {

Counter& limit(const char* name) {
  return counter("clew_limit_total", "Times a limit cut something that a sender sent", {{"limit", name}});
}
Counter& rejected(const char* reason) {
  return counter("clew_rejected_spans_total", "Spans refused alone, the rest of their request taken",
                 {{"reason", reason}});
}

}  // namespace

WireCounters& wire_counters() {
  static WireCounters counters{
      limit("attributes_per_span"),
      limit("events_per_span"),
      limit("links_per_span"),
      limit("value_bytes"),
      limit("key_bytes"),
      limit("name_bytes"),
      limit("entity_ref_bytes"),
      rejected("trace_id"),
      rejected("span_id"),
      rejected("parent_span_id"),
      counter("clew_wire_dropped_links_total", "Span links dropped because an id had the wrong length"),
      counter("clew_wire_repaired_texts_total", "Texts whose invalid UTF-8 was replaced by U+FFFD"),
  };
  return counters;
}

}  // namespace clew::wire
