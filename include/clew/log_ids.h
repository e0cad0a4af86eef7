// The ids of the current span for lines of a log, whatever the logger (with fmt or spdlog: log/fmt.h, log/spdlog.h):
//
//   auto ids = clew::log_ids();
//   printf("%s trace_id=%s span_id=%s\n", message, ids.trace_id, ids.span_id);
//
// Ask in the thread that logs, where the span is current: an asynchronous logger's own thread has none.
#pragma once

#include "clew/id_text.h"
#include "clew/span.h"

CLEW_BEGIN

// Those of a span that is not sampled too.
inline IdText log_ids() noexcept {
  return IdText(current_span().span_context());
}

CLEW_END
