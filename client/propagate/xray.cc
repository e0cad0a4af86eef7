// AWS X-Ray's tracing header: Root=1-EPOCH-UNIQUE;Parent=SPAN;Sampled=1;Lineage=… in any order. A trace id is the eight
// digits of the epoch and the 24 unique ones.
#include "propagate/header_text.h"

CLEW_BEGIN
namespace detail {
namespace {

constexpr std::string_view kHeader = "X-Amzn-Trace-Id", kLineage = "Lineage";
constexpr size_t kEpochDigits = 8, kUniqueDigits = 24, kRootSize = 2 + kEpochDigits + 1 + kUniqueDigits;
constexpr size_t kMostLineage = 256;

bool read_root(std::string_view text, TraceId& id) noexcept {
  if (text.size() != kRootSize || text.substr(0, 2) != "1-" || text[2 + kEpochDigits] != '-') return false;
  char digits[TraceId::kHexSize];
  std::memcpy(digits, text.data() + 2, kEpochDigits);
  std::memcpy(digits + kEpochDigits, text.data() + 2 + kEpochDigits + 1, kUniqueDigits);
  id = loose_id<TraceId::kSize>({digits, sizeof digits});
  return id.valid();
}

bool is_lineage(std::string_view text) noexcept {
  for (char c : text) {
    if (!is_a(c, kUrlPlain) && c != ':' && c != '|') return false;
  }
  return !text.empty() && text.size() <= kMostLineage;
}

// "Sampled=?" asks the receiver to decide: not sampled, as far as a context can say.
bool read(std::string_view header, SpanContext& span, std::string_view& lineage) noexcept {
  while (header.data() != nullptr) {
    std::string_view value = trimmed(cut(header, ';'));
    const std::string_view key = cut(value, '=');
    if (key == "Root") {
      if (!read_root(value, span.trace_id)) return false;
    } else if (key == "Parent") {
      span.span_id = value.size() == SpanId::kHexSize ? loose_id<SpanId::kSize>(value) : SpanId();
    } else if (key == "Sampled") {
      span.flags = value == "1" ? SpanContext::kSampled : 0;
    } else if (key == kLineage && is_lineage(value)) {
      lineage = value;
    }
  }
  return span.valid();
}

class XrayPropagator : public Propagator {
 public:
  Context extract(const HeaderReader& headers, const Context& base) const noexcept override {
    SpanContext span;
    std::string_view lineage;
    if (!read(only(headers, kHeader), span, lineage)) return base;
    const Context found = with_remote(base, span);
    return lineage.empty() ? found : found.with(base.baggage().with(kLineage, lineage));
  }

  void inject(const Context& context, HeaderWriter& headers) const noexcept override {
    const SpanContext& span = context.span();
    if (!span.valid()) return;
    char text[128 + kMostLineage], digits[TraceId::kHexSize];
    size_t size = 0;
    const auto put = [&](std::string_view part) {
      std::memcpy(text + size, part.data(), part.size());
      size += part.size();
    };
    span.trace_id.to_hex(digits);
    put("Root=1-");
    put({digits, kEpochDigits});
    put("-");
    put({digits + kEpochDigits, kUniqueDigits});
    put(";Parent=");
    span.span_id.to_hex(text + size);
    size += SpanId::kHexSize;
    put(span.sampled() ? ";Sampled=1" : ";Sampled=0");
    const std::string_view lineage = context.baggage().get(kLineage);
    if (is_lineage(lineage)) {
      put(";Lineage=");
      put(lineage);
    }
    headers.set(kHeader, {text, size});
  }

  List<const std::string_view> fields() const noexcept override {
    static constexpr std::string_view kNames[] = {kHeader};
    return names(kNames);
  }
};

}  // namespace
}  // namespace detail

std::shared_ptr<Propagator> xray_propagator() noexcept {
  return std::make_shared<detail::XrayPropagator>();
}

CLEW_END
