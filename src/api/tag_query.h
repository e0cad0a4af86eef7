// Tempo's older search, `tags` with `minDuration` and `maxDuration`, as the TraceQL that means the same.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace clew::api {

// Tags are attributes of a span or its resource, equal as text; `name`, `status.code`, `error`, `root.name` and
// `root.service.name` mean the span or the trace itself (`error` alone: an error). Durations are those of the trace;
// empty ones set no bound.
Result<std::string> traceql_of_tags(std::string_view tags, std::string_view min_duration,
                                    std::string_view max_duration);

}  // namespace clew::api
