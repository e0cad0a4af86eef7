// The field numbers of OTLP's messages (opentelemetry-proto 1.11), by message. They never change.
#pragma once

#include <cstdint>

namespace clew::wire {

namespace request_field {  // ExportTraceServiceRequest, TracesData
inline constexpr uint32_t kResourceSpans = 1, kLast = 1;
}
namespace resource_spans_field {
inline constexpr uint32_t kResource = 1, kScopeSpans = 2, kSchemaUrl = 3, kLast = 3;
}
namespace resource_field {
inline constexpr uint32_t kAttributes = 1, kDroppedAttributes = 2, kEntityRefs = 3, kLast = 3;
}
namespace entity_ref_field {
inline constexpr uint32_t kSchemaUrl = 1, kType = 2, kIdKeys = 3, kDescriptionKeys = 4, kLast = 4;
}
namespace scope_spans_field {
inline constexpr uint32_t kScope = 1, kSpans = 2, kSchemaUrl = 3, kLast = 3;
}
namespace scope_field {
inline constexpr uint32_t kName = 1, kVersion = 2, kAttributes = 3, kDroppedAttributes = 4, kLast = 4;
}
namespace span_field {
inline constexpr uint32_t kTraceId = 1, kSpanId = 2, kTraceState = 3, kParentSpanId = 4, kName = 5, kKind = 6,
                          kStart = 7, kEnd = 8, kAttributes = 9, kDroppedAttributes = 10, kEvents = 11,
                          kDroppedEvents = 12, kLinks = 13, kDroppedLinks = 14, kStatus = 15, kFlags = 16, kLast = 16;
}
namespace event_field {
inline constexpr uint32_t kTime = 1, kName = 2, kAttributes = 3, kDroppedAttributes = 4, kLast = 4;
}
namespace link_field {
inline constexpr uint32_t kTraceId = 1, kSpanId = 2, kTraceState = 3, kAttributes = 4, kDroppedAttributes = 5,
                          kFlags = 6, kLast = 6;
}
namespace status_field {  // 1 is reserved
inline constexpr uint32_t kMessage = 2, kCode = 3, kFirst = 2, kLast = 3;
}
namespace key_value_field {
inline constexpr uint32_t kKey = 1, kValue = 2, kLast = 2;
}
namespace any_value_field {
inline constexpr uint32_t kString = 1, kBool = 2, kInt = 3, kDouble = 4, kArray = 5, kKvlist = 6, kBytes = 7, kLast = 7;
}
namespace list_field {  // ArrayValue, KeyValueList
inline constexpr uint32_t kValues = 1, kLast = 1;
}
namespace response_field {  // ExportTraceServiceResponse
inline constexpr uint32_t kPartialSuccess = 1;
}
namespace partial_success_field {
inline constexpr uint32_t kRejectedSpans = 1, kErrorMessage = 2;
}

}  // namespace clew::wire
