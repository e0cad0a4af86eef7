// One I/O thread: its event loop, the connections that live on it, and the sweep that enforces their time-outs (one
// timer a thread instead of one a connection: a time-out is noticed late by at most a quarter of the shortest limit).
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <unordered_map>

#include "net/boost_asio.h"
#include "net/server_state.h"

namespace clew::net {

class Transport;

class IoThread {
 public:
  explicit IoThread(ServerState& state);
  ~IoThread();

  // Any thread.
  asio::io_context& context() { return context_; }
  ServerState& state() { return state_; }
  void drain();
  // Closes what is left and ends the thread when its queue is empty. Precondition: all listeners are closed.
  void stop();

  // On the thread.
  void add(std::shared_ptr<Transport> transport);
  void remove(const std::shared_ptr<Transport>& transport);
  std::string& scratch() { return scratch_; }

 private:
  void schedule_sweep();
  std::vector<std::shared_ptr<Transport>> transports() const;

  ServerState& state_;
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer sweep_timer_;
  const std::chrono::milliseconds sweep_interval_;
  bool stopping_ = false;
  std::unordered_map<Transport*, std::shared_ptr<Transport>> transports_;
  std::string scratch_;
  std::thread thread_;
};

}  // namespace clew::net
