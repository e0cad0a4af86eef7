// The client library: what a program includes to be traced.
//
//   auto tracer = clew::tracer("checkout");                    // configured by OTEL_* variables, or by clew::init
//   auto span = tracer.start("charge card", clew::kClient);    // current in this scope, ended by the destructor
//   span.set("order.id", id).set("amount", 12.5);
//   if (auto error = bank.charge(order)) span.fail(*error);
#pragma once

#include "clew/context.h"
#include "clew/span.h"

CLEW_BEGIN

// What a start may say beyond name and kind. Views: valid during the call.
struct StartOptions {
  Kind kind = kInternal;
  const Context* parent = nullptr;  // null: the current context of this thread
  bool root = false;                // a new trace, whatever the context
  bool current = true;              // becomes this thread's current span
  uint64_t start_unix_ns = 0;       // 0: now
  List<const KeyValue> attributes;  // samplers see these
  List<const Link> links;
};

namespace detail {
CLEW_API Node* start(const ScopeInfo* scope, const char* name, size_t name_bytes, Kind kind) noexcept;
CLEW_API Node* start(const ScopeInfo* scope, std::string_view name, const StartOptions& options) noexcept;
inline bool disabled() noexcept {
  return mode.load(std::memory_order_relaxed) == Mode::kDisabled;
}
}  // namespace detail

// Starts the spans of one instrumented library. A value of one word, made once and used by any thread.
class Tracer {
 public:
  explicit Tracer(const ScopeInfo* scope) noexcept : scope_(scope) {}

  Span start(std::string_view name, Kind kind = kInternal) const noexcept {
    return detail::disabled() ? Span() : Span(detail::start(scope_, name.data(), name.size(), kind));
  }
  Span start(std::string_view name, Kind kind, Attributes attributes) const noexcept {
    StartOptions options;
    options.kind = kind;
    options.attributes = {attributes.begin(), attributes.size()};
    return start(name, options);
  }
  Span start(std::string_view name, const StartOptions& options) const noexcept {
    return detail::disabled() ? Span() : Span(detail::start(scope_, name, options));
  }
  // Not current in any thread: for work that goes on after this function. See Scope(span).
  Span start_detached(std::string_view name, Kind kind = kInternal) const noexcept {
    StartOptions options;
    options.kind = kind;
    options.current = false;
    return start(name, options);
  }

 private:
  const ScopeInfo* scope_;
};

// The tracer of that name and version; the same words give the same tracer. Texts are copied. Not for the inner loop:
// it takes a lock.
CLEW_API Tracer tracer(std::string_view name, std::string_view version = {}, std::string_view schema_url = {},
                       Attributes attributes = {}) noexcept;

CLEW_END
