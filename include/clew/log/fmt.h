// Ids with fmt: "{}" of clew::log_ids() is "trace_id=4bf9… span_id=00f0…", of a TraceId or SpanId its digits.
#pragma once

#include <fmt/format.h>

#include "clew/log_ids.h"

template <unsigned kBytes>
struct fmt::formatter<clew::Id<kBytes>> : fmt::formatter<fmt::string_view> {
  template <typename Context>
  auto format(const clew::Id<kBytes>& id, Context& context) const {
    char hex[clew::Id<kBytes>::kHexSize];
    id.to_hex(hex);
    return fmt::formatter<fmt::string_view>::format(fmt::string_view(hex, sizeof hex), context);
  }
};

template <>
struct fmt::formatter<clew::IdText> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  template <typename Context>
  auto format(const clew::IdText& ids, Context& context) const {
    return fmt::format_to(context.out(), "trace_id={} span_id={}", ids.trace_id, ids.span_id);
  }
};
