#include "net/server.h"

#include <latch>
#include <mutex>

#include "base/check.h"
#include "net/io_thread.h"
#include "net/listener.h"

namespace clew::net {
namespace {

class ThreadedServer : public Server {
 public:
  ThreadedServer(int threads, ServerLimits limits) : state_(limits) {
    CHECK(threads > 0);
    for (int i = 0; i < threads; ++i) threads_.push_back(std::make_unique<IoThread>(state_));
  }
  ~ThreadedServer() override { stop(std::chrono::milliseconds(0)); }

  Result<uint16_t> listen(ListenerOptions options) override {
    CHECK(options.handler);
    std::lock_guard lock(mutex_);
    CHECK(!state_.draining);
    std::vector<IoThread*> all;
    for (auto& thread : threads_) all.push_back(thread.get());
    auto listener = std::make_shared<Listener>(*all[listeners_.size() % all.size()], all, std::move(options));
    ASSIGN_OR_RETURN(uint16_t port, listener->bind());
    listener->start();
    listeners_.push_back(std::move(listener));
    return port;
  }

  void stop(std::chrono::milliseconds grace) override {
    std::lock_guard lock(mutex_);
    if (state_.draining.exchange(true)) return;
    std::latch closed(static_cast<std::ptrdiff_t>(listeners_.size()));
    for (auto& listener : listeners_) listener->close([&closed] { closed.count_down(); });
    closed.wait();
    for (auto& thread : threads_) thread->drain();
    state_.wait_until_no_connection(grace);
    for (auto& thread : threads_) thread->stop();
  }

 private:
  ServerState state_;
  std::mutex mutex_;  // listen() and stop()
  std::vector<std::unique_ptr<IoThread>> threads_;
  std::vector<std::shared_ptr<Listener>> listeners_;
};

}  // namespace

std::unique_ptr<Server> Server::start(int threads, ServerLimits limits) {
  return std::make_unique<ThreadedServer>(threads, limits);
}

}  // namespace clew::net
