// What one version of HTTP does with the bytes of a connection. A session belongs to its Transport, is called on the
// connection's thread only, and is never called after on_closed().
#pragma once

#include <memory>
#include <string>

#include "net/answer_stream.h"
#include "net/boost_asio.h"

namespace clew::net {

class Transport;

class Session {
 public:
  virtual ~Session() = default;

  // The bytes read before the version was known.
  virtual void on_first_bytes(std::string bytes) = 0;
  virtual bool wants_bytes() const = 0;
  // The socket has bytes, or its end: read with Transport::read_some until it would block, or for a fair share.
  virtual void on_readable() = 0;
  // Everything handed to Transport::write has been sent.
  virtual void on_written() = 0;
  virtual void on_answer(Responder::Stream& stream) = 0;
  // No new request from now on; Transport::finish() when the last one is answered.
  virtual void drain() = 0;
  // Regularly: enforce the time-outs.
  virtual void on_sweep(Clock::time_point now) = 0;
  // The connection is gone: detach all streams.
  virtual void on_closed() = 0;
};

std::unique_ptr<Session> make_http1_session(Transport& transport);
std::unique_ptr<Session> make_http2_session(Transport& transport);

}  // namespace clew::net
