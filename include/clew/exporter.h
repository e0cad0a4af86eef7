// Where finished spans go. Everything here is called by one thread of the library's own, never by the traced program's.
#pragma once

#include <cstdint>

#include "clew/span_data.h"

CLEW_BEGIN

// Why a span did not reach its destination. Counted in Stats.
enum class Drop : uint8_t {
  kRingFull,      // more spans than the background thread took out of the thread's ring
  kNoRing,        // Config::ring_bytes_total was reached: the thread has no ring
  kTooLarge,      // does not fit into the ring at all
  kTooManyLive,   // Config::live_bytes_total was reached by spans not yet ended
  kQueueFull,     // the exporter's queue: the collector is slower than the program, or away; or no memory
  kExportFailed,  // refused for good, or not taken before retrying was given up
  kRejected,      // refused one by one in a partial success
  kForked,        // was open when the process forked: the parent process sends it
  kShutdown,      // ended after shutdown, or its deadline passed
  kProcessor,     // a processor said so
};
constexpr unsigned kDropReasons = 10;

// How an exporter waits. While it does so spans are taken out of the rings, so consume() is called in between.
class Waiter {
 public:
  virtual ~Waiter() = default;
  // Until `fd` is ready for poll's `events`, and then true. False when the time (CLOCK_MONOTONIC) has come, or when
  // there is a shutdown that can wait no longer. fd -1: until the time has come.
  virtual bool wait(int fd, short events, uint64_t deadline_ns) noexcept = 0;
  // False when everything should be given up.
  virtual bool may_go_on() const noexcept = 0;
  virtual uint64_t now_ns() const noexcept = 0;  // CLOCK_MONOTONIC
};

class Exporter {
 public:
  virtual ~Exporter() = default;
  // Takes a copy of what it needs. False: there is no room, the span is dropped (kQueueFull).
  virtual bool consume(const SpanData& span) noexcept = 0;
  // Spans consumed that send() has not begun with.
  virtual unsigned pending() const noexcept = 0;
  // Sends what is pending, and perhaps what was consumed meanwhile; says what became of each span.
  struct Sent {
    uint64_t sent = 0;
    uint64_t failed = 0;    // kExportFailed
    uint64_t rejected = 0;  // kRejected
  };
  virtual Sent send(Waiter& waiter) noexcept = 0;
  // In the child of a fork: forgets what is pending, for the parent will send it, and closes what is shared with it.
  virtual void forked() noexcept {}
};

// Memory for what processors write: lasts until the span has been exported.
class TextStore {
 public:
  virtual ~TextStore() = default;
  // A copy; empty when there is no memory.
  virtual std::string_view keep(std::string_view text) noexcept = 0;
};

// Sees, changes or drops finished spans before they are exported, e.g. redacts. `span` may be changed in place; arrays
// may become shorter; texts may be replaced by others that live long enough (`texts`). Called in the order of
// Config::processors.
class Processor {
 public:
  virtual ~Processor() = default;
  // False: the span is dropped.
  virtual bool on_end(SpanData& span, TextStore& texts) noexcept = 0;
};

CLEW_END
