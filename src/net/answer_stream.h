// The answer to one request on its way from any thread to its connection's.
//
//   Responder (any thread) -> Stream: pieces under a lock -> Transport's thread: on_answer() -> session takes them
//
// Invariants: while transport_ is set, the connection is alive (its session detaches every stream before it goes), so
// waking it needs no ownership. After detach() nothing reaches the connection any more.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/http.h"

namespace clew::net {

class Transport;

class Responder::Stream : public std::enable_shared_from_this<Responder::Stream> {
 public:
  // What was handed over since the last take().
  struct Handed {
    bool has_head = false;
    bool whole = false;  // the complete body came with the head: its length is known
    int status = 0;
    Headers headers;
    std::vector<std::string> pieces;
    bool ended = false;
    bool broken = false;  // the answer is incomplete and will stay so: reset, do not end
    Headers trailers;
  };

  // id: the session's own name of the request; grpc: an abandoned call is answered as gRPC expects it.
  Stream(Transport& transport, int32_t id, bool grpc) : id(id), grpc_(grpc), transport_(&transport) {}

  const int32_t id;

  // The Responder's side, any thread. A whole body is taken whatever its size.
  void add(const Headers& fields);
  void begin(int status, Headers headers, bool whole);
  bool write(std::string piece, bool whole);
  void end(Headers trailers);
  void abandon();
  bool gone() const { return gone_.load(std::memory_order_relaxed); }
  void on_gone(std::function<void()> callback);

  // The session's side, the connection's thread.
  Handed take();
  // The client went away, but what is still answered may be sent (it closed its sending side).
  void mark_gone();
  // No more: completed, or the client is gone. Answers the bytes that were handed over and never taken.
  size_t detach(bool completed);

 private:
  void wake();  // with mutex_ held

  const bool grpc_;
  std::atomic<bool> gone_{false};
  std::mutex mutex_;
  // All below guarded by mutex_.
  Transport* transport_;
  Headers added_;
  Handed handed_;
  size_t handed_bytes_ = 0;
  bool awake_ = false;
  bool begun_ = false;
  bool ended_ = false;
  bool over_limit_ = false;
  std::function<void()> gone_callback_;
};

}  // namespace clew::net
