// https://github.com/openzipkin/b3-propagation: one header traceid-spanid-decision-parentid, or one for each of them.
// Trace ids may have 16 digits. Neither the receiver's span id nor the parent's is ever sent on.
#include "propagate/header_text.h"

CLEW_BEGIN
namespace detail {
namespace {

constexpr std::string_view kSingle = "b3", kTraceId = "X-B3-TraceId", kSpanId = "X-B3-SpanId",
                           kSampled = "X-B3-Sampled", kFlags = "X-B3-Flags";

// Debug implies sampled; no decision ("") is left to whoever reads it, here: not sampled. False: none of B3's words.
bool read_decision(std::string_view word, SpanContext& span) noexcept {
  span.debug = word == "d";
  if (word == "1" || word == "d" || word == "true") span.flags |= SpanContext::kSampled;
  return span.debug || word.empty() || word == "0" || word == "1" || word == "true" || word == "false";
}

template <unsigned kBytes>
bool read_id(std::string_view hex, Id<kBytes>& id) noexcept {
  if (hex.size() != Id<kBytes>::kHexSize && (kBytes != TraceId::kSize || hex.size() != 16)) return false;
  id = loose_id<kBytes>(hex);
  return id.valid();
}

bool read_single(std::string_view text, SpanContext& span) noexcept {
  if (!read_id(cut(text, '-'), span.trace_id) || !read_id(cut(text, '-'), span.span_id)) return false;
  if (text.data() == nullptr) return true;
  const std::string_view decision = cut(text, '-');
  SpanId parent;
  return !decision.empty() && read_decision(decision, span) && (text.data() == nullptr || read_id(text, parent));
}

bool read_several(const HeaderReader& headers, SpanContext& span) noexcept {
  if (!read_id(only(headers, kTraceId), span.trace_id) || !read_id(only(headers, kSpanId), span.span_id)) return false;
  return read_decision(only(headers, kFlags) == "1" ? "d" : only(headers, kSampled), span);
}

class B3Propagator : public Propagator {
 public:
  explicit B3Propagator(bool several) noexcept : several_(several) {}

  Context extract(const HeaderReader& headers, const Context& base) const noexcept override {
    SpanContext single, several;
    if (read_single(only(headers, kSingle), single)) return with_remote(base, single);
    return read_several(headers, several) ? with_remote(base, several) : base;
  }

  void inject(const Context& context, HeaderWriter& headers) const noexcept override {
    const SpanContext& span = context.span();
    if (!span.valid()) return;
    char text[TraceId::kHexSize + 1 + SpanId::kHexSize + 2];
    char* const span_id = text + TraceId::kHexSize + 1;
    char* const decision = span_id + SpanId::kHexSize + 1;
    span.trace_id.to_hex(text);
    span.span_id.to_hex(span_id);
    span_id[-1] = decision[-1] = '-';
    *decision = span.debug ? 'd' : span.sampled() ? '1' : '0';
    if (!several_) return headers.set(kSingle, {text, sizeof text});
    headers.set(kTraceId, {text, TraceId::kHexSize});
    headers.set(kSpanId, {span_id, SpanId::kHexSize});
    headers.set(span.debug ? kFlags : kSampled, span.debug ? std::string_view("1") : std::string_view(decision, 1));
  }

  List<const std::string_view> fields() const noexcept override {
    static constexpr std::string_view kOne[] = {kSingle}, kSeveral[] = {kTraceId, kSpanId, kSampled, kFlags};
    return several_ ? names(kSeveral) : names(kOne);
  }

 private:
  bool several_;
};

}  // namespace
}  // namespace detail

std::shared_ptr<Propagator> b3_propagator() noexcept {
  return std::make_shared<detail::B3Propagator>(false);
}
std::shared_ptr<Propagator> b3_multi_propagator() noexcept {
  return std::make_shared<detail::B3Propagator>(true);
}

CLEW_END
