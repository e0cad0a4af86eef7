// Accepts on one address and hands each socket to the next I/O thread. Where the system gives no socket (its limit of
// open files is reached, mostly) accepting pauses: those who come wait in the kernel's queue, and nothing spins.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "net/boost_asio.h"
#include "net/server_state.h"

namespace clew::net {

class IoThread;

class Listener : public std::enable_shared_from_this<Listener> {
 public:
  // Accepts on `home`; precondition: threads is not empty and outlives the Listener.
  Listener(IoThread& home, std::vector<IoThread*> threads, ListenerOptions options);

  // Before start(), from any thread; answers the port really bound.
  Result<uint16_t> bind();
  void start();
  // Any thread; `closed` is called on the home thread when nothing more is accepted.
  void close(std::function<void()> closed);

 private:
  void accept();
  void on_accepted(tcp::socket socket, IoThread& thread);
  void on_refused(const SystemError& error);

  IoThread& home_;
  std::vector<IoThread*> threads_;
  std::shared_ptr<ListenerState> state_;
  tcp::acceptor acceptor_;
  asio::steady_timer retry_timer_;
  size_t next_thread_ = 0;
  Clock::time_point quiet_until_;
};

}  // namespace clew::net
