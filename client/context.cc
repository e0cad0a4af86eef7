#include "clew/context.h"

#include "clew/span.h"
#include "life.h"

CLEW_BEGIN
namespace detail {

Context context_of(const Node* node) noexcept {
  return Context(node->context, TraceState::of_valid(SharedText::adopt(SharedText::hold(node->trace_state))),
                 Baggage::of_entries(SharedText::adopt(SharedText::hold(node->baggage))));
}

namespace {
Node* take_scope(Thread* thread) noexcept {
  Node* const node = thread == nullptr ? nullptr : thread->take();
  if (node == nullptr) return nullptr;
  node->target = nullptr;
  node->bits = kScope;
  return node;
}
}  // namespace

}  // namespace detail

Context Context::current() noexcept {
  detail::Thread* const thread = detail::this_thread_or_null;
  detail::Node* const node = thread == nullptr ? nullptr : thread->top();
  return node == nullptr ? Context() : detail::context_of(node);
}

SpanRef current_span() noexcept {
  detail::Thread* const thread = detail::this_thread_or_null;
  detail::Node* const node = thread == nullptr ? nullptr : thread->top();
  if (node == nullptr || (node->bits & detail::kScope) == 0 || node->target == nullptr) return SpanRef(node);
  const SpanRef target(node->target);
  return target.span_context().span_id == node->context.span_id ? target : SpanRef(node);
}

detail::Node* Scope::attach(const Context& context) noexcept {
  detail::Thread* const thread = detail::this_thread();
  detail::Node* const node = detail::take_scope(thread);
  if (node == nullptr) return nullptr;
  node->context = context.span();
  node->trace_state = detail::SharedText::hold(context.trace_state().text().block());
  node->baggage = detail::SharedText::hold(context.baggage().text().block());
  thread->push(node);
  return node;
}

detail::Node* Scope::attach(const SpanRef& span) noexcept {
  detail::Node* const target = span.node();
  detail::Thread* const thread = detail::this_thread();
  detail::Node* const node = target == nullptr ? nullptr : detail::take_scope(thread);
  if (node == nullptr) return nullptr;
  node->target = target;
  node->context = target->context;
  node->trace_state = detail::SharedText::hold(target->trace_state);
  node->baggage = detail::SharedText::hold(target->baggage);
  thread->push(node);
  return node;
}

void Scope::detach(detail::Node* node) noexcept {
  detail::let_go(detail::this_thread(), node);
}

CLEW_END
