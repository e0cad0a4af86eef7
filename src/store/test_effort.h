// How much of the room's long tests runs. The optimised build takes everything; under a sanitizer, which makes each
// round some ten times as dear, a test program still has to end within a minute.
#pragma once

#include <cstdint>

namespace clew::store {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kIsSanitized = true;
#else
inline constexpr bool kIsSanitized = false;
#endif

// Tests that break every operation in turn take every so-manieth. Prime to the 2 and 3 by which they choose what
// breaks.
inline constexpr uint64_t kFaultStride = kIsSanitized ? 7 : 1;

// Of so many seeds.
constexpr uint64_t seeds_to_run(uint64_t all) {
  constexpr uint64_t kShare = 3;
  return kIsSanitized ? (all + kShare - 1) / kShare : all;
}

}  // namespace clew::store
