// A client and a server in one process: client_server. The server's span is a child of the client's, as it would be in
// another process, for the context goes through the request's headers.
#include <clew/trace.h>

#include <cstdio>

#include "http.h"

int main() {
  auto tracer = clew::tracer("client_server");
  example::HttpServer server(2);
  server.on("/greeting", [&tracer](const example::Request& request) {
    auto span = tracer.start("compose greeting");
    return example::answer(200, "hello " + request.body() + "\n");
  });
  const uint16_t port = server.start(0);
  auto span = tracer.start("visit");
  const example::Response response = example::call("http://127.0.0.1:" + std::to_string(port), "/greeting", "world");
  std::printf("%u %s", response.result_int(), response.body().c_str());
  span.end();
  server.stop();
  return response.result_int() == 200 ? 0 : 1;
}
