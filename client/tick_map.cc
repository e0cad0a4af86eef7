#include "tick_map.h"

#include <cmath>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "ticks.h"

CLEW_BEGIN
namespace detail {

std::atomic<bool> ticks_are_tsc{false};

bool tsc_is_invariant() noexcept {
#if defined(__x86_64__)
  unsigned a, b, c, d;
  return __get_cpuid(0x80000007, &a, &b, &c, &d) != 0 && (d & 1u << 8) != 0;
#else
  return false;
#endif
}

TickMap::Reading TickMap::read() noexcept {
  // The best of a few: an interrupt between two clocks would be an error for a second.
  Reading best{};
  uint64_t best_gap = UINT64_MAX;
  for (int i = 0; i < 8; ++i) {
    const uint64_t before = ticks(true);
    const uint64_t unix_ns = clock_ns(CLOCK_REALTIME);
    const uint64_t monotonic_ns = clock_ns(CLOCK_MONOTONIC);
    const uint64_t gap = ticks(true) - before;
    if (gap < best_gap) {
      best_gap = gap;
      best = {before + gap / 2, unix_ns, monotonic_ns};
    }
  }
  return best;
}

void TickMap::begin(const Reading& first) noexcept {
  first_ = last_ = first;
  ns_per_tick_ = 0;
  count_ = 0;
  pieces_[count_++] = {first.ticks, first.unix_ns, 1, true};
}

bool TickMap::due(uint64_t monotonic_ns) const noexcept {
  if (ns_per_tick_ == 0) return true;
  const uint64_t known = last_.monotonic_ns - first_.monotonic_ns;
  const uint64_t step = known < 1'000'000'000 ? known : 1'000'000'000;
  return monotonic_ns - last_.monotonic_ns >= step;
}

bool TickMap::observe(const Reading& now) noexcept {
  const uint64_t elapsed_ns = now.monotonic_ns - last_.monotonic_ns;
  if (now.ticks <= last_.ticks || elapsed_ns == 0) return now.ticks > last_.ticks || elapsed_ns == 0;
  const double rate = double(now.monotonic_ns - first_.monotonic_ns) / double(now.ticks - first_.ticks);
  if (ns_per_tick_ == 0) {
    ns_per_tick_ = rate;
    pieces_[0].ns_per_tick = rate;
  } else if (elapsed_ns >= 100'000'000) {
    const double lately = double(elapsed_ns) / double(now.ticks - last_.ticks);
    if (std::fabs(lately / ns_per_tick_ - 1) > 0.01) return false;
  }
  ns_per_tick_ = rate;
  last_ = now;
  const uint64_t said = unix_ns(now.ticks);
  const int64_t behind = int64_t(now.unix_ns - said);
  Piece& next = pieces_[count_ % kPieces];
  if (behind > kStepNs || behind < -kStepNs) {
    next = {now.ticks, now.unix_ns, rate, true};
  } else {
    const uint64_t known = now.monotonic_ns - first_.monotonic_ns;
    const double period_ns = double(known < 1'000'000'000 ? known : 1'000'000'000);
    double correction = double(behind) / period_ns;
    correction = correction > 0.1 ? 0.1 : correction < -0.1 ? -0.1 : correction;
    next = {now.ticks, said, rate * (1 + correction), false};
  }
  ++count_;
  return true;
}

unsigned TickMap::piece_of(uint64_t ticks) const noexcept {
  unsigned number = count_ - 1;
  while (number > oldest() && int64_t(ticks - piece(number).ticks) < 0) --number;
  return number;
}

uint64_t TickMap::unix_ns(uint64_t ticks) const noexcept {
  const Piece& p = piece(piece_of(ticks));
  return p.unix_ns + uint64_t(int64_t(double(int64_t(ticks - p.ticks)) * p.ns_per_tick));
}

uint64_t TickMap::end_unix_ns(uint64_t start, uint64_t end) const noexcept {
  const uint64_t start_ns = unix_ns(start);
  if (int64_t(end - start) <= 0) return start_ns;
  for (unsigned number = piece_of(start) + 1; number < count_ && int64_t(end - piece(number).ticks) >= 0; ++number) {
    if (piece(number).jump) return start_ns + uint64_t(double(end - start) * ns_per_tick_);
  }
  const uint64_t end_ns = unix_ns(end);
  return end_ns > start_ns ? end_ns : start_ns;
}

}  // namespace detail
CLEW_END
