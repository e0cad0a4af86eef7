// Charges cards. Its work goes on in a thread pool, with the context bound.
#include <clew/trace.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <future>

#include "faults.h"
#include "services.h"

namespace shop {
namespace {

auto tracer = clew::tracer("shop.payment");
std::atomic<unsigned> charges{0};

bool charge(const std::string& order) {
  auto span = tracer.start("charge card", clew::kClient);
  span.set("shop.order", order);
  const bool third = charges++ % 3 == 2;
  if (third && faults.has(Fault::kLatency)) std::this_thread::sleep_for(std::chrono::milliseconds(300));
  if (third && faults.has(Fault::kErrors)) {
    span.fail("the bank does not answer");
    log("error", "the bank does not answer");
    return false;
  }
  return true;
}

class Pool : public Beside {
 public:
  ~Pool() override { threads.join(); }
  boost::asio::thread_pool threads{2};
};

}  // namespace

std::unique_ptr<Beside> payment(HttpServer& server, Others&) {
  auto pool = std::make_unique<Pool>();
  server.on("/charge", [it = pool.get()](const Request& request) {
    std::promise<bool> done;
    boost::asio::post(it->threads, clew::bind([&] { done.set_value(charge(request.body())); }));
    return done.get_future().get() ? answer(200, "") : answer(503, "not charged\n");
  });
  return pool;
}

}  // namespace shop
