// HTTP/1.1 (RFC 9112) on one connection: requests one after the other, pipelined ones wait in input_. Beast parses the
// head of a request; a body of known length is read from the socket straight into its string.
//
//   head -> sized_body | chunked_body -> answering -> head … -> (an early answer or Connection: close) -> last
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/boost_asio.h"
#include "net/chunked.h"
#include "net/http.h"
#include "net/session.h"
#include "net/transport.h"

namespace clew::net {

class Http1Session : public Session {
 public:
  explicit Http1Session(Transport& transport);
  ~Http1Session() override;

  void on_first_bytes(std::string bytes) override;
  bool wants_bytes() const override;
  void on_readable() override;
  void on_written() override;
  void on_answer(Responder::Stream& stream) override;
  void drain() override;
  void on_sweep(Clock::time_point now) override;
  void on_closed() override;

 private:
  enum class Phase { head, sized_body, chunked_body, answering, last };
  struct HeadParser;

  void take_bytes(std::string_view bytes);
  size_t advance(std::string_view bytes);
  size_t take_head(std::string_view bytes);
  size_t take_sized_body(std::string_view bytes);
  size_t take_chunked_body(std::string_view bytes);
  void read_body_directly();
  void on_peer_end();

  void begin_request();
  Status judge_head();
  void begin_body();
  void continue_if_expected();
  bool charge_body(size_t bytes);
  void dispatch();
  void write_head(Responder::Stream::Handed& handed);
  void end_answer();
  void refuse(const Refusal& refusal);
  void refuse_malformed(std::string message);

  Transport& transport_;
  Phase phase_ = Phase::head;
  std::string input_;  // bytes received and not yet consumed

  // The request being received.
  std::unique_ptr<HeadParser> parser_;
  size_t head_bytes_ = 0;
  Request request_;
  size_t content_length_ = 0;
  std::optional<ChunkedDecoder> chunked_;
  BodyCharge charge_;
  Clock::time_point request_began_at_;
  Clock::time_point body_began_at_;
  Clock::time_point piece_at_;
  Clock::time_point idle_since_;
  bool any_request_ = false;

  // The request being answered.
  std::shared_ptr<Responder::Stream> stream_;
  bool keep_alive_ = true;
  bool is_http10_ = false;
  bool is_head_request_ = false;
  bool write_body_ = false;
  bool write_chunks_ = false;
  bool peer_ended_ = false;
};

}  // namespace clew::net
