// HTTP/2 (RFC 9113) on one connection, framed by libnghttp2: h2c with prior knowledge, which is what gRPC speaks.
// nghttp2 calls back while it eats bytes (nghttp2_session_mem_recv) and while it makes them (nghttp2_session_mem_send,
// only in fill()); the callbacks never call either.
#pragma once

#include <nghttp2/nghttp2.h>

#include <memory>
#include <string>
#include <unordered_map>

#include "net/boost_asio.h"
#include "net/http2_stream.h"
#include "net/session.h"
#include "net/transport.h"

namespace clew::net {

class Http2Session : public Session {
 public:
  explicit Http2Session(Transport& transport);
  ~Http2Session() override;

  void on_first_bytes(std::string bytes) override;
  bool wants_bytes() const override { return !over_; }
  void on_readable() override;
  void on_written() override;
  void on_answer(Responder::Stream& stream) override;
  void drain() override;
  void on_sweep(Clock::time_point now) override;
  void on_closed() override;

 private:
  struct Callbacks;  // nghttp2's C callbacks, each one call into the members below

  void submit_settings();
  bool eat(std::string_view bytes);
  void fill();
  void end_connection(uint32_t error_code);

  int on_begin_headers(int32_t id);
  void on_header(Http2Stream& stream, std::string_view name, std::string_view value);
  void on_header_complete(Http2Stream& stream);
  void on_data(Http2Stream& stream, std::string_view bytes);
  void on_control_frame();
  void on_request_complete(Http2Stream& stream);
  void on_stream_closed(Http2Stream& stream);
  void on_frame_sent(const nghttp2_frame& frame);
  void on_invalid_frame(const nghttp2_frame& frame, int error);

  void refuse(Http2Stream& stream, const Refusal& refusal);
  void accept_answer(Http2Stream& stream, Responder::Stream::Handed handed);
  void submit_head(Http2Stream& stream, const Responder::Stream::Handed& handed);
  ssize_t take_outbox(Http2Stream& stream, uint8_t* to, size_t size, uint32_t* flags);
  void reset(Http2Stream& stream, uint32_t error_code);
  void sweep_stream(Http2Stream& stream, Clock::time_point now);

  Transport& transport_;
  nghttp2_session* session_ = nullptr;
  std::unordered_map<int32_t, std::unique_ptr<Http2Stream>> streams_;
  Clock::time_point idle_since_;
  size_t control_frames_ = 0;  // since control_since_, the last request or the last piece of an answer
  Clock::time_point control_since_;
  bool draining_ = false;
  bool over_ = false;
};

}  // namespace clew::net
