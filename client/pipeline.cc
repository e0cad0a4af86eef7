#include "pipeline.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>

#include "problem.h"
#include "record.h"
#include "settings.h"
#include "thread.h"
#include "ticks.h"
#include "totals.h"
#include "worker.h"

CLEW_BEGIN
namespace detail {

Totals totals;

namespace {

constexpr uint64_t kMs = 1'000'000;

pthread_mutex_t life_mutex = PTHREAD_MUTEX_INITIALIZER;
// The worker in charge. Workers are never freed, for a thread may be about to wake one; what they export to is.
std::atomic<Worker*> worker{nullptr};
std::vector<Worker*>* all_workers = nullptr;  // under life_mutex

std::atomic<uint32_t> announcements{0};  // a futex

uint64_t in_ms(uint32_t timeout_ms) noexcept {
  return clock_ns(CLOCK_MONOTONIC) + timeout_ms * kMs;
}

// Until done() is true. False: not by the deadline.
template <typename Done>
bool await(uint64_t deadline_ns, Done done) noexcept {
  while (true) {
    const uint32_t seen = announcements.load(std::memory_order_acquire);
    if (done()) return true;
    const uint64_t now = clock_ns(CLOCK_MONOTONIC);
    if (now >= deadline_ns) return false;
    const timespec left{time_t((deadline_ns - now) / 1'000'000'000), long((deadline_ns - now) % 1'000'000'000)};
    syscall(SYS_futex, reinterpret_cast<uint32_t*>(&announcements), FUTEX_WAIT_PRIVATE, seen, &left, nullptr, 0);
  }
}

// Ends a worker that is not in charge any more. False: not by the deadline; it is left to itself.
bool end_worker(Worker* old, uint64_t deadline_ns) noexcept {
  if (!old->started()) return true;
  old->ask_stop(deadline_ns);
  // A little longer than its own deadline, so that it can say itself what it lost.
  if (await(deadline_ns + 100 * kMs, [&] { return old->ended(); })) {
    old->join();
    const bool in_time = clock_ns(CLOCK_MONOTONIC) < deadline_ns;
    old->take_destination();  // and destroyed
    return in_time;
  }
  old->give_up();
  return false;
}

Worker* make_worker(Destination destination) noexcept {
  Worker* const fresh = new Worker(std::move(destination));
  if (all_workers == nullptr) all_workers = new std::vector<Worker*>;
  all_workers->push_back(fresh);
  return fresh;
}

Worker* out_of_charge() noexcept {
  pthread_mutex_lock(&life_mutex);
  Worker* const old = worker.exchange(nullptr, std::memory_order_acq_rel);
  pthread_mutex_unlock(&life_mutex);
  return old;
}

bool rings_hold_spans() noexcept {
  bool hold = false;
  Threads::each([&](Thread& thread) {
    const Ring* const ring = thread.ring.load(std::memory_order_acquire);
    hold = hold || (ring != nullptr && !ring->empty());
  });
  return hold;
}

void drop_what_is_left() noexcept {
  if (!lock_drain_within(10 * kMs)) return;
  Threads::each([](Thread& thread) {
    Ring* const ring = thread.ring.load(std::memory_order_acquire);
    if (ring == nullptr) return;
    ring->drain([](const char* at) {
      SharedText::drop(reinterpret_cast<const Record*>(at)->trace_state);
      totals.add(Drop::kShutdown);
      return true;
    });
  });
  pthread_mutex_unlock(&drain_mutex);
}

bool drain_is_held = false;  // by a thread that forks; under life_mutex

void before_fork() noexcept {
  lock_init();
  pthread_mutex_lock(&life_mutex);
  Threads::lock();
  // Without it an exporter may be in the middle of a span: the child then does without exporters.
  drain_is_held = lock_drain_within(1000 * kMs);
}

void after_fork() noexcept {
  if (drain_is_held) pthread_mutex_unlock(&drain_mutex);
  Threads::unlock();
  pthread_mutex_unlock(&life_mutex);
  unlock_init();
}

void in_child() noexcept {
  Threads::forked();
  totals.reset();
  refresh_resource();
  Worker* const old = worker.load(std::memory_order_relaxed);
  if (!drain_is_held) {
    drain_mutex = PTHREAD_MUTEX_INITIALIZER;
    problem("an exporter hangs: this child of a fork exports nothing");
    if (old != nullptr) worker.store(make_worker(Destination()), std::memory_order_release);
  } else if (old != nullptr) {
    worker.store(make_worker(old->forked()), std::memory_order_release);
  }
  after_fork();
}

void at_exit() noexcept {
  Worker* const now = worker.load(std::memory_order_acquire);
  if (now != nullptr && !now->is_this_thread()) shutdown(now->exit_flush_ms());
}

}  // namespace

void announce() noexcept {
  announcements.fetch_add(1, std::memory_order_acq_rel);
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&announcements), FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

void direct_spans_to(Destination destination) noexcept {
  Worker* const old = out_of_charge();
  if (old != nullptr) end_worker(old, in_ms(old->exit_flush_ms()));
  pthread_mutex_lock(&life_mutex);
  Worker* const fresh = make_worker(std::move(destination));
  fresh->start();
  worker.store(fresh, std::memory_order_release);
  pthread_mutex_unlock(&life_mutex);
}

bool flush_spans(uint32_t timeout_ms) noexcept {
  const uint64_t deadline_ns = in_ms(timeout_ms);
  Worker* const now = worker.load(std::memory_order_acquire);
  if (now == nullptr) return true;
  if (now->is_this_thread()) return false;
  ensure_worker();
  const uint64_t ticket = now->ask_flush();
  return await(deadline_ns, [&] { return now->flushed(ticket) || now->ended(); }) && now->flushed(ticket);
}

bool shut_down_spans(uint32_t timeout_ms) noexcept {
  const uint64_t deadline_ns = in_ms(timeout_ms);
  if (rings_hold_spans()) ensure_worker();  // a fork's child has none until it is needed
  Worker* const old = out_of_charge();
  const bool in_time = old == nullptr || end_worker(old, deadline_ns);
  drop_what_is_left();
  return in_time;
}

void ensure_worker() noexcept {
  Worker* now = worker.load(std::memory_order_acquire);
  if (now == nullptr || now->started()) return;
  pthread_mutex_lock(&life_mutex);
  now = worker.load(std::memory_order_relaxed);
  if (now != nullptr && !now->started()) now->start();
  pthread_mutex_unlock(&life_mutex);
}

void look_after_ring() noexcept {
  ensure_worker();
  nudge_worker();
}

void nudge_worker() noexcept {
  Worker* const now = worker.load(std::memory_order_acquire);
  if (now != nullptr && now->asleep()) now->wake();
}

Stats spans_counted() noexcept {
  Stats stats;
  Threads::each([&](Thread& thread) {
    stats.ended += thread.ended.get();
    for (unsigned i = 0; i < kDropReasons; ++i) stats.dropped[i] += thread.dropped[i].get();
  });
  stats.exported = totals.exported.load(std::memory_order_relaxed);
  for (unsigned i = 0; i < kDropReasons; ++i) stats.dropped[i] += totals.dropped[i].load(std::memory_order_relaxed);
  stats.ring_bytes = ring_budget.used();
  stats.live_bytes = live_budget.used();
  return stats;
}

void install_handlers() noexcept {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, [] {
    pthread_atfork(before_fork, after_fork, in_child);
    std::atexit(at_exit);
  });
}

}  // namespace detail
CLEW_END
