// The background thread and what it works with. One Worker per init(), and per fork; one that does not end in time is
// left to itself and never freed.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>

#include "decode.h"
#include "pipeline.h"
#include "tick_map.h"

CLEW_BEGIN
namespace detail {

// The clock of all workers starts, or changes to another source.
void begin_clock(bool use_tsc) noexcept;

// Taking spans out of rings: held in short stretches, by the worker in charge; for ever by one whose exporter hangs in
// consume(), so others ask for it with patience only. True: it is held now.
extern pthread_mutex_t drain_mutex;
bool lock_drain_within(uint64_t ns) noexcept;

class Worker : private Waiter {
 public:
  explicit Worker(Destination destination) noexcept;

  // All under the pipeline's lock. start(): false when the system has no thread for us.
  bool start() noexcept;
  bool started() const noexcept { return started_; }
  // Asks for a flush; what to wait for.
  uint64_t ask_flush() noexcept;
  bool flushed(uint64_t ticket) const noexcept { return flushed_.load(std::memory_order_acquire) >= ticket; }
  // Asks it to flush and end by the time given (CLOCK_MONOTONIC).
  void ask_stop(uint64_t deadline_ns) noexcept;
  bool ended() const noexcept { return ended_.load(std::memory_order_acquire); }
  void join() noexcept;
  // It ends as soon as it can and touches no ring any more.
  void give_up() noexcept;
  bool is_this_thread() const noexcept { return running_.load(std::memory_order_relaxed) == pthread_self(); }
  uint32_t exit_flush_ms() const noexcept { return destination_.exit_flush_ms; }

  // After its end, or in the child of a fork (then cleared of what the parent will send): it is not used again.
  Destination take_destination() noexcept { return std::move(destination_); }
  Destination forked() noexcept;

  void wake() noexcept;
  bool asleep() const noexcept { return asleep_.load(std::memory_order_relaxed); }

 private:
  static void* run(void* self) noexcept;
  void work() noexcept;
  // All that is in the rings, or to where an exporter has a batch together.
  enum class Until : uint8_t { kEmpty, kBatch };
  size_t drain(Until until) noexcept;
  void take(const struct Record& record) noexcept;
  bool batch_is_full() const noexcept;
  void mark_rings() noexcept;
  bool before_mark() noexcept;
  template <typename Visit>
  void each_ring(Visit visit) noexcept;
  bool due(uint64_t now_ns) const noexcept;
  void send() noexcept;
  void sleep(size_t drained) noexcept;

  bool wait(int fd, short events, uint64_t deadline_ns) noexcept override;
  bool may_go_on() const noexcept override;
  uint64_t now_ns() const noexcept override;

  Destination destination_;
  std::atomic<bool> started_{false};
  pthread_t thread_{};
  std::atomic<pthread_t> running_{};  // set by the thread itself: it may be asked before start() has returned

  std::atomic<uint64_t> flush_asked_{0}, flushed_{0};
  std::atomic<uint64_t> stop_deadline_ns_{UINT64_MAX};
  std::atomic<bool> stop_{false}, given_up_{false}, ended_{false};
  std::atomic<uint32_t> wakes_{0};  // a futex
  std::atomic<bool> asleep_{false};

  // The worker's own.
  Decoder decoder_;
  uint64_t pending_since_ns_ = 0;  // 0: nothing is pending
  unsigned idle_rounds_ = 0;
  bool more_to_drain_ = false;  // the last drain() stopped at a full batch
};

}  // namespace detail
CLEW_END
