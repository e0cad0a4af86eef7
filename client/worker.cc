#include "worker.h"

#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "problem.h"
#include "record.h"
#include "thread.h"
#include "ticks.h"
#include "totals.h"

CLEW_BEGIN
namespace detail {

pthread_mutex_t drain_mutex = PTHREAD_MUTEX_INITIALIZER;

namespace {

constexpr uint64_t kMs = 1'000'000;
constexpr uint64_t kBusyNs = 5 * kMs;    // between looks at the rings while a socket is waited for
constexpr uint64_t kLookNs = 50 * kMs;   // between looks while there are spans
constexpr uint64_t kIdleNs = 500 * kMs;  // after many looks in vain; a ring that fills wakes us
constexpr unsigned kIdleRounds = 20;

timespec timespec_of(uint64_t ns) noexcept {
  return {time_t(ns / 1'000'000'000), long(ns % 1'000'000'000)};
}

long futex(std::atomic<uint32_t>* word, int operation, uint32_t value, const timespec* timeout) noexcept {
  return syscall(SYS_futex, reinterpret_cast<uint32_t*>(word), operation | FUTEX_PRIVATE_FLAG, value, timeout, nullptr,
                 FUTEX_BITSET_MATCH_ANY);
}

// One for all workers, so that times fit together: under drain_mutex.
TickMap tick_map;
std::atomic<bool> tick_map_begun{false};

}  // namespace

bool lock_drain_within(uint64_t ns) noexcept {
  const uint64_t deadline = clock_ns(CLOCK_MONOTONIC) + ns;
  while (pthread_mutex_trylock(&drain_mutex) != 0) {
    if (clock_ns(CLOCK_MONOTONIC) >= deadline) return false;
    const timespec moment = timespec_of(kMs / 4);
    nanosleep(&moment, nullptr);
  }
  return true;
}

void begin_clock(bool use_tsc) noexcept {
  ticks_are_tsc.store(use_tsc && tsc_is_invariant(), std::memory_order_relaxed);
  // Before the first worker there is nobody to hold the lock.
  if (tick_map_begun.load(std::memory_order_acquire) || !lock_drain_within(UINT64_MAX / 2)) return;
  tick_map.begin(TickMap::read());
  tick_map_begun.store(true, std::memory_order_release);
  pthread_mutex_unlock(&drain_mutex);
}

Worker::Worker(Destination destination) noexcept : destination_(std::move(destination)) {}

bool Worker::start() noexcept {
  // The program's signals are for its own threads.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  started_ = pthread_create(&thread_, nullptr, run, this) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!started_) problem("no thread to export spans with; trying again later");
  return started_;
}

void* Worker::run(void* self) noexcept {
  pthread_setname_np(pthread_self(), "clew-export");
  static_cast<Worker*>(self)->work();
  return nullptr;
}

void Worker::work() noexcept {
  running_.store(pthread_self(), std::memory_order_relaxed);
  while (true) {
    const bool stop = stop_.load(std::memory_order_acquire);
    const uint64_t asked = flush_asked_.load(std::memory_order_acquire);
    const bool flush = stop || asked > flushed_.load(std::memory_order_relaxed);
    if (flush) mark_rings();
    size_t drained = drain(Until::kBatch);
    if (flush || due(now_ns())) send();
    while (flush && before_mark() && may_go_on()) {
      drained += drain(Until::kBatch);
      send();
    }
    if (given_up_.load(std::memory_order_acquire)) break;
    if (flush) {
      flushed_.store(asked, std::memory_order_release);
      announce();
    }
    if (stop) break;
    sleep(drained);
  }
  ended_.store(true, std::memory_order_release);
  announce();
}

size_t Worker::drain(Until until) noexcept {
  pthread_mutex_lock(&drain_mutex);
  size_t count = 0;
  if (!given_up_.load(std::memory_order_acquire)) {
    if (tick_map.due(now_ns()) && !tick_map.observe(TickMap::read()) && ticks_are_tsc.exchange(false)) {
      problem("the CPU's time-stamp counter is not steady; spans use clock_gettime from now on");
    }
    bool go_on = true;
    Threads::each([&](Thread& thread) {
      Ring* const ring = thread.ring.load(std::memory_order_acquire);
      if (ring == nullptr || !go_on) return;
      count += ring->drain([&](const char* at) {
        take(*reinterpret_cast<const Record*>(at));
        go_on = (until == Until::kEmpty || !batch_is_full()) && !given_up_.load(std::memory_order_relaxed);
        return go_on;
      });
    });
    more_to_drain_ = !go_on;
  }
  pthread_mutex_unlock(&drain_mutex);
  return count;
}

// A worker that was given up looks at no ring: another one does.
template <typename Visit>
void Worker::each_ring(Visit visit) noexcept {
  pthread_mutex_lock(&drain_mutex);
  if (!given_up_.load(std::memory_order_acquire)) {
    Threads::each([&](Thread& thread) {
      if (Ring* const ring = thread.ring.load(std::memory_order_acquire)) visit(*ring);
    });
  }
  pthread_mutex_unlock(&drain_mutex);
}

void Worker::mark_rings() noexcept {
  each_ring([](Ring& ring) { ring.mark(); });
}

bool Worker::before_mark() noexcept {
  bool before = false;
  each_ring([&](Ring& ring) { before = before || ring.before_mark(); });
  return before;
}

void Worker::take(const Record& record) noexcept {
  SpanData* const span = decoder_.decode(record, *settings.load(std::memory_order_acquire), tick_map);
  bool keep = span != nullptr;
  if (!keep) totals.add(Drop::kQueueFull);
  for (const auto& processor : destination_.processors) {
    if (!keep) break;
    keep = processor->on_end(*span, decoder_.texts());
    if (!keep) totals.add(Drop::kProcessor);
  }
  if (keep && (record.bits & kRecordOnly) == 0) {
    for (const auto& exporter : destination_.exporters) {
      if (!exporter->consume(*span)) totals.add(Drop::kQueueFull);
    }
    if (pending_since_ns_ == 0) pending_since_ns_ = now_ns();
  }
  SharedText::drop(record.trace_state);
}

bool Worker::batch_is_full() const noexcept {
  for (const auto& exporter : destination_.exporters) {
    if (exporter->pending() >= destination_.batch_spans) return true;
  }
  return false;
}

bool Worker::due(uint64_t now_ns) const noexcept {
  if (pending_since_ns_ == 0) return false;
  return now_ns - pending_since_ns_ >= destination_.schedule_delay_ns || batch_is_full();
}

void Worker::send() noexcept {
  pending_since_ns_ = 0;
  for (const auto& exporter : destination_.exporters) {
    if (exporter->pending() == 0) continue;
    const Exporter::Sent result = exporter->send(*this);
    totals.add(Drop::kExportFailed, result.failed);
    totals.add(Drop::kRejected, result.rejected);
    totals.exported.fetch_add(result.sent, std::memory_order_relaxed);
    if (exporter->pending() != 0 && pending_since_ns_ == 0) pending_since_ns_ = now_ns();
  }
}

void Worker::sleep(size_t drained) noexcept {
  idle_rounds_ = drained != 0 ? 0 : idle_rounds_ + 1;
  uint64_t until = now_ns() + (idle_rounds_ > kIdleRounds ? kIdleNs : kLookNs);
  if (pending_since_ns_ != 0 && pending_since_ns_ + destination_.schedule_delay_ns < until) {
    until = pending_since_ns_ + destination_.schedule_delay_ns;
  }
  const uint32_t seen = wakes_.load(std::memory_order_acquire);
  if (more_to_drain_ || batch_is_full() || stop_.load(std::memory_order_acquire) ||
      given_up_.load(std::memory_order_acquire) ||
      flush_asked_.load(std::memory_order_acquire) > flushed_.load(std::memory_order_relaxed)) {
    return;
  }
  asleep_.store(true, std::memory_order_seq_cst);
  const timespec time = timespec_of(until);
  futex(&wakes_, FUTEX_WAIT_BITSET, seen, &time);  // CLOCK_MONOTONIC, until that time
  asleep_.store(false, std::memory_order_relaxed);
}

void Worker::wake() noexcept {
  wakes_.fetch_add(1, std::memory_order_seq_cst);
  if (asleep_.load(std::memory_order_seq_cst)) futex(&wakes_, FUTEX_WAKE, INT_MAX, nullptr);
}

bool Worker::wait(int fd, short events, uint64_t deadline_ns) noexcept {
  while (may_go_on()) {
    drain(Until::kEmpty);
    const uint64_t now = now_ns();
    if (now >= deadline_ns) return false;
    const uint64_t stop = stop_deadline_ns_.load(std::memory_order_acquire);
    uint64_t most = deadline_ns - now < kBusyNs ? deadline_ns - now : kBusyNs;
    if (stop > now && stop - now < most) most = stop - now;
    pollfd socket{fd, events, 0};
    const timespec time = timespec_of(most);
    const int ready = ppoll(&socket, fd < 0 ? 0 : 1, &time, nullptr);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
  return false;
}

bool Worker::may_go_on() const noexcept {
  return !given_up_.load(std::memory_order_acquire) && now_ns() < stop_deadline_ns_.load(std::memory_order_acquire);
}

uint64_t Worker::now_ns() const noexcept {
  return clock_ns(CLOCK_MONOTONIC);
}

uint64_t Worker::ask_flush() noexcept {
  const uint64_t ticket = flush_asked_.fetch_add(1, std::memory_order_acq_rel) + 1;
  wake();
  return ticket;
}

void Worker::ask_stop(uint64_t deadline_ns) noexcept {
  stop_deadline_ns_.store(deadline_ns, std::memory_order_release);
  flush_asked_.fetch_add(1, std::memory_order_acq_rel);
  stop_.store(true, std::memory_order_release);
  wake();
}

void Worker::join() noexcept {
  pthread_join(thread_, nullptr);
  started_ = false;
}

void Worker::give_up() noexcept {
  given_up_.store(true, std::memory_order_release);
  wake();
  pthread_detach(thread_);
}

Destination Worker::forked() noexcept {
  for (const auto& exporter : destination_.exporters) exporter->forked();
  return std::move(destination_);
}

}  // namespace detail
CLEW_END
