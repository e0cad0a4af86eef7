// The broker: keeps messages in order until they are fetched. In memory, one topic; it stands for Kafka or RabbitMQ,
// which the shop does without.
#include <clew/span.h>

#include <chrono>
#include <condition_variable>
#include <deque>

#include "services.h"

namespace shop {
namespace {

class Broker : public Beside {
 public:
  static constexpr size_t kMostMessages = 10000;

  ~Broker() override = default;

  bool put(std::string message) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (messages_.size() >= kMostMessages) return false;
    messages_.push_back(std::move(message));
    arrived_.notify_one();
    clew::current_span().set("shop.queue.depth", messages_.size());
    return true;
  }
  // Empty when none comes within a moment.
  std::string take() {
    std::unique_lock<std::mutex> lock(mutex_);
    arrived_.wait_for(lock, std::chrono::milliseconds(200), [this] { return !messages_.empty(); });
    if (messages_.empty()) return {};
    std::string message = std::move(messages_.front());
    messages_.pop_front();
    return message;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::string> messages_;
};

}  // namespace

std::unique_ptr<Beside> queue(HttpServer& server, Others&) {
  auto broker = std::make_unique<Broker>();
  Broker* const it = broker.get();
  server.on("/enqueue",
            [it](const Request& request) { return it->put(request.body()) ? answer(202, "") : answer(503, "full\n"); });
  server.on_untraced("/next", [it](const Request&) {
    std::string message = it->take();
    return message.empty() ? answer(204, "") : answer(200, std::move(message));
  });
  return broker;
}

}  // namespace shop
