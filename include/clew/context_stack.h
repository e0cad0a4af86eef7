// The spans and contexts of a piece of work that stops in the middle and goes on later, perhaps in another thread: a
// coroutine, a fibre, a state machine. What it has made current is taken off the thread with it, so that the thread's
// other work is not its child, and comes back with it.
//
// Thread rules: one thread at a time; whatever hands the work from thread to thread orders their accesses. Spans in it
// may be ended by any thread at any time.
#pragma once

#include "clew/context.h"

CLEW_BEGIN

namespace detail {
// Takes what is above `floor`, and it, off this thread's stack; null when it is not there.
CLEW_API Node* park(Node* floor) noexcept;
CLEW_API void unpark(Node* parked) noexcept;
CLEW_API void drop_parked(Node* parked, Node* floor) noexcept;
}  // namespace detail

class ContextStack {
 public:
  // The work begins with that context.
  explicit ContextStack(Context base = Context::current()) noexcept : base_(std::move(base)) {}
  ContextStack(const ContextStack&) = delete;
  ContextStack& operator=(const ContextStack&) = delete;
  ~ContextStack() { finish(); }

  // The work begins or goes on, in this thread. Does nothing when it runs already.
  void enter() noexcept {
    if (running_) return;
    running_ = true;
    if (parked_ != nullptr) {
      detail::unpark(std::exchange(parked_, nullptr));
    } else if (floor_ == nullptr) {
      floor_ = Scope::attach(base_);
    }
  }
  // The work stops; in the thread that entered. Does nothing when it does not run.
  void leave() noexcept {
    if (!running_) return;
    running_ = false;
    if (floor_ != nullptr) parked_ = detail::park(floor_);
  }
  // The work is over: what it has left behind is no longer current. Spans that are still open stay so.
  void finish() noexcept {
    leave();
    if (floor_ == nullptr) return;
    if (parked_ != nullptr) {
      detail::drop_parked(std::exchange(parked_, nullptr), floor_);
    } else {
      Scope::detach(floor_);
    }
    floor_ = nullptr;
  }

 private:
  Context base_;
  detail::Node* floor_ = nullptr;   // an attached context, beneath all else
  detail::Node* parked_ = nullptr;  // the top, while the work does not run
  bool running_ = false;
};

CLEW_END
