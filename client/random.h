// The random numbers of ids: xoshiro256++, one state per thread. Ids must not collide over all processes of a system,
// so the state has 256 bits from the kernel.
#pragma once

#include <cstdint>

#include "clew/detail/export.h"

CLEW_BEGIN
namespace detail {

class Random {
 public:
  void seed() noexcept;  // from getrandom, or from clock, process and address where there is none

  uint64_t next() noexcept {
    const uint64_t result = rotate(state_[0] + state_[3], 23) + state_[0];
    const uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
  }
  // An id's word: never 0.
  uint64_t next_id() noexcept {
    const uint64_t id = next();
    return CLEW_LIKELY(id != 0) ? id : 1;
  }

 private:
  static uint64_t rotate(uint64_t x, int by) noexcept { return x << by | x >> (64 - by); }

  uint64_t state_[4];
};

// Ids of spans that nobody records: they only have to differ from each other. A step that is odd comes back to where it
// began after all of 2^64.
class QuietIds {
 public:
  void seed(uint64_t first) noexcept { last_ = first; }
  uint64_t next() noexcept {
    last_ += 0x9e3779b97f4a7c15;
    return CLEW_LIKELY(last_ != 0) ? last_ : (last_ += 0x9e3779b97f4a7c15);
  }

 private:
  uint64_t last_ = 0;
};

}  // namespace detail
CLEW_END
