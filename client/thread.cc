#include "thread.h"

#include <pthread.h>
#include <stdlib.h>

#include <new>
#include <utility>

#include "clew/context_stack.h"
#include "life.h"
#include "pipeline.h"

CLEW_BEGIN
namespace detail {

__thread Thread* this_thread_or_null = nullptr;
std::atomic<Thread*> Threads::all_{nullptr};
Thread* Threads::idle_ = nullptr;
Budget ring_budget, live_budget;
std::atomic<uint64_t> most_ring_bytes{1 << 20};
uint16_t fork_generation = 0;

namespace {
constexpr uint64_t kLeastRingBytes = 16 << 10;
constexpr unsigned kMostSlabNodes = 1024;
constexpr uintptr_t kParked = 2;  // Node::attached of what is in a ContextStack that does not run; no Thread

pthread_mutex_t threads_mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_once_t key_once = PTHREAD_ONCE_INIT;
pthread_key_t exit_key;
bool have_key = false;
}  // namespace

Node* Thread::take_more() noexcept {
  Node* node = returned_.exchange(nullptr, std::memory_order_acquire);
  if (node == nullptr) {
    const size_t bytes = slab_nodes_ * sizeof(Node);
    if (!live_budget.take(bytes)) return nullptr;
    void* memory = nullptr;
    if (posix_memalign(&memory, 64, bytes) != 0) {
      live_budget.give_back(bytes);
      return nullptr;
    }
    for (unsigned i = slab_nodes_; i-- > 0;) {
      // The body is left as it is: only what is written of it is ever read.
      Node* const fresh = reinterpret_cast<Node*>(static_cast<char*>(memory) + i * sizeof(Node));
      new (&fresh->attached) std::atomic<uintptr_t>(0);
      fresh->context = SpanContext();
      fresh->write = nullptr;
      fresh->begin = fresh->inline_body;
      fresh->limit = fresh->inline_body + sizeof fresh->inline_body;
      fresh->home = this;
      fresh->below = node;
      node = fresh;
    }
    if (slab_nodes_ < kMostSlabNodes) slab_nodes_ *= 2;
  }
  free_ = node->below;
  return node;
}

void Thread::return_home(Node* node) noexcept {
  std::atomic<Node*>& list = node->home->returned_;
  node->below = list.load(std::memory_order_relaxed);
  while (!list.compare_exchange_weak(node->below, node, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

Node* Thread::drop_ended() noexcept {
  while (current_ != nullptr && (current_->attached.load(std::memory_order_acquire) & Node::kEnded) != 0) {
    Node* const node = current_;
    unlink(node);
    free_node(this, node);
  }
  return current_;
}

void Thread::unlink_below(Node* node) noexcept {
  for (Node* above = current_; above != nullptr; above = above->below) {
    if (above->below == node) {
      above->below = node->below;
      return;
    }
  }
}

namespace {
// Moves a list of nodes from one owner to another. Those whose owners are done with them leave it, and are freed.
Node* hand_over(Thread* thread, Node* first, uintptr_t to, Node** last) noexcept {
  Node** at = &first;
  *last = nullptr;
  while (Node* const node = *at) {
    if ((node->attached.exchange(to, std::memory_order_acq_rel) & Node::kEnded) != 0) {
      *at = node->below;
      node->attached.store(0, std::memory_order_relaxed);
      free_node(thread, node);
    } else {
      *last = node;
      at = &node->below;
    }
  }
  return first;
}
}  // namespace

Node* Thread::park(Node* floor) noexcept {
  if (!holds(floor)) return nullptr;
  Node* const first = current_;
  current_ = std::exchange(floor->below, nullptr);
  Node* last;
  return hand_over(this, first, kParked, &last);
}

void Thread::unpark(Node* parked) noexcept {
  Node* last;
  Node* const first = hand_over(this, parked, reinterpret_cast<uintptr_t>(this), &last);
  if (first == nullptr) return;
  last->below = current_;
  current_ = first;
}

Node* park(Node* floor) noexcept {
  Thread* const thread = this_thread();
  return thread == nullptr ? nullptr : thread->park(floor);
}

void unpark(Node* parked) noexcept {
  if (Thread* const thread = this_thread()) return thread->unpark(parked);
  drop_parked(parked, nullptr);
}

void drop_parked(Node* parked, Node* floor) noexcept {
  Thread* const thread = this_thread();
  while (Node* const node = parked) {
    parked = node->below;
    const uintptr_t before = node->attached.exchange(0, std::memory_order_acq_rel);
    if (node == floor || (before & Node::kEnded) != 0) free_node(thread, node);
  }
}

// What is left in the stack belongs to somebody who will end it elsewhere, or has forgotten it.
void Thread::leave() noexcept {
  while (Node* const node = current_) {
    current_ = node->below;
    if ((node->attached.exchange(0, std::memory_order_acq_rel) & Node::kEnded) != 0) free_node(this, node);
  }
}

Thread* Threads::make() noexcept {
  void* memory = nullptr;
  if (posix_memalign(&memory, 64, sizeof(Thread)) != 0) return nullptr;
  Thread* const thread = new (memory) Thread;
  thread->random.seed();
  thread->quiet_ids.seed(thread->random.next());
  thread->next_ = all_.load(std::memory_order_relaxed);
  all_.store(thread, std::memory_order_release);
  return thread;
}

void Threads::give_ring(Thread& thread) noexcept {
  uint64_t bytes = most_ring_bytes.load(std::memory_order_relaxed);
  while (bytes > kLeastRingBytes && bytes > ring_budget.left() / 64) bytes /= 2;
  if (!ring_budget.take(bytes)) return;
  Ring* const ring = Ring::create(bytes);
  if (ring == nullptr) ring_budget.give_back(bytes);
  thread.ring.store(ring, std::memory_order_release);
}

void Threads::exit_thread(void* memory) noexcept {
  Thread* const thread = static_cast<Thread*>(memory);
  thread->leave();
  this_thread_or_null = nullptr;
  lock();
  thread->next_idle_ = idle_;
  idle_ = thread;
  unlock();
}

void Threads::lock() noexcept {
  pthread_mutex_lock(&threads_mutex);
}
void Threads::unlock() noexcept {
  pthread_mutex_unlock(&threads_mutex);
}

unsigned Threads::count() noexcept {
  unsigned count = 0;
  each([&](Thread&) { ++count; });
  return count;
}

void Threads::forked() noexcept {
  ++fork_generation;
  idle_ = nullptr;
  Thread* const mine = this_thread_or_null;
  for (Thread* thread = all_.load(std::memory_order_relaxed); thread != nullptr; thread = thread->next_) {
    if (thread->abandoned_) continue;
    if (thread != mine) {
      // Its thread may have been anywhere in the middle of something: nobody takes it over.
      thread->abandoned_ = true;
      if (Ring* const ring = thread->ring.exchange(nullptr, std::memory_order_relaxed)) {
        ring_budget.give_back(ring->size());
        ring->destroy();
      }
      continue;
    }
    thread->random.seed();
    thread->quiet_ids.seed(thread->random.next());
    thread->ended.reset();
    for (Counter& count : thread->dropped) count.reset();
    if (Ring* const ring = thread->ring.load(std::memory_order_relaxed)) ring->clear();
  }
}

Thread* enter_thread() noexcept {
  pthread_once(&key_once, [] { have_key = pthread_key_create(&exit_key, Threads::exit_thread) == 0; });
  if (!have_key) return nullptr;  // without it nobody would hear of the thread's end
  Threads::lock();
  Thread* thread = Threads::idle_;
  if (thread != nullptr) {
    Threads::idle_ = thread->next_idle_;
  } else {
    thread = Threads::make();
  }
  if (thread != nullptr && thread->ring.load(std::memory_order_relaxed) == nullptr) Threads::give_ring(*thread);
  Threads::unlock();
  if (thread == nullptr) return nullptr;
  if (pthread_setspecific(exit_key, thread) != 0) {
    Threads::exit_thread(thread);
    return nullptr;
  }
  this_thread_or_null = thread;
  ensure_worker();
  return thread;
}

}  // namespace detail
CLEW_END
