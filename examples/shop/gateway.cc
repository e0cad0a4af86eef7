// What customers talk to: POST /orders with "ITEM COUNT". Answers with the trace's id.
#include <clew/log_ids.h>

#include "services.h"

namespace shop {

std::unique_ptr<Beside> gateway(HttpServer& server, Others& others) {
  const std::string pricing = others["pricing"];
  server.on("/orders", [pricing](const Request& request) {
    const Response priced = call(pricing, "/price", request.body());
    const std::string trace(clew::log_ids().trace_id);
    if (priced.result_int() == 202) return answer(202, trace + "\n");
    log("error", "order not taken: " + std::to_string(priced.result_int()));
    return answer(502, trace + "\n");
  });
  return nullptr;
}

}  // namespace shop
