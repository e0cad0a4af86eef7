// https://www.jaegertracing.io/sdk-migration/#propagation-format: traceid:spanid:parentid:flags, often URL-encoded, ids
// without leading zeros; baggage in one header for each entry, and by hand in jaeger-baggage: key=value,key=value.
#include "propagate/header_text.h"

CLEW_BEGIN
namespace detail {
namespace {

constexpr std::string_view kHeader = "uber-trace-id", kEntry = "uberctx-", kByHand = "jaeger-baggage";
constexpr unsigned kSampledFlag = 1, kDebugFlag = 2;
constexpr size_t kMostHeader = 128;  // 32 + 16 + 16 + 2 digits and three ':' as %3A, with room for leading zeros

bool read(std::string_view header, SpanContext& span) noexcept {
  if (header.size() > kMostHeader) return false;
  char decoded[kMostHeader];
  std::string_view text(decoded, percent_decode(header, decoded));
  span.trace_id = loose_id<TraceId::kSize>(cut(text, ':'));
  span.span_id = loose_id<SpanId::kSize>(cut(text, ':'));
  const std::string_view parent = cut(text, ':');  // "0" for a root, and not used by anybody
  if (!span.valid() || parent.size() > SpanId::kHexSize || text.empty() || text.size() > 2) return false;
  if (text.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) return false;
  const unsigned low = hex_value(text.back() >= 'A' && text.back() <= 'F' ? char(text.back() + 32) : text.back());
  span.debug = (low & kDebugFlag) != 0;
  if ((low & (kSampledFlag | kDebugFlag)) != 0) span.flags = SpanContext::kSampled;
  return true;
}

bool begins_with(std::string_view text, std::string_view lower_case) noexcept {
  if (text.size() < lower_case.size()) return false;
  for (size_t i = 0; i < lower_case.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? char(text[i] - 'A' + 'a') : text[i];
    if (c != lower_case[i]) return false;
  }
  return true;
}

void read_entry(void* baggage, std::string_view name, std::string_view value) noexcept {
  if (!begins_with(name, kEntry) || value.size() > Baggage::kMaxBytes) return;
  char decoded[Baggage::kMaxBytes];
  Baggage& all = *static_cast<Baggage*>(baggage);
  all = all.with(name.substr(kEntry.size()), {decoded, percent_decode(value, decoded)});
}

class JaegerPropagator : public Propagator {
 public:
  Context extract(const HeaderReader& headers, const Context& base) const noexcept override {
    Baggage baggage = base.baggage();
    headers.each(read_entry, &baggage);
    const std::string_view by_hand = only(headers, kByHand);
    if (!by_hand.empty()) baggage = added(baggage, Baggage::parse(by_hand));
    SpanContext span;
    if (read(only(headers, kHeader), span)) return with_remote(base, span).with(baggage);
    return base.with(baggage);
  }

  void inject(const Context& context, HeaderWriter& headers) const noexcept override {
    const SpanContext& span = context.span();
    if (span.valid()) {
      char text[TraceId::kHexSize + 1 + SpanId::kHexSize + 4];
      char* const span_id = text + TraceId::kHexSize + 1;
      char* const rest = span_id + SpanId::kHexSize;
      span.trace_id.to_hex(text);
      span.span_id.to_hex(span_id);
      span_id[-1] = ':';
      std::memcpy(rest, ":0:", 3);
      rest[3] = span.debug ? '3' : span.sampled() ? '1' : '0';
      headers.set(kHeader, {text, sizeof text});
    }
    for (Baggage::Entry entry : context.baggage()) set_entry(entry, headers);
  }

  // Baggage has more names, which are the application's.
  List<const std::string_view> fields() const noexcept override {
    static constexpr std::string_view kNames[] = {kHeader};
    return names(kNames);
  }

 private:
  // What is larger than a whole baggage may be, when it is encoded as URLs are, is left out.
  static void set_entry(const Baggage::Entry& entry, HeaderWriter& headers) noexcept {
    char text[kEntry.size() + 2 * Baggage::kMaxBytes];
    if (percent_encoded_size(entry.value, kUrlPlain) > Baggage::kMaxBytes) return;
    const size_t name_bytes = kEntry.size() + entry.key.size();
    std::memcpy(text, kEntry.data(), kEntry.size());
    std::memcpy(text + kEntry.size(), entry.key.data(), entry.key.size());
    const unsigned value_bytes = percent_encode(entry.value, kUrlPlain, text + name_bytes);
    headers.set({text, name_bytes}, {text + name_bytes, value_bytes});
  }
};

}  // namespace
}  // namespace detail

std::shared_ptr<Propagator> jaeger_propagator() noexcept {
  return std::make_shared<detail::JaegerPropagator>();
}

CLEW_END
