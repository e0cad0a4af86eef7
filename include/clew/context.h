// The context of a piece of work: which span it belongs to, that trace's state, the baggage. A Context is a value and
// may go anywhere; each thread has a current one, which new spans take for their parent and propagators for what they
// send.
//
//   Context here = Context::current();            // take it along ...
//   pool.post(clew::bind([] { ... }));            // ... or have it taken along
//   Scope scope(clew::extract(headers));          // this thread works for that request, to the end of the block
#pragma once

#include <utility>

#include "clew/baggage.h"
#include "clew/span_context.h"
#include "clew/trace_state.h"

CLEW_BEGIN

class SpanRef;
namespace detail {
struct Node;
}

class Context {
 public:
  Context() noexcept = default;  // no span, no baggage
  explicit Context(const SpanContext& span, TraceState state = {}, Baggage baggage = {}) noexcept
      : span_(span), state_(std::move(state)), baggage_(std::move(baggage)) {}

  // The current context of this thread.
  CLEW_API static Context current() noexcept;

  const SpanContext& span() const noexcept { return span_; }
  const TraceState& trace_state() const noexcept { return state_; }
  const Baggage& baggage() const noexcept { return baggage_; }

  Context with(const SpanContext& span, TraceState state) const noexcept {
    return Context(span, std::move(state), baggage_);
  }
  Context with(Baggage baggage) const noexcept { return Context(span_, state_, std::move(baggage)); }

 private:
  SpanContext span_;
  TraceState state_;
  Baggage baggage_;
};

// Makes a context this thread's current one until it is destroyed or detached: what was current before is so again.
//
// A Scope may be moved, detached twice, and detached out of order (it then only leaves the stack of contexts, whatever
// is on top stays current). Destroyed in another thread it does no harm: its own thread drops it when it next looks.
class Scope {
 public:
  Scope() noexcept = default;
  explicit Scope(const Context& context) noexcept : node_(attach(context)) {}
  // Makes a span current that was started with start_detached, or that was detached. Not its owner: ending the span is
  // not up to the scope.
  explicit Scope(const SpanRef& span) noexcept : node_(attach(span)) {}
  Scope(Scope&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  Scope& operator=(Scope&& other) noexcept {
    if (this != &other) {
      detach();
      node_ = std::exchange(other.node_, nullptr);
    }
    return *this;
  }
  ~Scope() { detach(); }

  void detach() noexcept {
    if (node_ != nullptr) detach(std::exchange(node_, nullptr));
  }

 private:
  friend class ContextStack;
  CLEW_API static detail::Node* attach(const Context& context) noexcept;
  CLEW_API static detail::Node* attach(const SpanRef& span) noexcept;
  CLEW_API static void detach(detail::Node* node) noexcept;

  detail::Node* node_ = nullptr;
};

// A callable that runs `function` with the given context, by default with the one that is current here and now: for
// threads, pools, std::async, handlers. It may be called more than once and in several threads if `function` may.
template <typename Function>
auto bind(Context context, Function function) {
  return [context = std::move(context), function = std::move(function)](auto&&... arguments) mutable -> decltype(auto) {
    Scope scope(context);
    return function(std::forward<decltype(arguments)>(arguments)...);
  };
}
template <typename Function>
auto bind(Function function) {
  return bind(Context::current(), std::move(function));
}

CLEW_END
