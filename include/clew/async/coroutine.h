// Context in C++20 coroutines, for whoever writes a promise type:
//
//   struct promise_type : clew::TracedPromise {
//     auto initial_suspend() noexcept { return begins(std::suspend_always{}); }
//     auto final_suspend() noexcept { return ends(ResumeWaiting{}); }
//     ...
//   };
//
// A coroutine begins with the context in which it was called. At each co_await what it has made current (spans,
// scopes) leaves the thread with it, and is current again when it goes on, in whatever thread that is. A promise with
// an await_transform of its own returns awaits(awaitable) from it. For boost::asio::awaitable see clew/async/asio.h.
#pragma once

#include <coroutine>
#include <type_traits>
#include <utility>

#include "clew/context_stack.h"

CLEW_BEGIN

namespace detail {

template <typename Awaitable>
decltype(auto) awaiter_of(Awaitable&& awaitable) {
  if constexpr (requires { std::forward<Awaitable>(awaitable).operator co_await(); }) {
    return std::forward<Awaitable>(awaitable).operator co_await();
  } else if constexpr (requires { operator co_await(std::forward<Awaitable>(awaitable)); }) {
    return operator co_await(std::forward<Awaitable>(awaitable));
  } else {
    return std::forward<Awaitable>(awaitable);
  }
}

// Suspends as `Awaiter` does. `Awaiter` may be a reference: to the operand of the co_await, which lives as long.
template <typename Awaiter>
class TracedAwaiter {
 public:
  TracedAwaiter(ContextStack& stack, Awaiter&& awaiter) : stack_(stack), awaiter_(std::forward<Awaiter>(awaiter)) {}

  bool await_ready() { return awaiter_.await_ready(); }
  template <typename Promise>
  auto await_suspend(std::coroutine_handle<Promise> coroutine) {
    // Once the awaiter knows the coroutine, another thread may resume and destroy it, and this object with it.
    stack_.leave();
    Resumed resumed{&stack_};
    if constexpr (std::is_void_v<decltype(awaiter_.await_suspend(coroutine))>) {
      awaiter_.await_suspend(coroutine);
      resumed.stack = nullptr;
    } else {
      auto next = awaiter_.await_suspend(coroutine);
      resumed.stack = nullptr;
      return next;
    }
  }
  decltype(auto) await_resume() {
    stack_.enter();
    return awaiter_.await_resume();
  }

 private:
  // An await_suspend that throws resumes the coroutine without asking await_resume.
  struct Resumed {
    ContextStack* stack;
    ~Resumed() {
      if (stack != nullptr) stack->enter();
    }
  };

  ContextStack& stack_;
  Awaiter awaiter_;
};

template <typename Awaiter>
struct LastAwaiter {
  ContextStack& stack;
  Awaiter awaiter;

  bool await_ready() noexcept {
    stack.finish();
    return awaiter.await_ready();
  }
  template <typename Promise>
  auto await_suspend(std::coroutine_handle<Promise> coroutine) noexcept {
    return awaiter.await_suspend(coroutine);
  }
  void await_resume() noexcept { awaiter.await_resume(); }
};

}  // namespace detail

class TracedPromise {
 public:
  template <typename Awaitable>
  auto await_transform(Awaitable&& awaitable) {
    return awaits(std::forward<Awaitable>(awaitable));
  }

 protected:
  TracedPromise() noexcept = default;

  template <typename Awaitable>
  auto awaits(Awaitable&& awaitable) {
    using Awaiter = decltype(detail::awaiter_of(std::forward<Awaitable>(awaitable)));
    return detail::TracedAwaiter<Awaiter>(stack_, detail::awaiter_of(std::forward<Awaitable>(awaitable)));
  }
  // Around what initial_suspend and final_suspend return.
  template <typename Awaiter>
  auto begins(Awaiter awaiter) {
    return detail::TracedAwaiter<Awaiter>(stack_, std::move(awaiter));
  }
  template <typename Awaiter>
  auto ends(Awaiter awaiter) noexcept {
    return detail::LastAwaiter<Awaiter>{stack_, std::move(awaiter)};
  }

 private:
  ContextStack stack_;
};

CLEW_END
