#include "net/http1_client.h"

#include <fmt/format.h>

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <optional>

#include "net/boost_asio.h"
#include "net/chunked.h"
#include "net/client_socket.h"
#include "net/fields.h"

namespace clew::net {
namespace {

namespace http = boost::beast::http;

constexpr size_t kReadBytes = 64 << 10;

// One answer as it comes in.
class AnswerReader {
 public:
  explicit AnswerReader(bool to_head_request) : to_head_request_(to_head_request) { begin_head(); }

  Status take(std::string_view bytes) {
    started_ = true;
    pending_.append(bytes);
    size_t at = 0;
    while (!done_ && at < pending_.size()) {
      auto used = in_head_ ? take_head(std::string_view(pending_).substr(at))
                           : take_body(std::string_view(pending_).substr(at));
      if (!used) return std::unexpected(std::move(used.error()));
      if (*used == 0) break;
      at += *used;
    }
    pending_.erase(0, at);
    return {};
  }
  Status take_end() {
    if (!in_head_ && until_end_) {
      done_ = true;
      return {};
    }
    return fail(ErrorCode::unavailable, "the server closed the connection before its answer was complete");
  }

  bool started() const { return started_; }
  bool done() const { return done_; }
  bool keep_alive() const { return keep_alive_ && pending_.empty(); }
  Response take_response() { return std::move(response_); }

 private:
  void begin_head() {
    parser_.emplace();
    parser_->header_limit(Client::kMaxAnswerHeaderBytes);
    parser_->body_limit(boost::none);
    parser_->skip(true);
  }

  Result<size_t> take_head(std::string_view bytes) {
    SystemError error;
    size_t used = parser_->put(asio::const_buffer(bytes.data(), bytes.size()), error);
    if (error && error != http::error::need_more) {
      return fail(ErrorCode::unavailable, fmt::format("the answer is not HTTP/1.1: {}", error.message()));
    }
    if (!parser_->is_header_done()) return used;
    int status = static_cast<int>(parser_->get().result_int());
    if (status >= 100 && status < 200) {
      begin_head();
      return used;
    }
    in_head_ = false;
    response_.status = status;
    for (const auto& field : parser_->get()) {
      response_.headers.add(std::string(field.name_string()), std::string(field.value()));
    }
    TRY(choose_framing());
    return used;
  }

  Status choose_framing() {
    keep_alive_ = parser_->get().version() == 11 && !has_token(response_.headers.get("connection"), "close");
    int status = response_.status;
    if (to_head_request_ || status == 204 || status == 304) {
      done_ = true;
    } else if (parser_->chunked()) {
      chunked_.emplace(Client::kMaxAnswerBytes);
    } else if (auto length = parser_->content_length()) {
      if (*length > Client::kMaxAnswerBytes) return over_limit();
      left_ = static_cast<size_t>(*length);
      done_ = left_ == 0;
    } else {
      until_end_ = true;
      keep_alive_ = false;
      left_ = Client::kMaxAnswerBytes;
    }
    return {};
  }

  Result<size_t> take_body(std::string_view bytes) {
    if (chunked_) {
      ASSIGN_OR_RETURN(size_t used, chunked_->decode(bytes, response_.body));
      done_ = chunked_->done();
      return used;
    }
    if (until_end_ && bytes.size() > left_) return over_limit();
    size_t used = std::min(bytes.size(), left_);
    response_.body.append(bytes, 0, used);
    left_ -= used;
    done_ = left_ == 0 && !until_end_;
    return used;
  }

  static std::unexpected<Error> over_limit() {
    return fail(ErrorCode::resource_exhausted,
                fmt::format("the answer exceeds the limit of {} bytes", Client::kMaxAnswerBytes));
  }

  const bool to_head_request_;
  std::optional<http::response_parser<http::empty_body>> parser_;
  std::optional<ChunkedDecoder> chunked_;
  std::string pending_;
  Response response_;
  size_t left_ = 0;
  bool started_ = false;
  bool in_head_ = true;
  bool until_end_ = false;
  bool keep_alive_ = false;
  bool done_ = false;
};

class Http1Client : public Client {
 public:
  Http1Client(Url url, std::chrono::milliseconds timeout) : url_(std::move(url)), timeout_(timeout) {}

  Result<Response> call(std::string_view method, std::string_view target, Headers headers,
                        std::string_view body) override {
    Deadline deadline = std::chrono::steady_clock::now() + timeout_;
    std::string head = request_head(method, target, headers, body.size());
    if (socket_ && socket_->is_stale()) socket_.reset();
    bool reused = socket_.has_value();
    AnswerReader reader(method == "HEAD");
    auto answer = exchange(head, body, reader, deadline);
    if (!answer && reused && !reader.started() && answer.error().code == ErrorCode::unavailable) {
      AnswerReader again(method == "HEAD");
      return exchange(head, body, again, deadline);
    }
    return answer;
  }

  Result<std::string> call_grpc(std::string_view method, std::string_view, Headers) override {
    return fail(ErrorCode::failed_precondition,
                fmt::format("{} is a gRPC call and needs a URL with the scheme grpc", method));
  }

 private:
  std::string request_head(std::string_view method, std::string_view target, const Headers& headers,
                           size_t body_bytes) const {
    bool v6 = url_.host.find(':') != std::string::npos;
    std::string head = fmt::format("{} {}{} HTTP/1.1\r\nhost: {}{}{}:{}\r\n", method, url_.prefix, target,
                                   v6 ? "[" : "", url_.host, v6 ? "]" : "", url_.port);
    for (const auto& [name, value] : headers.fields()) {
      if (is_engine_field(name) || !is_field_name(name)) continue;
      head.append(name).append(": ").append(safe_value(value)).append("\r\n");
    }
    if (body_bytes > 0 || method == "POST" || method == "PUT") {
      fmt::format_to(std::back_inserter(head), "content-length: {}\r\n", body_bytes);
    }
    return head.append("\r\n");
  }

  // Reads while it writes: a server may answer before it has the whole body.
  Result<Response> exchange(std::string_view head, std::string_view body, AnswerReader& reader, Deadline deadline) {
    if (!socket_) {
      ASSIGN_OR_RETURN(socket_, ClientSocket::connect(url_, deadline));
    }
    ClientSocket socket = std::move(*socket_);
    socket_.reset();
    std::string buffer(kReadBytes, '\0');
    bool write_failed = false;
    while (!reader.done()) {
      bool writes = !write_failed && (!head.empty() || !body.empty());
      if (writes) {
        std::string_view& next = head.empty() ? body : head;
        auto sent = socket.write_some(next);
        write_failed = !sent;  // an answer may have come before
        if (sent) next.remove_prefix(*sent);
        if (sent && *sent > 0) continue;
      }
      TRY(socket.wait(writes && !write_failed, deadline));
      ASSIGN_OR_RETURN(auto read, socket.read_some(buffer.data(), buffer.size()));
      if (read.bytes > 0) TRY(reader.take(std::string_view(buffer).substr(0, read.bytes)));
      if (read.ended) TRY(reader.take_end());
    }
    bool complete = head.empty() && body.empty() && !write_failed;
    if (complete && reader.keep_alive()) socket_ = std::move(socket);
    return reader.take_response();
  }

  const Url url_;
  const std::chrono::milliseconds timeout_;
  std::optional<ClientSocket> socket_;
};

}  // namespace

std::unique_ptr<Client> make_http1_client(Url url, std::chrono::milliseconds timeout) {
  return std::make_unique<Http1Client>(std::move(url), timeout);
}

}  // namespace clew::net
