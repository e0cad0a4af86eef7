// Headers of any bytes: whatever is read is written again so that it is read as the same.
#include <cstdint>
#include <cstdlib>

#include "clew/carriers/map.h"
#include "clew/redaction.h"
#include "clew/samplers.h"

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

void check(bool holds) {
  if (!holds) std::abort();
}

std::string header_of(const clew::Baggage& baggage) {
  std::string header(clew::Baggage::kMaxBytes, '\0');
  header.resize(baggage.to_header(header.data()));
  return header;
}

void carry(const clew::Propagator& propagator, const Headers& headers) {
  const clew::Context found = propagator.extract(clew::MapReader<Headers>(headers), clew::Context());
  Headers written;
  clew::MapWriter<Headers> writer(written);
  propagator.inject(found, writer);
  const clew::Context again = propagator.extract(clew::MapReader<Headers>(written), clew::Context());
  check(again.span().trace_id == found.span().trace_id && again.span().span_id == found.span().span_id);
  check(again.span().flags == found.span().flags && again.span().debug == found.span().debug);
  check(again.trace_state().header() == found.trace_state().header());
  check(header_of(again.baggage()) == header_of(found.baggage()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string parent = "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01";
  carry(*clew::w3c_propagator(), {{"traceparent", text}});
  carry(*clew::w3c_propagator(), {{"traceparent", parent}, {"tracestate", text}});
  carry(*clew::baggage_propagator(), {{"baggage", text}});
  carry(*clew::b3_propagator(), {{"b3", text}});
  carry(*clew::b3_multi_propagator(), {{"X-B3-TraceId", text}, {"X-B3-SpanId", text}, {"X-B3-Sampled", text}});
  carry(*clew::jaeger_propagator(), {{"uber-trace-id", text}});
  carry(*clew::xray_propagator(), {{"X-Amzn-Trace-Id", text}});

  clew::JaegerRemoteSampler().update(text);
  std::string redacted, again;
  const clew::Redactor redactor{clew::RedactionOptions()};
  if (redactor.redact(text, redacted)) check(redacted.size() < text.size() + 16 * redactor.count());
  return 0;
}
