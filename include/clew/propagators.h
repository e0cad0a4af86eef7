// The propagators that come with the library, and how a program uses the one that is configured:
//
//   Scope scope(clew::extract(clew::MapReader(request.headers)));   // carriers/map.h and its like
//   clew::inject(clew::MapWriter(outgoing.headers));
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "clew/propagator.h"

CLEW_BEGIN

// traceparent and tracestate, W3C Trace Context level 2.
CLEW_API std::shared_ptr<Propagator> w3c_propagator() noexcept;
// The header baggage. What it brings is added to the baggage of the context.
CLEW_API std::shared_ptr<Propagator> baggage_propagator() noexcept;
// B3 reads the single header, then the several ones; writes the single one, or the several ones. A decision without ids
// ("b3: 0") names no span, and is passed over.
CLEW_API std::shared_ptr<Propagator> b3_propagator() noexcept;
CLEW_API std::shared_ptr<Propagator> b3_multi_propagator() noexcept;
// uber-trace-id, and baggage in uberctx-KEY and jaeger-baggage.
CLEW_API std::shared_ptr<Propagator> jaeger_propagator() noexcept;
// X-Amzn-Trace-Id. Its Lineage travels as an entry of the baggage.
CLEW_API std::shared_ptr<Propagator> xray_propagator() noexcept;

// Reads with each in order, writes with each. One that finds a span takes the place of the one before, except that
// headers which name the same span add up: its trace state and its flags are kept.
CLEW_API std::shared_ptr<Propagator> composite_propagator(std::vector<std::shared_ptr<Propagator>> all) noexcept;
// For migrations: reads with each in order as a composite, writes with one.
CLEW_API std::shared_ptr<Propagator> migrating_propagator(std::vector<std::shared_ptr<Propagator>> extract,
                                                          std::shared_ptr<Propagator> inject) noexcept;

// What OTEL_PROPAGATORS says, "tracecontext,baggage" for instance: names once each; null for "none". A name that is not
// known is left out, and `problem` says so; when none is left it is the default, tracecontext and baggage.
CLEW_API std::shared_ptr<Propagator> propagator_from(std::string_view names, std::string* problem = nullptr) noexcept;

// The propagator that is configured. Never null.
CLEW_API std::shared_ptr<const Propagator> propagator() noexcept;

inline Context extract(const HeaderReader& headers, const Context& base = Context::current()) noexcept {
  return propagator()->extract(headers, base);
}
inline void inject(HeaderWriter& headers, const Context& context = Context::current()) noexcept {
  propagator()->inject(context, headers);
}
inline void inject(HeaderWriter&& headers, const Context& context = Context::current()) noexcept {
  propagator()->inject(context, headers);
}

CLEW_END
