#include "net/transport.h"

#include <array>
#include <boost/asio/buffer.hpp>

#include "net/io_thread.h"

namespace clew::net {
namespace {

constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr size_t kFirstReadBytes = 16 << 10;
constexpr size_t kGatheredPieces = 16;
// How long a client may still send after the last answer before it is cut off, in all and without a pause.
constexpr std::chrono::milliseconds kDiscardTime{10'000};
constexpr std::chrono::milliseconds kDiscardPause{1000};
constexpr std::chrono::milliseconds kDiscardTimeAtStop{100};

std::string text_of(const tcp::endpoint& endpoint) {
  std::string address = endpoint.address().to_string();
  if (endpoint.address().is_v6()) address = "[" + address + "]";
  return address + ":" + std::to_string(endpoint.port());
}

bool is_loopback(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback();
  }
  return address.is_loopback();
}

}  // namespace

Transport::Transport(IoThread& thread, tcp::socket socket, std::shared_ptr<ListenerState> listener)
    : thread_(thread), state_(thread.state()), listener_(std::move(listener)), socket_(std::move(socket)) {
  connection_ = std::make_shared<Connection>();
  connection_->listener = listener_->options.name;
}

void Transport::start() {
  thread_.add(shared_from_this());
  SystemError error;
  tcp::endpoint peer = socket_.remote_endpoint(error);
  if (!error) socket_.non_blocking(true, error);
  if (error || state_.draining) return close();
  connection_->peer = text_of(peer);
  connection_->loopback = is_loopback(peer.address());
  SystemError ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  settle();
}

void Transport::drain() {
  if (closed_ || finishing_) return;
  if (!session_) return close();
  session_->drain();
  settle();
}

void Transport::close() {
  if (closed_) return;
  closed_ = true;
  auto self = shared_from_this();
  SystemError ignored;
  socket_.close(ignored);
  queue_.clear();
  if (session_) session_->on_closed();
  thread_.remove(self);
  state_.release_connection();
}

void Transport::on_sweep(Clock::time_point now) {
  if (closed_) return;
  if (writing_ && now - write_progress_at_ > limits().write_timeout) {
    state_.count(Limit::write_timeout);
    return close();
  }
  if (finishing_) {
    auto patience = state_.draining ? kDiscardTimeAtStop : kDiscardTime;
    bool pauses = now - std::max(shut_down_at_, discarded_at_) > kDiscardPause;
    if (shut_down_ && (pauses || now - shut_down_at_ > patience)) close();
    return;
  }
  if (!session_) {
    if (now - opened_at_ <= limits().header_timeout) return;
    state_.count(Limit::header_timeout);
    return close();
  }
  session_->on_sweep(now);
  settle();
}

bool Transport::wants_bytes() const {
  if (finishing_) return left_to_discard_bytes_ > 0;
  return !session_ || session_->wants_bytes();
}

void Transport::settle() {
  if (closed_) return;
  send_queued();
  wait_for_bytes();
}

void Transport::wait_for_bytes() {
  if (closed_ || waiting_ || !wants_bytes()) return;
  waiting_ = true;
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](SystemError error) {
    self->waiting_ = false;
    if (error || self->closed_) return;
    self->on_readable();
    self->settle();
  });
}

void Transport::on_readable() {
  if (finishing_) {
    discard();
  } else if (!session_) {
    read_first_bytes();
  } else if (session_->wants_bytes()) {
    session_->on_readable();
  }
}

void Transport::read_first_bytes() {
  std::string& buffer = scratch();
  ReadOutcome outcome = read_some(buffer.data(), std::min(buffer.size(), kFirstReadBytes));
  if (outcome.ended) return close();
  first_bytes_.append(buffer, 0, outcome.bytes);
  if (first_bytes_.empty()) return;
  size_t compared = std::min(first_bytes_.size(), kHttp2Preface.size());
  bool alike = kHttp2Preface.starts_with(std::string_view(first_bytes_).substr(0, compared));
  if (alike && compared < kHttp2Preface.size()) return;
  session_ = alike ? make_http2_session(*this) : make_http1_session(*this);
  session_->on_first_bytes(std::move(first_bytes_));
}

void Transport::discard() {
  std::string& buffer = scratch();
  ReadOutcome outcome = read_some(buffer.data(), buffer.size());
  if (outcome.bytes > 0) discarded_at_ = Clock::now();
  left_to_discard_bytes_ -= outcome.ended ? left_to_discard_bytes_ : std::min(left_to_discard_bytes_, outcome.bytes);
  if (shut_down_ && left_to_discard_bytes_ == 0) close();
}

Transport::ReadOutcome Transport::read_some(char* to, size_t size) {
  SystemError error;
  size_t bytes = socket_.read_some(asio::buffer(to, size), error);
  if (!error) return {bytes, false};
  return {0, error != asio::error::would_block && error != asio::error::try_again && error != asio::error::interrupted};
}

std::string& Transport::scratch() {
  return thread_.scratch();
}

void Transport::write(std::string bytes, size_t answer_bytes) {
  if (closed_ || bytes.empty()) return;
  queued_bytes_ += bytes.size();
  queue_.push_back({std::move(bytes), answer_bytes});
}

void Transport::send_queued() {
  if (closed_ || writing_) return;
  if (queue_.empty()) return on_queue_sent();
  std::array<asio::const_buffer, kGatheredPieces> buffers;
  size_t count = std::min(queue_.size(), buffers.size());
  for (size_t i = 0; i < count; ++i) {
    size_t skip = i == 0 ? front_sent_ : 0;
    buffers[i] = asio::const_buffer(queue_[i].bytes.data() + skip, queue_[i].bytes.size() - skip);
  }
  writing_ = true;
  write_progress_at_ = Clock::now();
  socket_.async_write_some(buffers, [self = shared_from_this()](SystemError error, size_t bytes) {
    self->writing_ = false;
    if (self->closed_) return;
    if (error) return self->close();
    self->on_sent(bytes);
    self->settle();
  });
}

void Transport::on_sent(size_t bytes) {
  queued_bytes_ -= bytes;
  bytes += front_sent_;
  while (!queue_.empty() && bytes >= queue_.front().bytes.size()) {
    bytes -= queue_.front().bytes.size();
    unsent_bytes.fetch_sub(queue_.front().answer_bytes, std::memory_order_relaxed);
    queue_.pop_front();
  }
  front_sent_ = bytes;
  if (queue_.empty() && session_ && !finishing_) session_->on_written();
}

void Transport::on_queue_sent() {
  if (!finishing_ || shut_down_) return;
  shut_down_ = true;
  shut_down_at_ = Clock::now();
  if (left_to_discard_bytes_ == 0) return close();
  SystemError ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void Transport::finish(size_t discard_bytes) {
  if (std::exchange(finishing_, true)) return;
  left_to_discard_bytes_ = discard_bytes;
}

void Transport::dispatch(Request request, std::shared_ptr<Responder::Stream> stream) {
  request.connection = connection_;
  listener_->requests(request.http_version).add();
  listener_->options.handler(std::move(request), Responder(std::move(stream)));
}

Response Transport::answer_of(const Request& head, const Refusal& refusal) const {
  return listener_->options.refuse(head, refusal);
}

void Transport::post_answer(std::shared_ptr<Responder::Stream> stream) {
  asio::post(socket_.get_executor(), [self = shared_from_this(), stream = std::move(stream)] {
    if (self->closed_) return;
    if (self->session_) self->session_->on_answer(*stream);
    self->settle();
  });
}

}  // namespace clew::net
