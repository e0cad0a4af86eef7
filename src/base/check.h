// CHECK(condition): a programmer's mistake ends the process with file, line and text. Always on. Never reachable from
// outside data: bytes from the network or the disk are judged with Result.
#pragma once

namespace clew {
[[noreturn]] void check_failed(const char* file, int line, const char* what);
}

#define CHECK(condition)                                                                         \
  do {                                                                                           \
    if (__builtin_expect(!(condition), 0)) ::clew::check_failed(__FILE__, __LINE__, #condition); \
  } while (false)

// DCHECK: for per-row loops only, where a CHECK would be measured.
#ifdef NDEBUG
#define DCHECK(condition) \
  do {                    \
  } while (false && (condition))
#else
#define DCHECK(condition) CHECK(condition)
#endif
