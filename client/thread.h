// What the library keeps for a thread: the stack of contexts, the pool of nodes, the ring, random numbers, counters.
//
// Thread rules: a Thread is used by the thread it belongs to, except for `returned` (anybody), the ring's consumer side
// (the background thread) and the counters (anybody reads). Threads are never freed: one whose thread has exited is
// taken over by the next that begins.
#pragma once

#include <atomic>
#include <cstdint>

#include "clew/detail/node.h"
#include "clew/exporter.h"
#include "random.h"
#include "ring.h"

CLEW_BEGIN
namespace detail {

// Node::bits.
constexpr uint8_t kStartUnix = 1;  // start_ticks are unix ns
constexpr uint8_t kParentRemote = 2;
constexpr uint8_t kRecordOnly = 4;  // for processors, not for exporters
constexpr uint8_t kTsc = 8;         // ticks are the TSC's
constexpr uint8_t kEndUnix = 16;    // in records only
constexpr uint8_t kScope = 32;      // no span: an attached context

// A counter with one writer.
class Counter {
 public:
  void add(uint64_t n = 1) noexcept { value_.store(get() + n, std::memory_order_relaxed); }
  uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }
  void reset() noexcept { value_.store(0, std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

class Thread;
CLEW_COLD Thread* enter_thread() noexcept;

class Thread {
 public:
  // The innermost node of this thread, or null. Nodes that ended in other threads are dropped from the stack first.
  Node* top() noexcept {
    Node* const node = current_;
    if (CLEW_LIKELY(node == nullptr || (node->attached.load(std::memory_order_relaxed) & Node::kEnded) == 0))
      return node;
    return drop_ended();
  }
  // The same, where that takes no work; else null.
  Node* top_or_null() const noexcept {
    Node* const node = current_;
    return node != nullptr && (node->attached.load(std::memory_order_relaxed) & Node::kEnded) == 0 ? node : nullptr;
  }
  bool is_top(const Node* node) const noexcept { return current_ == node && holds(node); }
  // Precondition: is_top(node).
  void unlink_top(Node* node) noexcept {
    current_ = node->below;
    node->attached.store(0, std::memory_order_relaxed);
  }
  void push(Node* node) noexcept {
    node->attached.store(reinterpret_cast<uintptr_t>(this), std::memory_order_relaxed);
    node->below = current_;
    current_ = node;
  }
  bool holds(const Node* node) const noexcept {
    return node->attached.load(std::memory_order_relaxed) == reinterpret_cast<uintptr_t>(this);
  }
  // Precondition: holds(node).
  void unlink(Node* node) noexcept {
    if (CLEW_LIKELY(current_ == node)) {
      current_ = node->below;
    } else {
      unlink_below(node);
    }
    node->attached.store(0, std::memory_order_relaxed);
  }

  // Takes the nodes from the top down to `floor` off the stack, for unpark() in any thread; owners may be done with
  // them meanwhile. Null when `floor` is not in this stack.
  CLEW_COLD Node* park(Node* floor) noexcept;
  CLEW_COLD void unpark(Node* parked) noexcept;

  // A node whose `write` is null and whose begin, limit, home are set; nothing else. Null: kTooManyLive.
  Node* take() noexcept {
    Node* const node = free_;
    if (CLEW_UNLIKELY(node == nullptr)) return take_more();
    free_ = node->below;
    return node;
  }
  Node* take_or_null() noexcept {
    Node* const node = free_;
    if (node != nullptr) free_ = node->below;
    return node;
  }
  // Precondition: of this thread's pool, in no stack, without texts.
  void put_back(Node* node) noexcept {
    node->below = free_;
    free_ = node;
  }
  // From any thread.
  static void return_home(Node* node) noexcept;

  Random random;
  QuietIds quiet_ids;
  std::atomic<Ring*> ring{nullptr};  // set once; null when ring_bytes_total is used up
  Counter ended, dropped[kDropReasons];

 private:
  friend class Threads;
  friend Thread* enter_thread() noexcept;
  CLEW_COLD Node* take_more() noexcept;
  CLEW_COLD Node* drop_ended() noexcept;
  CLEW_COLD void unlink_below(Node* node) noexcept;
  void leave() noexcept;

  Node* current_ = nullptr;
  Node* free_ = nullptr;
  unsigned slab_nodes_ = 16;  // of the next slab
  std::atomic<Node*> returned_{nullptr};
  Thread* next_ = nullptr;       // in the list of all, constant
  Thread* next_idle_ = nullptr;  // under the lock
  bool abandoned_ = false;       // after a fork, in the child: its thread is not there any more
};

// This thread's, made when there is none. Null without memory.
extern __thread Thread* this_thread_or_null __attribute__((tls_model("initial-exec")));
inline Thread* this_thread() noexcept {
  Thread* const thread = this_thread_or_null;
  return CLEW_LIKELY(thread != nullptr) ? thread : enter_thread();
}

// All of them.
class Threads {
 public:
  // Any thread: calls visit(thread) for each that there has been.
  template <typename Visit>
  static void each(Visit visit) noexcept {
    for (Thread* thread = all_.load(std::memory_order_acquire); thread != nullptr; thread = thread->next_) {
      if (!thread->abandoned_) visit(*thread);
    }
  }
  // Around a fork, and in its child.
  static void lock() noexcept;
  static void unlock() noexcept;
  static void forked() noexcept;
  static unsigned count() noexcept;

 private:
  friend Thread* enter_thread() noexcept;
  static Thread* make() noexcept;
  static void give_ring(Thread& thread) noexcept;
  static void exit_thread(void* thread) noexcept;

  static std::atomic<Thread*> all_;
  static Thread* idle_;
};

// The memory that all threads together may take. Any thread.
class Budget {
 public:
  void limit(uint64_t bytes) noexcept { limit_.store(bytes, std::memory_order_relaxed); }
  bool take(uint64_t bytes) noexcept {
    if (used_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= limit_.load(std::memory_order_relaxed))
      return true;
    give_back(bytes);
    return false;
  }
  void give_back(uint64_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  uint64_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
  uint64_t left() const noexcept {
    const uint64_t used = this->used(), limit = limit_.load(std::memory_order_relaxed);
    return used < limit ? limit - used : 0;
  }

 private:
  std::atomic<uint64_t> used_{0}, limit_{64 << 20};
};
extern Budget ring_budget, live_budget;
extern std::atomic<uint64_t> most_ring_bytes;  // of one thread

// Counts forks: a span of an older generation belongs to the parent process.
extern uint16_t fork_generation;

}  // namespace detail
CLEW_END
