#include "net/http2_session.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "base/check.h"
#include "net/fields.h"
#include "net/grpc.h"
#include "net/http2_fields.h"
#include "net/url_text.h"

namespace clew::net {
namespace {

// Large windows, because senders push bodies of megabytes and a window that is too small costs a round trip each time.
// What is received is bounded by body_bytes and buffered_bytes, not by the windows.
constexpr int32_t kStreamWindowBytes = 4 << 20;
constexpr int32_t kConnectionWindowBytes = 16 << 20;
// Frames are eaten as they come, whatever their size: a larger one costs no memory, and saves its sender cuts.
constexpr uint32_t kFrameBytes = 1 << 20;
constexpr size_t kOutputBytes = 256 << 10;
// Bodies are copied once more out of what was read: small enough that it is still in the first cache.
constexpr size_t kReadBytes = 32 << 10;
constexpr int kReadsPerTurn = 32;
// After a complete early answer the client is asked to stop (RFC 9113 section 8.1), but not before it had time to read
// the answer: some (curl 7.88) take the reset for a failure and drop what they have not read yet.
constexpr size_t kDiscardBytes = size_t{8} << 20;
constexpr std::chrono::milliseconds kDiscardTime{1000};
constexpr size_t kFirstReserveBytes = 1 << 20;
constexpr std::chrono::seconds kControlPeriod{1};
// RFC 9113 section 6.5.2: what a field counts in the header list beyond its text.
constexpr size_t kFieldOverheadBytes = 32;

}  // namespace

struct Http2Session::Callbacks {
  static Http2Session& session(void* user) { return *static_cast<Http2Session*>(user); }
  static Http2Stream* find(void* user, int32_t id) {
    auto found = session(user).streams_.find(id);
    return found == session(user).streams_.end() ? nullptr : found->second.get();
  }

  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    return session(user).on_begin_headers(frame->hd.stream_id);
  }
  static int header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                    const uint8_t* value, size_t value_size, uint8_t, void* user) {
    Http2Stream* stream = find(user, frame->hd.stream_id);
    if (stream && !stream->has_header) {
      session(user).on_header(*stream, text_of(name, name_size), text_of(value, value_size));
    }
    return 0;
  }
  static int frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Http2Session& self = session(user);
    bool is_empty_data = frame->hd.type == NGHTTP2_DATA && frame->hd.length == 0 && frame->hd.flags == 0;
    bool is_of_request = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    // A reader of a large answer may say with every piece that it has read it.
    bool is_of_answer = frame->hd.type == NGHTTP2_WINDOW_UPDATE;
    if (is_empty_data || !(is_of_request || is_of_answer)) self.on_control_frame();
    if (!is_of_request) return 0;
    Http2Stream* stream = find(user, frame->hd.stream_id);
    if (!stream) return 0;
    if (!stream->has_header) self.on_header_complete(*stream);
    if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) self.on_request_complete(*stream);
    return 0;
  }
  static int data(nghttp2_session*, uint8_t, int32_t id, const uint8_t* bytes, size_t size, void* user) {
    if (Http2Stream* stream = find(user, id)) session(user).on_data(*stream, text_of(bytes, size));
    return 0;
  }
  static int stream_closed(nghttp2_session*, int32_t id, uint32_t, void* user) {
    if (Http2Stream* stream = find(user, id)) session(user).on_stream_closed(*stream);
    return 0;
  }
  static int frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    session(user).on_frame_sent(*frame);
    return 0;
  }
  static int frame_not_sent(nghttp2_session*, const nghttp2_frame* frame, int, void* user) {
    Http2Stream* stream = frame->hd.type == NGHTTP2_HEADERS ? find(user, frame->hd.stream_id) : nullptr;
    if (stream) session(user).reset(*stream, NGHTTP2_INTERNAL_ERROR);
    return 0;
  }
  static int invalid_frame(nghttp2_session*, const nghttp2_frame* frame, int error, void* user) {
    session(user).on_invalid_frame(*frame, error);
    return 0;
  }
  static ssize_t read_body(nghttp2_session*, int32_t id, uint8_t* to, size_t size, uint32_t* flags,
                           nghttp2_data_source*, void* user) {
    Http2Stream* stream = find(user, id);
    if (!stream) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    return session(user).take_outbox(*stream, to, size, flags);
  }
};

std::unique_ptr<Session> make_http2_session(Transport& transport) {
  return std::make_unique<Http2Session>(transport);
}

Http2Session::Http2Session(Transport& transport) : transport_(transport), idle_since_(transport.opened_at()) {
  nghttp2_session_callbacks* callbacks = nullptr;
  CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Callbacks::begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::frame_received);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::stream_closed);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, Callbacks::frame_sent);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, Callbacks::frame_not_sent);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, Callbacks::invalid_frame);
  nghttp2_option* option = nullptr;
  CHECK(nghttp2_option_new(&option) == 0);
  nghttp2_option_set_no_closed_streams(option, 1);
  CHECK(nghttp2_session_server_new2(&session_, callbacks, this, option) == 0);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  submit_settings();
}

Http2Session::~Http2Session() {
  nghttp2_session_del(session_);
}

void Http2Session::submit_settings() {
  const ServerLimits& limits = transport_.limits();
  std::array<nghttp2_settings_entry, 4> settings = {{
      {NGHTTP2_SETTINGS_MAX_FRAME_SIZE, kFrameBytes},
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, static_cast<uint32_t>(limits.streams_per_connection)},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindowBytes},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<uint32_t>(limits.header_bytes)},
  }};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindowBytes);
}

void Http2Session::on_first_bytes(std::string bytes) {
  eat(bytes);
  fill();
}

void Http2Session::on_readable() {
  std::string& buffer = transport_.scratch();
  size_t size = std::min(buffer.size(), kReadBytes);
  for (int i = 0; i < kReadsPerTurn && !over_; ++i) {
    auto outcome = transport_.read_some(buffer.data(), size);
    if (outcome.ended) {
      over_ = true;
      return transport_.close();
    }
    if (outcome.bytes == 0) break;
    if (!eat(std::string_view(buffer.data(), outcome.bytes))) break;
    if (outcome.bytes < size) break;
  }
  fill();
}

bool Http2Session::eat(std::string_view bytes) {
  ssize_t eaten = nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  if (eaten >= 0) return true;
  // Protocol errors are answered by nghttp2 itself; what comes here is a flood it gave up on.
  transport_.state().count_protocol_error();
  over_ = true;
  transport_.close();
  return false;
}

void Http2Session::fill() {
  if (over_) return;
  std::string out;
  while (transport_.queued_bytes() + out.size() < kOutputBytes) {
    const uint8_t* bytes = nullptr;
    ssize_t size = nghttp2_session_mem_send(session_, &bytes);
    if (size < 0) {
      over_ = true;
      return transport_.close();
    }
    if (size == 0) break;
    out.append(text_of(bytes, static_cast<size_t>(size)));
  }
  transport_.write(std::move(out));
  bool all_framed = !nghttp2_session_want_write(session_);
  if (all_framed && ((draining_ && streams_.empty()) || !nghttp2_session_want_read(session_))) {
    over_ = true;
    transport_.finish();
  }
}

void Http2Session::on_written() {
  fill();
}

void Http2Session::end_connection(uint32_t error_code) {
  nghttp2_session_terminate_session(session_, error_code);
}

int Http2Session::on_begin_headers(int32_t id) {
  control_frames_ = 0;
  streams_.emplace(id, std::make_unique<Http2Stream>(id, transport_.state()));
  return 0;
}

void Http2Session::on_control_frame() {
  if (++control_frames_ != transport_.limits().control_frames + 1) return;
  transport_.state().count(Limit::control_frames);
  end_connection(NGHTTP2_ENHANCE_YOUR_CALM);
}

void Http2Session::on_header(Http2Stream& stream, std::string_view name, std::string_view value) {
  stream.header_bytes += name.size() + value.size() + kFieldOverheadBytes;
  if (stream.header_bytes > transport_.limits().header_bytes) return;
  if (name == ":method") {
    stream.request.method = value;
  } else if (name == ":path") {
    stream.target = value;
  } else if (name == ":authority") {
    stream.authority = value;
  } else if (!name.starts_with(':')) {
    stream.request.headers.add(std::string(name), std::string(value));
  }
}

void Http2Session::on_header_complete(Http2Stream& stream) {
  stream.has_header = true;
  stream.progress_at = Clock::now();
  Request& request = stream.request;
  request.http_version = 20;
  stream.is_head_request = request.method == "HEAD";
  stream.grpc = is_grpc_type(request.headers.get("content-type"));
  if (!stream.authority.empty() && request.headers.get("host").empty()) request.headers.add("host", stream.authority);
  const ServerLimits& limits = transport_.limits();
  if (stream.header_bytes > limits.header_bytes) {
    return refuse(stream, transport_.state().header_over_limit());
  }
  if (transport_.unsent_bytes.load(std::memory_order_relaxed) > limits.unsent_bytes) {
    transport_.state().count(Limit::unsent_bytes);
    stream.refused = true;
    return reset(stream, NGHTTP2_REFUSED_STREAM);
  }
  auto target = parse_target(stream.target);
  if (!target) {
    transport_.state().count_protocol_error();
    return refuse(stream, {400, ErrorCode::invalid_argument,
                           "malformed request: the target has a '%' without two hexadecimal digits"});
  }
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  int64_t length = parse_length(request.headers.get("content-length"));
  if (length > 0 && static_cast<uint64_t>(length) > limits.body_bytes) {
    return refuse(stream, transport_.state().body_over_limit());
  }
  if (length > 0) request.body.reserve(std::min(static_cast<size_t>(length), kFirstReserveBytes));
  if (equals_without_case(request.headers.get("expect"), "100-continue")) {
    Http2Fields fields;
    fields.add(":status", "100");
    nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, stream.id, nullptr, fields.data(), fields.size(), nullptr);
  }
}

void Http2Session::on_data(Http2Stream& stream, std::string_view bytes) {
  if (stream.refused) {
    stream.discarded_bytes += bytes.size();
    if (stream.completed && stream.discarded_bytes > kDiscardBytes) reset(stream, NGHTTP2_NO_ERROR);
    return;
  }
  stream.progress_at = Clock::now();
  const ServerLimits& limits = transport_.limits();
  if (bytes.size() > limits.body_bytes - stream.request.body.size()) {
    return refuse(stream, transport_.state().body_over_limit());
  }
  if (!stream.charge.grow(bytes.size())) return refuse(stream, transport_.state().too_many_bodies());
  std::string& body = stream.request.body;
  if (stream.grpc && body.empty()) body.reserve(std::min(grpc_frame_bytes(bytes), kFirstReserveBytes));
  body.append(bytes);
}

void Http2Session::on_request_complete(Http2Stream& stream) {
  stream.receiving = false;
  if (stream.refused) return;
  stream.charge.release();
  stream.answer = std::make_shared<Responder::Stream>(transport_, stream.id, stream.grpc);
  transport_.dispatch(std::move(stream.request), stream.answer);
}

void Http2Session::refuse(Http2Stream& stream, const Refusal& refusal) {
  stream.refused = true;
  stream.charge.release();
  stream.request.body = {};
  Response response = transport_.answer_of(stream.request, refusal);
  stream.request = {};
  Responder::Stream::Handed handed;
  handed.has_head = handed.whole = handed.ended = true;
  handed.status = response.status;
  handed.headers = std::move(response.headers);
  handed.trailers = std::move(response.trailers);
  if (!response.body.empty()) {
    transport_.unsent_bytes.fetch_add(response.body.size(), std::memory_order_relaxed);
    handed.pieces.push_back(std::move(response.body));
  }
  accept_answer(stream, std::move(handed));
}

void Http2Session::on_answer(Responder::Stream& answer) {
  auto found = streams_.find(answer.id);
  if (over_ || found == streams_.end() || found->second->answer.get() != &answer) return;
  accept_answer(*found->second, answer.take());
  fill();
}

void Http2Session::accept_answer(Http2Stream& stream, Responder::Stream::Handed handed) {
  if (handed.broken) return reset(stream, NGHTTP2_INTERNAL_ERROR);
  if (stream.outbox.empty()) stream.progress_at = Clock::now();
  for (std::string& piece : handed.pieces) {
    stream.outbox_bytes += piece.size();
    stream.outbox.push_back(std::move(piece));
  }
  handed.pieces.clear();
  if (handed.ended) {
    stream.ended = true;
    stream.trailers = std::move(handed.trailers);
  }
  if (handed.has_head) {
    submit_head(stream, handed);
  } else if (stream.deferred) {
    stream.deferred = false;
    nghttp2_session_resume_data(session_, stream.id);
  }
}

void Http2Session::submit_head(Http2Stream& stream, const Responder::Stream::Handed& handed) {
  stream.begun = true;
  Http2Fields fields;
  fields.add(":status", std::to_string(handed.status));
  fields.add(handed.headers);
  bool grpc_answer = is_grpc_type(handed.headers.get("content-type"));
  bool has_length = handed.whole && !grpc_answer && handed.status != 204 && handed.status != 304;
  if (has_length) fields.add("content-length", std::to_string(stream.outbox_bytes));
  bool trailers_only = stream.ended && stream.outbox.empty() && (grpc_answer || stream.trailers.fields().empty());
  if (trailers_only) fields.add(stream.trailers);
  bool headers_only = trailers_only || stream.is_head_request;
  nghttp2_data_provider provider{{.ptr = nullptr}, Callbacks::read_body};
  nghttp2_submit_response(session_, stream.id, fields.data(), fields.size(), headers_only ? nullptr : &provider);
}

ssize_t Http2Session::take_outbox(Http2Stream& stream, uint8_t* to, size_t size, uint32_t* flags) {
  size_t taken = 0;
  while (taken < size && !stream.outbox.empty()) {
    std::string& piece = stream.outbox.front();
    size_t count = std::min(size - taken, piece.size() - stream.front_sent);
    std::memcpy(to + taken, piece.data() + stream.front_sent, count);
    taken += count;
    stream.front_sent += count;
    if (stream.front_sent < piece.size()) break;
    stream.front_sent = 0;
    stream.outbox.pop_front();
  }
  stream.outbox_bytes -= taken;
  transport_.unsent_bytes.fetch_sub(taken, std::memory_order_relaxed);
  if (taken > 0) {
    stream.progress_at = Clock::now();
    control_frames_ = 0;
  }
  if (!stream.outbox.empty()) return static_cast<ssize_t>(taken);
  if (stream.ended) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!stream.trailers.fields().empty()) {
      Http2Fields fields;
      fields.add(stream.trailers);
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      nghttp2_submit_trailer(session_, stream.id, fields.data(), fields.size());
    }
  } else if (taken == 0) {
    stream.deferred = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  return static_cast<ssize_t>(taken);
}

void Http2Session::on_frame_sent(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_GOAWAY && frame.goaway.error_code != NGHTTP2_NO_ERROR) {
    // nghttp2 ends a connection with INTERNAL_ERROR only for its limit of stream resets.
    if (frame.goaway.error_code == NGHTTP2_INTERNAL_ERROR) transport_.state().count(Limit::stream_resets);
    transport_.state().count_protocol_error();
  }
  bool ends = frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA;
  if (!ends || !(frame.hd.flags & NGHTTP2_FLAG_END_STREAM)) return;
  auto found = streams_.find(frame.hd.stream_id);
  if (found == streams_.end()) return;
  found->second->completed = true;
  found->second->progress_at = Clock::now();
}

void Http2Session::on_invalid_frame(const nghttp2_frame& frame, int error) {
  transport_.state().count_protocol_error();
  bool too_many = streams_.size() >= transport_.limits().streams_per_connection;
  if (frame.hd.type == NGHTTP2_HEADERS && (error == NGHTTP2_ERR_REFUSED_STREAM || too_many)) {
    transport_.state().count(Limit::streams_per_connection);
  }
}

void Http2Session::on_stream_closed(Http2Stream& stream) {
  size_t left = stream.outbox_bytes;
  if (stream.answer) left += stream.answer->detach(stream.completed);
  transport_.unsent_bytes.fetch_sub(left, std::memory_order_relaxed);
  streams_.erase(stream.id);
  if (streams_.empty()) idle_since_ = Clock::now();
}

void Http2Session::reset(Http2Stream& stream, uint32_t error_code) {
  if (std::exchange(stream.reset, true)) return;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id, error_code);
}

void Http2Session::drain() {
  if (draining_ || over_) return;
  draining_ = true;
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_),
                        NGHTTP2_NO_ERROR, nullptr, 0);
  fill();
}

void Http2Session::on_sweep(Clock::time_point now) {
  if (over_) return;
  const ServerLimits& limits = transport_.limits();
  if (streams_.empty() && now - idle_since_ > limits.idle_timeout) {
    transport_.state().count(Limit::idle_timeout);
    end_connection(NGHTTP2_NO_ERROR);
  }
  if (now - control_since_ > kControlPeriod && control_frames_ <= limits.control_frames) {
    control_since_ = now;
    control_frames_ = 0;
  }
  for (auto& [id, stream] : streams_) sweep_stream(*stream, now);
  fill();
}

void Http2Session::sweep_stream(Http2Stream& stream, Clock::time_point now) {
  if (stream.reset) return;
  const ServerLimits& limits = transport_.limits();
  auto stalled = now - stream.progress_at;
  if (stream.completed) {
    if (stalled > std::min(kDiscardTime, limits.body_timeout)) reset(stream, NGHTTP2_NO_ERROR);
    return;
  }
  bool sends = stream.begun && (stream.ended || !stream.outbox.empty());
  if (!stream.has_header) {
    if (stalled <= limits.header_timeout) return;
    // No other stream can go on in the middle of a header block.
    transport_.state().count(Limit::header_timeout);
    stream.reset = true;
    return end_connection(NGHTTP2_ENHANCE_YOUR_CALM);
  }
  bool receives = stream.receiving && !stream.refused;
  if (receives && stalled > limits.body_timeout) {
    transport_.state().count(Limit::body_timeout);
  } else if (receives && now - stream.began_at > limits.request_timeout) {
    transport_.state().count(Limit::request_timeout);
  } else if (sends && stalled > limits.write_timeout) {
    transport_.state().count(Limit::write_timeout);
  } else {
    return;
  }
  stream.refused = true;
  reset(stream, NGHTTP2_CANCEL);
}

void Http2Session::on_closed() {
  over_ = true;
  for (auto& [id, stream] : streams_) {
    if (stream->answer) stream->answer->detach(stream->completed);
  }
  streams_.clear();
}

}  // namespace clew::net
