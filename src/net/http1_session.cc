#include "net/http1_session.h"

#include <fmt/format.h>

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "net/fields.h"
#include "net/http1_text.h"
#include "net/url_text.h"

namespace clew::net {
namespace {

namespace http = boost::beast::http;

constexpr size_t kHeadReadBytes = 16 << 10;
constexpr size_t kBodyReadBytes = 256 << 10;
constexpr int kReadsPerTurn = 8;
// A body's string grows from here by doubling, so that an announced length alone takes no memory.
constexpr size_t kFirstReserveBytes = 1 << 20;
// A client that pipelines and does not read: its next request waits until its answers are sent down to this.
constexpr size_t kQueuedAnswerBytes = 256 << 10;
constexpr size_t kMergedBodyBytes = 4 << 10;

}  // namespace

struct Http1Session::HeadParser {
  http::request_parser<http::empty_body> beast;
};

std::unique_ptr<Session> make_http1_session(Transport& transport) {
  return std::make_unique<Http1Session>(transport);
}

Http1Session::Http1Session(Transport& transport)
    : transport_(transport),
      charge_(transport.state()),
      request_began_at_(transport.opened_at()),
      idle_since_(transport.opened_at()) {}

Http1Session::~Http1Session() = default;

void Http1Session::on_first_bytes(std::string bytes) {
  take_bytes(bytes);
}

bool Http1Session::wants_bytes() const {
  switch (phase_) {
    case Phase::head: return !peer_ended_ && (input_.empty() || parser_);
    case Phase::sized_body:
    case Phase::chunked_body: return true;
    case Phase::answering: return !peer_ended_ && input_.empty();  // to notice a client that goes away
    case Phase::last: return false;
  }
  return false;
}

void Http1Session::on_readable() {
  if (phase_ == Phase::sized_body && input_.empty()) return read_body_directly();
  std::string& buffer = transport_.scratch();
  size_t size = std::min(buffer.size(), phase_ == Phase::chunked_body ? kBodyReadBytes : kHeadReadBytes);
  auto outcome = transport_.read_some(buffer.data(), size);
  if (outcome.ended) return on_peer_end();
  if (outcome.bytes > 0) take_bytes(std::string_view(buffer.data(), outcome.bytes));
}

void Http1Session::on_peer_end() {
  if (phase_ != Phase::answering) {
    phase_ = Phase::last;
    return transport_.finish();
  }
  peer_ended_ = true;
  keep_alive_ = false;
  stream_->mark_gone();
}

void Http1Session::on_written() {
  if (phase_ == Phase::head && !input_.empty()) take_bytes({});
}

void Http1Session::take_bytes(std::string_view bytes) {
  if (input_.empty()) {
    size_t used = advance(bytes);
    input_.assign(bytes.substr(used));
  } else {
    input_.append(bytes);
    size_t used = advance(input_);
    input_.erase(0, used);
  }
}

size_t Http1Session::advance(std::string_view bytes) {
  size_t used = 0;
  while (phase_ != Phase::answering && phase_ != Phase::last && used < bytes.size()) {
    std::string_view rest = bytes.substr(used);
    size_t taken = 0;
    Phase before = phase_;
    if (phase_ == Phase::head) {
      if (transport_.queued_bytes() > kQueuedAnswerBytes) break;
      taken = take_head(rest);
    } else {
      taken = phase_ == Phase::sized_body ? take_sized_body(rest) : take_chunked_body(rest);
    }
    used += taken;
    if (taken == 0 && phase_ == before) break;
  }
  return used;
}

size_t Http1Session::take_head(std::string_view bytes) {
  size_t skipped = 0;
  if (!parser_) {
    // An empty line before a request is read over (RFC 9112 section 2.2).
    while (skipped < bytes.size() && (bytes[skipped] == '\r' || bytes[skipped] == '\n')) ++skipped;
    if (skipped == bytes.size()) return skipped;
    begin_request();
  }
  bytes.remove_prefix(skipped);
  SystemError error;
  size_t used = parser_->beast.put(asio::const_buffer(bytes.data(), bytes.size()), error);
  head_bytes_ += used;
  bool incomplete = error == http::error::need_more;
  size_t seen_bytes = head_bytes_ + (incomplete ? bytes.size() - used : 0);
  if (error == http::error::header_limit || seen_bytes > transport_.limits().header_bytes) {
    refuse(transport_.state().header_over_limit());
  } else if (error == http::error::bad_version) {
    transport_.state().count_protocol_error();
    refuse({505, ErrorCode::unimplemented, "only HTTP/1.0, HTTP/1.1 and HTTP/2 are spoken here"});
  } else if (error && !incomplete) {
    refuse_malformed(fmt::format("malformed request: {}", error.message()));
  } else if (parser_->beast.is_header_done()) {
    if (Status good = judge_head(); good) {
      begin_body();
    } else if (phase_ != Phase::last) {
      refuse_malformed(std::move(good.error().message));
    }
  }
  return skipped + used;
}

void Http1Session::begin_request() {
  parser_ = std::make_unique<HeadParser>();
  parser_->beast.header_limit(static_cast<uint32_t>(std::min<size_t>(transport_.limits().header_bytes, 1u << 30)));
  parser_->beast.body_limit(boost::none);
  parser_->beast.skip(true);
  head_bytes_ = 0;
  request_ = {};
  if (any_request_) request_began_at_ = Clock::now();
}

Status Http1Session::judge_head() {
  const auto& head = parser_->beast.get();
  request_.http_version = static_cast<int>(head.version());
  request_.method = std::string(head.method_string());
  auto target = parse_target({head.target().data(), head.target().size()});
  if (!target) return invalid("malformed request: the target has a '%' without two hexadecimal digits");
  request_.path = std::move(target->path);
  request_.query = std::move(target->query);
  bool has_host = false;
  size_t transfer_encodings = 0;
  for (const auto& field : head) {
    has_host = has_host || field.name() == http::field::host;
    transfer_encodings += field.name() == http::field::transfer_encoding ? 1 : 0;
    request_.headers.add(std::string(field.name_string()), std::string(field.value()));
  }
  if (request_.http_version == 11 && !has_host) return invalid("malformed request: no Host field");
  if (transfer_encodings > 0 &&
      (transfer_encodings > 1 || !equals_without_case(trim(request_.headers.get("transfer-encoding")), "chunked"))) {
    refuse({501, ErrorCode::unimplemented, "the only Transfer-Encoding understood is chunked"});
    return invalid("refused");
  }
  std::string_view expected = request_.headers.get("expect");
  if (!expected.empty() && !equals_without_case(trim(expected), "100-continue")) {
    refuse({417, ErrorCode::unimplemented, "the only expectation understood is 100-continue"});
    return invalid("refused");
  }
  return {};
}

void Http1Session::begin_body() {
  auto& beast = parser_->beast;
  keep_alive_ = beast.keep_alive() && !transport_.state().draining;
  is_http10_ = request_.http_version == 10;
  is_head_request_ = request_.method == "HEAD";
  bool is_chunked = beast.chunked();
  uint64_t length = beast.content_length().value_or(0);
  parser_.reset();
  body_began_at_ = piece_at_ = Clock::now();
  if (is_chunked) {
    chunked_.emplace(transport_.limits().body_bytes);
    phase_ = Phase::chunked_body;
    return continue_if_expected();
  }
  if (length > transport_.limits().body_bytes) return refuse(transport_.state().body_over_limit());
  if (length == 0) return dispatch();
  content_length_ = static_cast<size_t>(length);
  request_.body.reserve(std::min(content_length_, kFirstReserveBytes));
  phase_ = Phase::sized_body;
  continue_if_expected();
}

void Http1Session::continue_if_expected() {
  if (request_.http_version == 11 && !request_.headers.get("expect").empty()) {
    transport_.write("HTTP/1.1 100 Continue\r\n\r\n");
  }
}

bool Http1Session::charge_body(size_t bytes) {
  piece_at_ = Clock::now();
  if (charge_.grow(bytes)) return true;
  refuse(transport_.state().too_many_bodies());
  return false;
}

size_t Http1Session::take_sized_body(std::string_view bytes) {
  size_t count = std::min(bytes.size(), content_length_ - request_.body.size());
  if (!charge_body(count)) return 0;
  request_.body.append(bytes, 0, count);
  if (request_.body.size() == content_length_) dispatch();
  return count;
}

void Http1Session::read_body_directly() {
  for (int i = 0; i < kReadsPerTurn && phase_ == Phase::sized_body; ++i) {
    size_t before = request_.body.size();
    size_t wanted = std::min(content_length_ - before, kBodyReadBytes);
    Transport::ReadOutcome outcome;
    request_.body.resize_and_overwrite(before + wanted, [&](char* to, size_t) {
      outcome = transport_.read_some(to + before, wanted);
      return before + outcome.bytes;
    });
    if (outcome.ended) return on_peer_end();
    if (outcome.bytes == 0 || !charge_body(outcome.bytes)) return;
    if (request_.body.size() == content_length_) dispatch();
  }
}

size_t Http1Session::take_chunked_body(std::string_view bytes) {
  size_t before = request_.body.size();
  auto used = chunked_->decode(bytes, request_.body);
  if (!used) {
    if (used.error().code == ErrorCode::resource_exhausted) {
      refuse(transport_.state().body_over_limit());
    } else {
      refuse_malformed(std::move(used.error().message));
    }
    return 0;
  }
  if (!charge_body(request_.body.size() - before)) return 0;
  if (chunked_->done()) dispatch();
  return *used;
}

void Http1Session::dispatch() {
  phase_ = Phase::answering;
  any_request_ = true;
  charge_.release();
  chunked_.reset();
  bool grpc = is_grpc_type(request_.headers.get("content-type"));
  stream_ = std::make_shared<Responder::Stream>(transport_, 0, grpc);
  transport_.dispatch(std::move(request_), stream_);
}

void Http1Session::on_answer(Responder::Stream& stream) {
  if (&stream != stream_.get()) return;
  auto handed = stream.take();
  if (handed.has_head) write_head(handed);
  for (std::string& piece : handed.pieces) {
    size_t bytes = piece.size();
    if (!write_body_) {
      transport_.unsent_bytes.fetch_sub(bytes, std::memory_order_relaxed);
      continue;
    }
    if (write_chunks_) transport_.write(chunk_prefix(bytes));
    transport_.write(std::move(piece), bytes);
    if (write_chunks_) transport_.write("\r\n");
  }
  if (handed.broken) return transport_.close();
  if (!handed.ended) return;
  if (write_chunks_) transport_.write("0\r\n\r\n");
  end_answer();
}

void Http1Session::write_head(Responder::Stream::Handed& handed) {
  bool may_have_body = handed.status >= 200 && handed.status != 204 && handed.status != 304;
  write_body_ = may_have_body && !is_head_request_;
  write_chunks_ = false;
  Http1Framing framing;
  if (handed.whole) {
    size_t length = handed.pieces.empty() ? 0 : handed.pieces.front().size();
    if (may_have_body) framing.content_length = length;
  } else if (is_http10_) {
    keep_alive_ = false;
  } else if (may_have_body) {
    framing.chunked = true;
    write_chunks_ = write_body_;
  }
  if (has_token(handed.headers.get("connection"), "close") || transport_.state().draining) keep_alive_ = false;
  framing.close = !keep_alive_;
  framing.keep_alive = keep_alive_ && is_http10_;
  std::string head = http1_head(handed.status, handed.headers, framing);
  if (handed.whole && write_body_ && !handed.pieces.empty() && handed.pieces.front().size() <= kMergedBodyBytes) {
    size_t length = handed.pieces.front().size();
    head.append(handed.pieces.front());
    handed.pieces.clear();
    return transport_.write(std::move(head), length);
  }
  transport_.write(std::move(head));
}

void Http1Session::end_answer() {
  stream_->detach(true);
  stream_.reset();
  if (!keep_alive_ || transport_.state().draining) {
    phase_ = Phase::last;
    return transport_.finish();
  }
  phase_ = Phase::head;
  idle_since_ = Clock::now();
  if (!input_.empty()) take_bytes({});
}

void Http1Session::refuse(const Refusal& refusal) {
  phase_ = Phase::last;
  charge_.release();
  request_.body = {};
  Response response = transport_.answer_of(request_, refusal);
  Http1Framing framing{.content_length = response.body.size(), .close = true};
  std::string answer = http1_head(response.status, response.headers, framing);
  if (request_.method != "HEAD") answer.append(response.body);
  transport_.write(std::move(answer));
  transport_.finish(std::max(Transport::kDiscardBytes, transport_.limits().body_bytes));
}

void Http1Session::refuse_malformed(std::string message) {
  transport_.state().count_protocol_error();
  refuse({400, ErrorCode::invalid_argument, std::move(message)});
}

void Http1Session::drain() {
  if (phase_ != Phase::head) return;
  phase_ = Phase::last;
  transport_.finish();
}

void Http1Session::on_sweep(Clock::time_point now) {
  const ServerLimits& limits = transport_.limits();
  ServerState& state = transport_.state();
  bool in_body = phase_ == Phase::sized_body || phase_ == Phase::chunked_body;
  bool pauses = now - piece_at_ > limits.body_timeout;
  if (in_body && (pauses || now - body_began_at_ > limits.request_timeout)) {
    state.count(pauses ? Limit::body_timeout : Limit::request_timeout);
    return refuse({408, ErrorCode::deadline_exceeded, "the rest of the body did not come in time"});
  }
  if (phase_ != Phase::head || transport_.queued_bytes() > 0) return;
  bool waits_for_header = parser_ || !any_request_;
  if (waits_for_header && now - request_began_at_ > limits.header_timeout) {
    state.count(Limit::header_timeout);
    return refuse({408, ErrorCode::deadline_exceeded, "the rest of the header did not come in time"});
  }
  if (!waits_for_header && now - idle_since_ > limits.idle_timeout) {
    state.count(Limit::idle_timeout);
    phase_ = Phase::last;
    transport_.finish();
  }
}

void Http1Session::on_closed() {
  if (stream_) stream_->detach(false);
  stream_.reset();
}

}  // namespace clew::net
