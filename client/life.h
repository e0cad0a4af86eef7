// How a node comes to life and goes back; used by spans and scopes.
#pragma once

#include "clew/detail/node.h"
#include "thread.h"

CLEW_BEGIN
namespace detail {

// Gives a body of its own back, when it is larger than what a node keeps.
CLEW_COLD void shrink_body(Node* node) noexcept;

inline bool has_texts(const Node* node) noexcept {
  return (reinterpret_cast<uintptr_t>(node->trace_state) | reinterpret_cast<uintptr_t>(node->baggage)) != 0;
}

// To the pool it is from. Precondition: in no stack. `thread`: the caller's.
inline void free_node(Thread* thread, Node* node) noexcept {
  if (CLEW_UNLIKELY(has_texts(node))) {
    SharedText::drop(node->trace_state);
    SharedText::drop(node->baggage);
  }
  node->context.span_id = SpanId();  // for SpanRefs to it
  if (node->write != nullptr) {
    node->write = nullptr;
    if (CLEW_UNLIKELY(node->begin != node->inline_body)) shrink_body(node);
  }
  if (CLEW_LIKELY(thread == node->home)) {
    thread->put_back(node);
  } else {
    Thread::return_home(node);
  }
}

// Its owner is done with the node: it leaves the stack it is in, and is freed here or by the thread of that stack.
inline void let_go(Thread* thread, Node* node) noexcept {
  if (CLEW_LIKELY(thread != nullptr && thread->holds(node))) {
    thread->unlink(node);
  } else if (node->attached.load(std::memory_order_relaxed) != 0 &&
             node->attached.fetch_or(Node::kEnded, std::memory_order_acq_rel) != 0) {
    return;
  } else {
    node->attached.store(0, std::memory_order_relaxed);
  }
  free_node(thread, node);
}

// Room for `bytes` more in the body. False: span_bytes is reached, or there is no memory.
CLEW_COLD bool grow_body(Node* node, size_t bytes) noexcept;
inline bool reserve_body(Node* node, size_t bytes) noexcept {
  return CLEW_LIKELY(bytes <= size_t(node->limit - node->write)) || grow_body(node, bytes);
}

}  // namespace detail
CLEW_END
