// Takes orders from the queue: reserves the goods, then charges the card. POST /handled answers how many it has done.
#include <clew/carriers/map.h>
#include <clew/trace.h>

#include <atomic>

#include "faults.h"
#include "message.h"
#include "services.h"

namespace shop {
namespace {

constexpr unsigned kMostTries = 8;
constexpr unsigned kWorkers = 4;

auto tracer = clew::tracer("shop.fulfilment");

class Workers : public Beside {
 public:
  explicit Workers(const Others& others) : others_(others) {
    for (unsigned i = 0; i < kWorkers; ++i) threads_.emplace_back([this] { run(); });
  }
  ~Workers() override {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
  }
  unsigned handled() const { return handled_; }

 private:
  void run() {
    CallOptions untraced;
    untraced.traced = false;
    while (!stopping_) {
      const Response next = call(others_.at("queue"), "/next", "", untraced);
      if (next.result_int() == 200) {
        handle(message_from(next.body()));
        ++handled_;
      } else if (next.result_int() != 204) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));  // nobody there
      }
    }
  }

  void handle(const Message& message) {
    const clew::Context producer = clew::extract(clew::MapReader(message.headers));
    clew::StartOptions options;
    options.kind = clew::kConsumer;
    options.parent = &producer;
    auto span = tracer.start("process orders", options);
    span.set("messaging.system", "shop").set("messaging.destination.name", "orders");
    span.set("messaging.operation.name", "process").set("messaging.operation.type", "process");
    if (!try_to("inventory", "/reserve", message.body) || !try_to("payment", "/charge", message.body)) {
      span.fail("order given up");
      log("error", "order given up: " + message.body);
    }
  }

  bool try_to(const std::string& service, const std::string& target, const std::string& body) {
    CallOptions options;
    const unsigned tries = faults.has(Fault::kRetryStorm) ? kMostTries : 2;
    for (; options.resends < tries; ++options.resends) {
      if (call(others_.at(service), target, body, options).result_int() == 200) return true;
    }
    return false;
  }

  const Others others_;
  std::atomic<bool> stopping_{false};
  std::atomic<unsigned> handled_{0};
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<Beside> fulfilment(HttpServer& server, Others& others) {
  auto workers = std::make_unique<Workers>(others);
  server.on_untraced("/handled",
                     [it = workers.get()](const Request&) { return answer(200, std::to_string(it->handled())); });
  return workers;
}

}  // namespace shop
