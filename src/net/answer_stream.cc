#include "net/answer_stream.h"

#include "base/check.h"
#include "net/grpc.h"
#include "net/transport.h"

namespace clew::net {

void Responder::Stream::wake() {
  if (awake_ || !transport_) return;
  awake_ = true;
  transport_->post_answer(shared_from_this());
}

void Responder::Stream::add(const Headers& fields) {
  std::lock_guard lock(mutex_);
  CHECK(!begun_);
  added_.add(fields);
}

void Responder::Stream::begin(int status, Headers headers, bool whole) {
  std::lock_guard lock(mutex_);
  CHECK(!begun_);
  begun_ = true;
  if (!transport_) return;
  handed_.has_head = true;
  handed_.whole = whole;
  handed_.status = status;
  handed_.headers = std::move(headers);
  handed_.headers.add(added_);
  if (!whole) wake();
}

bool Responder::Stream::write(std::string piece, bool whole) {
  std::lock_guard lock(mutex_);
  CHECK(begun_ && !ended_);
  if (!transport_ || over_limit_) return false;
  if (!whole && transport_->unsent_bytes.load(std::memory_order_relaxed) > transport_->limits().unsent_bytes) {
    over_limit_ = true;
    transport_->state().count(Limit::unsent_bytes);
    return false;
  }
  if (piece.empty()) return !gone();
  transport_->unsent_bytes.fetch_add(piece.size(), std::memory_order_relaxed);
  handed_bytes_ += piece.size();
  handed_.pieces.push_back(std::move(piece));
  if (!whole) wake();
  return !gone();
}

void Responder::Stream::end(Headers trailers) {
  std::lock_guard lock(mutex_);
  CHECK(begun_ && !ended_);
  ended_ = true;
  handed_.trailers = std::move(trailers);
  handed_.ended = true;
  handed_.broken = over_limit_;
  wake();
}

void Responder::Stream::abandon() {
  bool begun = false;
  {
    std::lock_guard lock(mutex_);
    if (ended_) return;
    begun = begun_;
    over_limit_ = over_limit_ || begun;
  }
  if (begun) return end({});
  constexpr const char* kMessage = "the request was dropped without an answer";
  Response response = grpc_ ? grpc_error(static_cast<int>(ErrorCode::internal), kMessage)
                            : Response::text(500, std::string(kMessage) + "\n");
  begin(response.status, std::move(response.headers), true);
  write(std::move(response.body), true);
  end(std::move(response.trailers));
}

void Responder::Stream::on_gone(std::function<void()> callback) {
  {
    std::lock_guard lock(mutex_);
    if (!gone()) {
      if (transport_) gone_callback_ = std::move(callback);
      return;
    }
  }
  callback();
}

Responder::Stream::Handed Responder::Stream::take() {
  std::lock_guard lock(mutex_);
  awake_ = false;
  handed_bytes_ = 0;
  return std::exchange(handed_, {});
}

void Responder::Stream::mark_gone() {
  std::function<void()> callback;
  {
    std::lock_guard lock(mutex_);
    gone_.store(true, std::memory_order_relaxed);
    callback = std::exchange(gone_callback_, {});
  }
  if (callback) callback();
}

size_t Responder::Stream::detach(bool completed) {
  std::function<void()> callback;
  size_t left = 0;
  {
    std::lock_guard lock(mutex_);
    transport_ = nullptr;
    if (!completed) gone_.store(true, std::memory_order_relaxed);
    callback = std::exchange(gone_callback_, {});
    handed_ = {};
    left = std::exchange(handed_bytes_, 0);
  }
  if (callback && !completed) callback();
  return left;
}

}  // namespace clew::net
