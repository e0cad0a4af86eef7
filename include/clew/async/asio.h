// Context through Boost.Asio. A handler that takes its context along, wherever it is run:
//
//   socket.async_read_some(buffer, clew::bind_handler([](error_code, size_t) { ... }));
//
// and an executor whose work is one sequence of handlers with a context of its own, made for coroutines:
//
//   boost::asio::co_spawn(clew::context_executor(io.get_executor()), serve(std::move(socket)), boost::asio::detached);
//
// Spans of such a coroutine are current while it runs and come back with it after each co_await, in whatever thread;
// what the thread does in between does not see them.
#pragma once

#include <boost/asio/associator.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>
#include <boost/asio/strand.hpp>
#include <memory>
#include <utility>

#include "clew/context_stack.h"

CLEW_BEGIN

// Runs the handler with a context. Its executor, allocator and cancellation slot are the handler's.
template <typename Handler>
class BoundHandler {
 public:
  BoundHandler(Context context, Handler handler) : context_(std::move(context)), handler_(std::move(handler)) {}

  template <typename... Arguments>
  decltype(auto) operator()(Arguments&&... arguments) {
    Scope scope(context_);
    return handler_(std::forward<Arguments>(arguments)...);
  }

  const Handler& get() const noexcept { return handler_; }

 private:
  Context context_;
  Handler handler_;
};

// For a handler, not for a completion token such as use_awaitable.
template <typename Handler>
BoundHandler<std::decay_t<Handler>> bind_handler(Context context, Handler&& handler) {
  return {std::move(context), std::forward<Handler>(handler)};
}
template <typename Handler>
BoundHandler<std::decay_t<Handler>> bind_handler(Handler&& handler) {
  return {Context::current(), std::forward<Handler>(handler)};
}

namespace detail {
// A ContextStack for functions that run one after the other, or within one another, as asio::dispatch does it.
class SharedStack {
 public:
  explicit SharedStack(Context context) noexcept : stack_(std::move(context)) {}

  template <typename Function>
  void run(Function& function) {
    if (running_) {
      function();
      return;
    }
    struct Left {
      SharedStack& shared;
      ~Left() {
        shared.stack_.leave();
        shared.running_ = false;
      }
    };
    Left left{*this};
    running_ = true;
    stack_.enter();
    function();
  }

 private:
  ContextStack stack_;
  bool running_ = false;
};
}  // namespace detail

// An executor around another, which runs one function at a time: a strand. All copies of one are one sequence of work.
template <typename Inner>
class ContextExecutor {
 public:
  using inner_executor_type = Inner;

  ContextExecutor(Inner inner, std::shared_ptr<detail::SharedStack> stack) noexcept
      : inner_(std::move(inner)), stack_(std::move(stack)) {}

  template <typename Function>
  void execute(Function&& function) const {
    inner_.execute([stack = stack_, run = std::decay_t<Function>(std::forward<Function>(function))]() mutable {
      stack->run(run);
    });
  }

  template <typename Property>
  auto query(const Property& property) const
      -> std::enable_if_t<boost::asio::can_query<const Inner&, Property>::value,
                          decltype(boost::asio::query(std::declval<const Inner&>(), property))> {
    return boost::asio::query(inner_, property);
  }
  template <typename Property>
  auto require(const Property& property) const
      -> ContextExecutor<std::decay_t<decltype(boost::asio::require(std::declval<const Inner&>(), property))>> {
    return {boost::asio::require(inner_, property), stack_};
  }
  template <typename Property>
  auto prefer(const Property& property) const
      -> ContextExecutor<std::decay_t<decltype(boost::asio::prefer(std::declval<const Inner&>(), property))>> {
    return {boost::asio::prefer(inner_, property), stack_};
  }

  friend bool operator==(const ContextExecutor& a, const ContextExecutor& b) noexcept {
    return a.stack_ == b.stack_ && a.inner_ == b.inner_;
  }
  friend bool operator!=(const ContextExecutor& a, const ContextExecutor& b) noexcept { return !(a == b); }

 private:
  Inner inner_;
  std::shared_ptr<detail::SharedStack> stack_;
};

// For one coroutine, or one chain of handlers; the work begins with that context. It has a strand of its own: where a
// coroutine is resumed while the thread that has suspended it still returns, it waits for that, without a thread.
template <typename Inner>
ContextExecutor<boost::asio::strand<Inner>> context_executor(Inner inner, Context context = Context::current()) {
  return {boost::asio::strand<Inner>(std::move(inner)), std::make_shared<detail::SharedStack>(std::move(context))};
}

CLEW_END

template <template <typename, typename> class Associator, typename Handler, typename Default>
struct boost::asio::associator<Associator, clew::BoundHandler<Handler>, Default> : Associator<Handler, Default> {
  static typename Associator<Handler, Default>::type get(const clew::BoundHandler<Handler>& bound) noexcept {
    return Associator<Handler, Default>::get(bound.get());
  }
  static typename Associator<Handler, Default>::type get(const clew::BoundHandler<Handler>& bound,
                                                         const Default& otherwise) noexcept {
    return Associator<Handler, Default>::get(bound.get(), otherwise);
  }
};
