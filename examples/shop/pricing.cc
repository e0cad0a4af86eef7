// Knows what things cost, and sends priced orders on by the queue.
#include <clew/carriers/map.h>
#include <clew/trace.h>

#include <chrono>
#include <mutex>
#include <thread>

#include "faults.h"
#include "message.h"
#include "services.h"

namespace shop {
namespace {

auto tracer = clew::tracer("shop.pricing");
std::mutex price_book;

unsigned price_of(const std::string& order) {
  auto span = tracer.start("look up price");
  auto waiting = tracer.start("wait for price book");
  std::lock_guard<std::mutex> lock(price_book);
  waiting.end();
  if (faults.has(Fault::kLockContention)) std::this_thread::sleep_for(std::chrono::milliseconds(30));
  const unsigned cents = 100 + unsigned(order.size()) * 37 % 900;
  span.set("shop.price.cents", cents);
  return cents;
}

// The broker speaks HTTP, so that the send is a span of the queue's conventions around one of HTTP.
bool send(const std::string& queue, Message message) {
  auto span = tracer.start("send orders", clew::kProducer,
                           {{"messaging.system", "shop"},
                            {"messaging.destination.name", "orders"},
                            {"messaging.operation.name", "send"},
                            {"messaging.operation.type", "send"}});
  if (!faults.has(Fault::kBrokenPropagation)) clew::inject(clew::MapWriter(message.headers));
  const unsigned status = call(queue, "/enqueue", to_text(message)).result_int();
  if (status != 202) span.status(clew::Status::kError, "the queue does not take it: " + std::to_string(status));
  return status == 202;
}

}  // namespace

std::unique_ptr<Beside> pricing(HttpServer& server, Others& others) {
  const std::string queue = others["queue"];
  server.on("/price", [queue](const Request& request) {
    Message message;
    message.body = request.body() + " " + std::to_string(price_of(request.body()));
    return send(queue, std::move(message)) ? answer(202, "") : answer(503, "try again\n");
  });
  return nullptr;
}

}  // namespace shop
