#include "net/http2_client.h"

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/base64.h"
#include "base/check.h"
#include "net/client_socket.h"
#include "net/content_encoding.h"
#include "net/fields.h"
#include "net/grpc.h"
#include "net/http2_fields.h"
#include "net/rpc_status.h"

namespace clew::net {
namespace {

constexpr size_t kReadBytes = 256 << 10;
constexpr size_t kWriteBytes = 256 << 10;
constexpr int32_t kStreamWindowBytes = 8 << 20;
constexpr int32_t kConnectionWindowBytes = 16 << 20;

// The one call under way.
struct Call {
  int32_t id = -1;
  std::string_view body;
  Response response;
  size_t header_bytes = 0;
  bool has_head = false;
  bool done = false;
  bool started = false;  // something of an answer has come
  uint32_t reset_code = NGHTTP2_NO_ERROR;
  bool over_limit = false;
};

class Http2Connection {
 public:
  explicit Http2Connection(ClientSocket socket) : socket_(std::move(socket)) {
    nghttp2_session_callbacks* callbacks = nullptr;
    CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    CHECK(nghttp2_session_client_new(&session_, callbacks, this) == 0);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                         {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindowBytes}};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
    nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindowBytes);
  }
  Http2Connection(const Http2Connection&) = delete;
  ~Http2Connection() { nghttp2_session_del(session_); }

  Status run(Call& call, const Http2Fields& fields, Deadline deadline) {
    call_ = &call;
    nghttp2_data_provider provider{{.ptr = nullptr}, read_body};
    call.id = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                                     call.body.empty() ? nullptr : &provider, nullptr);
    if (call.id < 0) return fail(ErrorCode::unavailable, nghttp2_strerror(call.id));
    Status outcome = exchange(deadline);
    call_ = nullptr;
    return outcome;
  }

  // False when the server has closed it, or takes no more calls.
  bool usable() {
    if (socket_.is_stale() && !read_once()) return false;
    return nghttp2_session_check_request_allowed(session_) && nghttp2_session_want_read(session_);
  }

 private:
  Status exchange(Deadline deadline) {
    while (!call_->done) {
      TRY(send_what_fits());
      if (call_->done) break;
      TRY(socket_.wait(!out_.empty(), deadline));
      TRY(read_once());
      if (!call_->done && !nghttp2_session_want_read(session_)) {
        return fail(ErrorCode::unavailable, "the server ended the connection");
      }
    }
    return {};
  }

  Status send_what_fits() {
    while (true) {
      if (out_.empty()) {
        TRY(gather_frames());
        if (out_.empty()) return {};
      }
      ASSIGN_OR_RETURN(size_t sent, socket_.write_some(out_));
      if (sent == 0) return {};
      out_.remove_prefix(sent);
    }
  }

  // Many frames in one write: each write costs both sides a system call, and the server a wake-up.
  Status gather_frames() {
    frames_.clear();
    while (frames_.size() < kWriteBytes) {
      const uint8_t* bytes = nullptr;
      ssize_t size = nghttp2_session_mem_send(session_, &bytes);
      if (size < 0) return fail(ErrorCode::unavailable, nghttp2_strerror(static_cast<int>(size)));
      if (size == 0) break;
      frames_.append(text_of(bytes, static_cast<size_t>(size)));
    }
    out_ = frames_;
    return {};
  }

  Status read_once() {
    ASSIGN_OR_RETURN(auto read, socket_.read_some(buffer_.data(), buffer_.size()));
    if (read.ended) return fail(ErrorCode::unavailable, "the server closed the connection");
    auto* bytes = reinterpret_cast<const uint8_t*>(buffer_.data());
    ssize_t eaten = nghttp2_session_mem_recv(session_, bytes, read.bytes);
    if (eaten < 0) {
      return fail(ErrorCode::unavailable,
                  fmt::format("the answer is not HTTP/2: {}", nghttp2_strerror(static_cast<int>(eaten))));
    }
    return {};
  }

  Call* call_for(int32_t id) { return call_ && call_->id == id ? call_ : nullptr; }
  void give_up(Call& call) {
    if (call.over_limit) return;
    call.over_limit = true;
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, call.id, NGHTTP2_CANCEL);
  }

  static Http2Connection& self(void* user) { return *static_cast<Http2Connection*>(user); }
  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                       const uint8_t* value, size_t value_size, uint8_t, void* user) {
    Call* call = self(user).call_for(frame->hd.stream_id);
    if (!call) return 0;
    call->started = true;
    call->header_bytes += name_size + value_size;
    if (call->header_bytes > Client::kMaxAnswerHeaderBytes) {
      self(user).give_up(*call);
      return 0;
    }
    std::string_view key = text_of(name, name_size);
    std::string_view text = text_of(value, value_size);
    if (key == ":status") {
      std::from_chars(text.data(), text.data() + text.size(), call->response.status);
    } else if (call->has_head) {
      call->response.trailers.add(std::string(key), std::string(text));
    } else {
      call->response.headers.add(std::string(key), std::string(text));
    }
    return 0;
  }
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Call* call = self(user).call_for(frame->hd.stream_id);
    if (!call) return 0;
    if (frame->hd.type == NGHTTP2_HEADERS) {
      bool interim = call->response.status >= 100 && call->response.status < 200;
      if (interim) call->response = {};
      call->has_head = !interim;
    }
    if (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) {
      // What the server sends after END_STREAM is at most a wish to stop sending: the answer is complete.
      if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) call->done = true;
    }
    return 0;
  }
  static int on_data(nghttp2_session*, uint8_t, int32_t id, const uint8_t* bytes, size_t size, void* user) {
    Call* call = self(user).call_for(id);
    if (!call) return 0;
    if (size > Client::kMaxAnswerBytes - call->response.body.size()) {
      self(user).give_up(*call);
      return 0;
    }
    call->response.body.append(text_of(bytes, size));
    return 0;
  }
  static int on_close(nghttp2_session*, int32_t id, uint32_t error_code, void* user) {
    Call* call = self(user).call_for(id);
    if (!call) return 0;
    if (!call->done) call->reset_code = error_code;
    call->done = true;
    return 0;
  }
  static ssize_t read_body(nghttp2_session*, int32_t id, uint8_t* to, size_t size, uint32_t* flags,
                           nghttp2_data_source*, void* user) {
    Call* call = self(user).call_for(id);
    if (!call) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    size_t count = std::min(size, call->body.size());
    std::memcpy(to, call->body.data(), count);
    call->body.remove_prefix(count);
    if (call->body.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(count);
  }

  ClientSocket socket_;
  nghttp2_session* session_ = nullptr;
  Call* call_ = nullptr;
  std::string frames_;
  std::string_view out_;  // of frames_: what is not yet sent
  std::string buffer_ = std::string(kReadBytes, '\0');
};

ErrorCode code_of_grpc(int status) {
  switch (status) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
    case 11:
    case 12:
    case 13:
    case 14:
    case 15:
    case 16: return static_cast<ErrorCode>(status);
    default: return ErrorCode::unknown;
  }
}

// For an answer without grpc-status, as gRPC maps it ("HTTP to gRPC Status Code Mapping").
ErrorCode code_of_http(int status) {
  switch (status) {
    case 400: return ErrorCode::internal;
    case 401: return ErrorCode::unauthenticated;
    case 403: return ErrorCode::permission_denied;
    case 404: return ErrorCode::unimplemented;
    case 429:
    case 502:
    case 503:
    case 504: return ErrorCode::unavailable;
    default: return ErrorCode::unknown;
  }
}

// Where the status stands: in the trailers, or in the header of an answer without a message.
const Headers& status_fields(const Response& response) {
  return response.trailers.get("grpc-status").empty() ? response.headers : response.trailers;
}

std::optional<std::chrono::milliseconds> read_retry_delay(const Response& response) {
  std::string details;
  if (!append_from_base64(details, status_fields(response).get("grpc-status-details-bin"))) return std::nullopt;
  return retry_delay_of(details);
}

Result<std::string> read_grpc_answer(const Response& response) {
  const Headers& fields = status_fields(response);
  std::string_view message = fields.get("grpc-message");
  int64_t code = parse_length(fields.get("grpc-status"));
  if (code < 0) {
    return fail(code_of_http(response.status), fmt::format("the answer has no grpc-status (HTTP {})", response.status));
  }
  if (code != 0) {
    return fail(code_of_grpc(static_cast<int>(std::min<int64_t>(code, 100))), decode_grpc_message_text(message));
  }
  std::string decoded;
  auto view = view_grpc_body(response.body, response.headers.get("grpc-encoding"), Client::kMaxAnswerBytes, decoded);
  if (!view) return pass(std::move(view), "the answer");
  if (!decoded.empty()) return decoded;
  return std::string(*view);
}

class Http2Client : public Client {
 public:
  Http2Client(Url url, std::chrono::milliseconds timeout) : url_(std::move(url)), timeout_(timeout) {}

  Result<Response> call(std::string_view method, std::string_view target, Headers headers,
                        std::string_view body) override {
    Deadline deadline = std::chrono::steady_clock::now() + timeout_;
    bool v6 = url_.host.find(':') != std::string::npos;
    Http2Fields fields;
    fields.add(":method", method);
    fields.add(":scheme", "http");
    fields.add(":authority",
               v6 ? fmt::format("[{}]:{}", url_.host, url_.port) : fmt::format("{}:{}", url_.host, url_.port));
    fields.add(":path", url_.prefix + std::string(target));
    bool grpc = is_grpc_type(headers.get("content-type"));
    if (grpc) fields.add("te", "trailers");
    fields.add(headers);
    if (!grpc && !body.empty()) fields.add("content-length", std::to_string(body.size()));
    if (connection_ && !connection_->usable()) connection_.reset();
    bool reused = connection_ != nullptr;
    Call first;
    auto answer = run(first, fields, body, deadline);
    bool unheard = first.reset_code == NGHTTP2_REFUSED_STREAM || !first.started;
    if (!answer && reused && unheard && answer.error().code == ErrorCode::unavailable) {
      Call second;
      return run(second, fields, body, deadline);
    }
    return answer;
  }

  Result<std::string> call_grpc(std::string_view method, std::string_view message, Headers metadata) override {
    Headers headers;
    headers.add("content-type", "application/grpc");
    headers.add("grpc-timeout", fmt::format("{}m", std::clamp<int64_t>(timeout_.count(), 1, 99'999'999)));
    headers.add("grpc-accept-encoding", "identity,gzip,deflate,zstd");
    for (const auto& [name, value] : metadata.fields()) headers.add(name, value);
    retry_delay_.reset();
    std::string_view encoding = metadata.get("grpc-encoding");
    std::string frame = encoding.empty() ? grpc_frame(message) : grpc_frame(encode_body(encoding, message), true);
    ASSIGN_OR_RETURN(Response response, call("POST", method, std::move(headers), frame));
    retry_delay_ = read_retry_delay(response);
    return read_grpc_answer(response);
  }
  std::optional<std::chrono::milliseconds> retry_delay() const override { return retry_delay_; }

 private:
  Result<Response> run(Call& call, const Http2Fields& fields, std::string_view body, Deadline deadline) {
    if (!connection_) {
      ASSIGN_OR_RETURN(ClientSocket socket, ClientSocket::connect(url_, deadline));
      connection_ = std::make_unique<Http2Connection>(std::move(socket));
    }
    call.body = body;
    Status outcome = connection_->run(call, fields, deadline);
    if (!outcome || call.reset_code != NGHTTP2_NO_ERROR || !call.body.empty()) connection_.reset();
    if (!outcome) return pass(std::move(outcome), fmt::format("{}:{}", url_.host, url_.port));
    if (call.over_limit) {
      return fail(ErrorCode::resource_exhausted,
                  fmt::format("the answer exceeds the limit of {} bytes", kMaxAnswerBytes));
    }
    if (call.reset_code != NGHTTP2_NO_ERROR || !call.has_head) {
      return fail(ErrorCode::unavailable, fmt::format("{}:{} reset the call: {}", url_.host, url_.port,
                                                      nghttp2_http2_strerror(call.reset_code)));
    }
    return std::move(call.response);
  }

  const Url url_;
  const std::chrono::milliseconds timeout_;
  std::unique_ptr<Http2Connection> connection_;
  std::optional<std::chrono::milliseconds> retry_delay_;
};

}  // namespace

std::unique_ptr<Client> make_http2_client(Url url, std::chrono::milliseconds timeout) {
  return std::make_unique<Http2Client>(std::move(url), timeout);
}

}  // namespace clew::net
