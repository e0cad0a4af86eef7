// Ticks to Unix time, by pieces:
//
//   unix ns                      .  a piece per second: it starts where the last one ended and is as steep as it takes
//   to
//      |              ..../         meet the wall clock after another second; a step of the wall clock makes a jump
//      |      ..../'''
//      +-----|-------|------ ticks
//
// Invariants: within a piece and over all pieces without a jump the map never falls, and what it said for a tick it
// says again, as long as it remembers the piece (about a minute; older ticks are taken to the oldest one).
//
// One thread.
#pragma once

#include <cstdint>

#include "clew/detail/export.h"

CLEW_BEGIN
namespace detail {

class TickMap {
 public:
  struct Reading {
    uint64_t ticks, unix_ns, monotonic_ns;  // at the same moment
  };
  static Reading read() noexcept;

  static constexpr int64_t kStepNs = 10'000'000;  // of the wall clock: more than this is not worked off but followed

  void begin(const Reading& first) noexcept;
  // True when a reading is due: each second, more often in the first.
  bool due(uint64_t monotonic_ns) const noexcept;
  // False when the rate of the ticks is not what it was, by more than 1 %: they are not to be trusted.
  bool observe(const Reading& now) noexcept;

  uint64_t unix_ns(uint64_t ticks) const noexcept;
  // The end of what began at `start`: the wall clock's, or by the ticks' rate when there was a jump between.
  uint64_t end_unix_ns(uint64_t start, uint64_t end) const noexcept;

 private:
  struct Piece {
    uint64_t ticks, unix_ns;
    double ns_per_tick;
    bool jump;  // this piece does not continue the one before
  };
  static constexpr unsigned kPieces = 64;

  unsigned piece_of(uint64_t ticks) const noexcept;  // number, counted from the first
  const Piece& piece(unsigned number) const noexcept { return pieces_[number % kPieces]; }
  uint64_t oldest() const noexcept { return count_ > kPieces ? count_ - kPieces : 0; }

  Reading first_{}, last_{};
  double ns_per_tick_ = 0;  // since the first reading; 0 before the second
  Piece pieces_[kPieces]{};
  unsigned count_ = 0;
};

}  // namespace detail
CLEW_END
