// What the library's symbols need: visibility, and the namespace of this layout.
#pragma once

#define CLEW_API __attribute__((visibility("default")))
#define CLEW_COLD __attribute__((cold, noinline))
#define CLEW_LIKELY(x) __builtin_expect(!!(x), 1)
#define CLEW_UNLIKELY(x) __builtin_expect(!!(x), 0)

// Inline code of these headers knows the layout of a node (detail/node.h): another layout is another inline namespace
// and another SONAME. It also keeps the client's symbols apart from those of the server, which uses the namespace clew
// too.
#define CLEW_BEGIN \
  namespace clew { \
  inline namespace v1 {
#define CLEW_END \
  }              \
  }
