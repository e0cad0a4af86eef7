// What the test harness of W3C's trace-context asks for: w3c_service --port N. POST /test takes a JSON array of
// {"url", "arguments"} and posts each `arguments` to its `url`, with the context that came in and a new parent id each;
// then it answers 200. Prints its port, ends at SIGTERM.
#include <pthread.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../http/http.h"
#include "json.h"

namespace {

// The harness may nest: each level holds a thread.
constexpr unsigned kThreads = 32;

example::Response test(const example::Request& request) {
  std::vector<w3c::Callback> callbacks;
  if (!w3c::callbacks_from(request.body(), callbacks))
    return example::answer(400, "not [{\"url\", \"arguments\"}, ...]\n");
  for (const w3c::Callback& each : callbacks) {
    const size_t host = each.url.find("://");
    if (host == std::string::npos) return example::answer(400, "not a URL: " + each.url + "\n");
    const size_t path = each.url.find('/', host + 3);
    example::CallOptions options;
    options.content_type = "application/json";
    example::call(each.url.substr(0, path), path == std::string::npos ? "/" : each.url.substr(path), each.arguments,
                  options);
  }
  return example::answer(200, "");
}

}  // namespace

int main(int argc, char** argv) {
  const bool named = argc == 3 && std::strcmp(argv[1], "--port") == 0;
  if (argc != 1 && !named) {
    std::fprintf(stderr, "usage: w3c_service [--port N]\n");
    return 2;
  }
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  example::HttpServer server(kThreads);
  server.on("/test", test);
  const uint16_t port = server.start(named ? uint16_t(std::strtol(argv[2], nullptr, 10)) : uint16_t(0));
  if (port == 0) {
    std::fprintf(stderr, "w3c_service: the port cannot be had\n");
    return 1;
  }
  std::printf("%u\n", port);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  server.stop();
}
