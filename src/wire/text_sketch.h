// A cheap hash of a text, for caches that compare the whole afterwards: it looks at the length and both ends only.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/mix.h"

namespace clew::wire {

inline uint64_t sketch_of(std::string_view text) {
  uint64_t first = 0;
  uint64_t last = 0;
  if (text.size() >= 8) {
    std::memcpy(&first, text.data(), 8);
    std::memcpy(&last, text.data() + text.size() - 8, 8);
  } else if (!text.empty()) {
    std::memcpy(&first, text.data(), text.size());
  }
  return mix64(first + text.size() * 0x9e3779b97f4a7c15ULL + last * 0xd1342543de82ef95ULL);
}

}  // namespace clew::wire
