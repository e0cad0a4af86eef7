// The ids of the current span, for any logger:
//
//   const clew::IdText ids = clew::log_ids();
//   std::fprintf(log, "trace_id=%s span_id=%s ...", ids.trace_id().data(), ids.span_id().data());
//
// Ask in the thread that logs, where the span is current: an asynchronous logger's own thread has none.
#pragma once

#include "clew/id_text.h"
#include "clew/span.h"

CLEW_BEGIN

inline IdText log_ids() noexcept {
  return IdText(current_span().span_context());
}

CLEW_END
