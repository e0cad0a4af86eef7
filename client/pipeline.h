// From the rings to the exporters: the background thread, and what others ask of it.
//
// Thread rules: everything is for any thread unless it says otherwise. Two locks: one for the life of the worker (init,
// flush, shutdown, fork), one held while spans are taken out of the rings, so that rings have one consumer even while a
// worker that has been given up is still at it. The worker never waits for either longer than a moment.
#pragma once

#include <memory>
#include <vector>

#include "clew/exporter.h"
#include "clew/init.h"

CLEW_BEGIN
namespace detail {

// What init() makes of a Config's second half.
struct Destination {
  std::vector<std::unique_ptr<Processor>> processors;
  std::vector<std::unique_ptr<Exporter>> exporters;
  uint64_t schedule_delay_ns = 0;
  uint32_t batch_spans = 0;
  uint32_t exit_flush_ms = 0;
};

// Spans go there from now on. The one before is flushed and shut down first, within its exit_flush_ms.
void direct_spans_to(Destination destination) noexcept;

bool flush_spans(uint32_t timeout_ms) noexcept;
bool shut_down_spans(uint32_t timeout_ms) noexcept;

// Starts the background thread when there is a destination and no thread yet.
void ensure_worker() noexcept;
// A ring is more than half full, or nobody has looked after it yet.
void look_after_ring() noexcept;
// Wakes the background thread if it sleeps. No lock.
void nudge_worker() noexcept;

Stats spans_counted() noexcept;

// init()'s lock: held across a fork.
void lock_init() noexcept;
void unlock_init() noexcept;

// Fork, and the end of the process. Once.
void install_handlers() noexcept;

}  // namespace detail
CLEW_END
