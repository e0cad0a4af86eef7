#include "cli/context/value_reader.h"

namespace clew::cli {

// What is most particular first: the first that a value looks like is taken.
const std::vector<HeaderFormat>& header_formats() {
  static const std::vector<HeaderFormat> all = {kTraceparent,    kXAmznTraceId, kUberTraceId, kB3,
                                                kTracestate,     kBaggage,      kB3TraceId,   kB3SpanId,
                                                kB3ParentSpanId, kB3Sampled,    kB3Flags};
  return all;
}

std::optional<RecognisedHeader> recognise_header(std::string_view text) {
  const Part whole = trimmed({0, text});
  const size_t colon = whole.text.find(':');
  if (colon != std::string_view::npos) {
    const std::string_view name = trimmed({0, whole.text.substr(0, colon)}).text;
    for (const HeaderFormat& format : header_formats()) {
      if (!equals_ignoring_case(format.name, name)) continue;
      return RecognisedHeader{&format, trimmed({0, whole.text.substr(colon + 1)}).text, false};
    }
  }
  for (const HeaderFormat& format : header_formats()) {
    if (format.looks_like != nullptr && format.looks_like(whole.text))
      return RecognisedHeader{&format, whole.text, true};
  }
  return std::nullopt;
}

}  // namespace clew::cli
