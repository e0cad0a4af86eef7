// What cannot be read at a start is taken for damaged until the next one, so a read that failed is tried again before:
// the error may have been of a moment.
#pragma once

#include "base/result.h"

namespace clew::store {

inline constexpr int kReadTries = 3;

// `read` answers a Result or Status, and may be called again after an error; corruption is not asked for twice.
template <typename Read>
auto read_again(const Read& read) {
  auto result = read();
  for (int tries = 1; !result && result.error().code == ErrorCode::unavailable && tries < kReadTries; ++tries) {
    result = read();
  }
  return result;
}

}  // namespace clew::store
