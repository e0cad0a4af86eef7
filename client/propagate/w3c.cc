// https://www.w3.org/TR/trace-context-2: version-traceid-parentid-flags, all lower-case hex.
#include "propagate/header_text.h"

CLEW_BEGIN
namespace detail {
namespace {

constexpr size_t kTraceId = 3, kParentId = 36, kFlags = 53, kSize = 55;
constexpr std::string_view kTraceparent = "traceparent", kTracestate = "tracestate";
constexpr uint8_t kKnownFlags = SpanContext::kSampled | SpanContext::kRandom;

// A later version may be longer, after another '-'.
bool read_traceparent(std::string_view text, SpanContext& span) noexcept {
  if (text.size() < kSize) return false;
  uint8_t version, flags;
  if (text[kTraceId - 1] != '-' || text[kParentId - 1] != '-' || text[kFlags - 1] != '-') return false;
  if (!bytes_from_hex(text.data(), &version, 1) || version == 0xff) return false;
  if (text.size() > kSize && (version == 0 || text[kSize] != '-')) return false;
  if (!bytes_from_hex(text.data() + kTraceId, span.trace_id.bytes, TraceId::kSize)) return false;
  if (!bytes_from_hex(text.data() + kParentId, span.span_id.bytes, SpanId::kSize)) return false;
  if (!bytes_from_hex(text.data() + kFlags, &flags, 1)) return false;
  span.flags = flags & kKnownFlags;
  return span.valid();
}

class W3cPropagator : public Propagator {
 public:
  Context extract(const HeaderReader& headers, const Context& base) const noexcept override {
    SpanContext span;
    if (!read_traceparent(only(headers, kTraceparent), span)) return base;
    std::string_view states[TraceState::kMaxMembers];
    const unsigned count = headers.get(kTracestate, states, TraceState::kMaxMembers);
    if (CLEW_LIKELY(count == 0) || count > TraceState::kMaxMembers) return with_remote(base, span);
    return with_remote(base, span, parse_trace_state({states, count}));
  }

  void inject(const Context& context, HeaderWriter& headers) const noexcept override {
    const SpanContext& span = context.span();
    if (!span.valid()) return;
    char text[kSize];
    std::memcpy(text, "00-", kTraceId);
    span.trace_id.to_hex(text + kTraceId);
    text[kParentId - 1] = '-';
    span.span_id.to_hex(text + kParentId);
    text[kFlags - 1] = '-';
    text[kFlags] = '0';
    text[kFlags + 1] = hex_digit(span.flags & kKnownFlags);
    headers.set(kTraceparent, {text, kSize});
    if (!context.trace_state().empty()) headers.set(kTracestate, context.trace_state().header());
  }

  List<const std::string_view> fields() const noexcept override {
    static constexpr std::string_view kNames[] = {kTraceparent, kTracestate};
    return names(kNames);
  }
};

}  // namespace
}  // namespace detail

std::shared_ptr<Propagator> w3c_propagator() noexcept {
  return std::make_shared<detail::W3cPropagator>();
}

CLEW_END
