// OTLP's enums by their names in trace.proto.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace clew::wire {

// The place of a name is its number.
inline constexpr std::array<std::string_view, 6> kSpanKindNames = {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL",
                                                                   "SPAN_KIND_SERVER",      "SPAN_KIND_CLIENT",
                                                                   "SPAN_KIND_PRODUCER",    "SPAN_KIND_CONSUMER"};
inline constexpr std::array<std::string_view, 3> kStatusCodeNames = {"STATUS_CODE_UNSET", "STATUS_CODE_OK",
                                                                     "STATUS_CODE_ERROR"};

}  // namespace clew::wire
