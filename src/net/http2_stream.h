// One request and its answer on an HTTP/2 connection, as Http2Session keeps it.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "net/answer_stream.h"
#include "net/boost_asio.h"
#include "net/http.h"
#include "net/server_state.h"

namespace clew::net {

struct Http2Stream {
  Http2Stream(int32_t i, ServerState& state) : id(i), charge(state) {}

  const int32_t id;

  // Being received.
  Request request;
  std::string target;
  std::string authority;
  size_t header_bytes = 0;
  BodyCharge charge;
  bool has_header = false;  // the complete header has come
  bool receiving = true;    // no END_STREAM yet
  bool refused = false;     // answered early: what still comes is discarded
  bool is_head_request = false;
  bool grpc = false;

  // Being answered. The outbox holds what was handed over and not yet framed.
  std::shared_ptr<Responder::Stream> answer;
  std::deque<std::string> outbox;
  size_t front_sent = 0;
  size_t outbox_bytes = 0;
  Headers trailers;
  bool begun = false;
  bool ended = false;      // nothing will be added to the outbox
  bool completed = false;  // END_STREAM is sent
  size_t discarded_bytes = 0;
  bool reset = false;     // RST_STREAM is on its way
  bool deferred = false;  // nghttp2 waits for nghttp2_session_resume_data

  const Clock::time_point began_at = Clock::now();
  Clock::time_point progress_at = Clock::now();  // last piece received, or sent
};

}  // namespace clew::net
