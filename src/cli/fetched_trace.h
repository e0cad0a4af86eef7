// One trace from a TempoSource, decoded.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "cli/tempo_source.h"
#include "column/span_table.h"
#include "model/ids.h"

namespace clew::cli {

// Published rows of OTLP protobuf in a table of their own; corruption when the bytes are not OTLP.
Result<std::shared_ptr<SpanTable>> decode_otlp(std::string_view bytes);

// not_found when the trace is not there. Asks v2 of Tempo's API, and v1 where there is no v2.
Result<std::shared_ptr<SpanTable>> fetch_trace(TempoSource& source, TraceId id);

// Its spans as `clew trace -o otlp` and `clew export` print them: one line of OTLP JSON.
std::string otlp_json_line(const SpanTable& table);

}  // namespace clew::cli
