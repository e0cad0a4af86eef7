// One accepted connection: its socket, its queue of bytes to send, and the session that speaks its version of HTTP.
//
//   accept -> first bytes decide: HTTP/2's preface or not -> session reads and writes -> finish() or close()
//
// Thread rule: everything on the io thread, except what is marked. A Transport is kept alive by its IoThread's list and
// by operations under way; close() takes it out of the list.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>

#include "net/boost_asio.h"
#include "net/server_state.h"
#include "net/session.h"

namespace clew::net {

class IoThread;

class Transport : public std::enable_shared_from_this<Transport> {
 public:
  // The connection has been admitted (ServerState::admit_connection); close() releases it.
  Transport(IoThread& thread, tcp::socket socket, std::shared_ptr<ListenerState> listener);

  void start();
  void drain();
  void on_sweep(Clock::time_point now);
  // At once and for good; harmless when repeated.
  void close();

  // For the session.
  struct ReadOutcome {
    size_t bytes = 0;    // 0 and not ended: nothing there now
    bool ended = false;  // the peer sends no more, or the connection is broken
  };
  ReadOutcome read_some(char* to, size_t size);
  // The io thread's read buffer, for bytes that are consumed before the call returns.
  std::string& scratch();
  // answer_bytes: how much of it counts in unsent_bytes, to be taken off when sent.
  void write(std::string bytes, size_t answer_bytes = 0);
  size_t queued_bytes() const { return queued_bytes_; }
  // Sends what is queued, closes the sending side, discards up to discard_bytes of what still comes until the client
  // ends or pauses, closes. A reset that overtakes the answer would destroy it, and some clients read only when they
  // have sent everything.
  static constexpr size_t kDiscardBytes = size_t{8} << 20;
  void finish(size_t discard_bytes = kDiscardBytes);
  bool finishing() const { return finishing_; }
  void dispatch(Request request, std::shared_ptr<Responder::Stream> stream);
  Response answer_of(const Request& head, const Refusal& refusal) const;
  Clock::time_point opened_at() const { return opened_at_; }

  // Any thread.
  ServerState& state() const { return state_; }
  const ServerLimits& limits() const { return state_.limits; }
  // Precondition: the stream is attached (its lock is held), so that the Transport is alive.
  void post_answer(std::shared_ptr<Responder::Stream> stream);
  std::atomic<size_t> unsent_bytes{0};  // of answers: handed over by any thread and not yet sent

 private:
  struct Piece {
    std::string bytes;
    size_t answer_bytes;
  };

  bool wants_bytes() const;
  void settle();  // ends every entry from outside: the next wait and the next write
  void wait_for_bytes();
  void on_readable();
  void read_first_bytes();
  void discard();
  void send_queued();
  void on_sent(size_t bytes);
  void on_queue_sent();

  IoThread& thread_;
  ServerState& state_;
  std::shared_ptr<ListenerState> listener_;
  std::shared_ptr<Connection> connection_;
  tcp::socket socket_;
  std::unique_ptr<Session> session_;
  std::string first_bytes_;
  const Clock::time_point opened_at_ = Clock::now();

  std::deque<Piece> queue_;
  size_t queued_bytes_ = 0;
  size_t front_sent_ = 0;
  Clock::time_point write_progress_at_;
  Clock::time_point shut_down_at_;
  Clock::time_point discarded_at_;
  size_t left_to_discard_bytes_ = 0;
  bool waiting_ = false;
  bool writing_ = false;
  bool finishing_ = false;
  bool shut_down_ = false;
  bool closed_ = false;
};

}  // namespace clew::net
