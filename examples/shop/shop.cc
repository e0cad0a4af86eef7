// One of the six processes of the shop: shop ROLE [--port N] [--fault NAMES] [OTHER=URL]…
// Prints its port on standard output, then serves until SIGTERM.
#include <clew/init.h>
#include <clew/log_ids.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "faults.h"
#include "services.h"

namespace shop {

void log(const char* level, const std::string& message) {
  const clew::IdText ids = clew::log_ids();
  std::fprintf(stderr, "level=%s trace_id=%s span_id=%s msg=\"%s\"\n", level, ids.trace_id, ids.span_id,
               message.c_str());
}

namespace {

constexpr unsigned kThreads = 16;
constexpr uint32_t kFlushMs = 15000;

constexpr struct {
  const char* name;
  std::unique_ptr<Beside> (*set_up)(HttpServer&, Others&);
} kRoles[] = {{"gateway", gateway},       {"pricing", pricing},     {"queue", queue},
              {"fulfilment", fulfilment}, {"inventory", inventory}, {"payment", payment}};

int usage(const char* problem) {
  std::fprintf(stderr,
               "shop: %s\nusage: shop gateway|pricing|queue|fulfilment|inventory|payment [--port N] "
               "[--fault NAMES] [OTHER=URL]...\n",
               problem);
  return 2;
}

int serve(const char* name, std::unique_ptr<Beside> (*set_up)(HttpServer&, Others&), uint16_t wanted, Others& others) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);  // threads inherit it
  std::signal(SIGPIPE, SIG_IGN);
  clew::Config config = clew::config_from_environment();
  if (config.service_name.empty()) config.service_name = name;
  clew::init(std::move(config));

  HttpServer server(kThreads);
  server.on_untraced("/faults", [](const Request& request) {
    return faults.replace(request.body()) ? answer(200, "") : answer(400, "no such fault\n");
  });
  std::unique_ptr<Beside> beside = set_up(server, others);
  const uint16_t port = server.start(wanted);
  if (port == 0) return usage("the port cannot be had");
  std::printf("%u\n", port);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  server.stop();
  beside.reset();
  clew::flush(kFlushMs);
  return 0;
}

}  // namespace
}  // namespace shop

int main(int argc, char** argv) {
  shop::Others others;
  long port = 0;
  for (int i = 2; i < argc; ++i) {
    const std::string word = argv[i];
    const size_t equals = word.find('=');
    if (word == "--port" && i + 1 < argc) {
      port = std::strtol(argv[++i], nullptr, 10);
    } else if (word == "--fault" && i + 1 < argc) {
      if (!shop::faults.replace(argv[++i])) return shop::usage("no such fault");
    } else if (equals != std::string::npos) {
      others[word.substr(0, equals)] = word.substr(equals + 1);
    } else {
      return shop::usage(("not understood: " + word).c_str());
    }
  }
  for (const auto& role : shop::kRoles) {
    if (argc > 1 && std::strcmp(role.name, argv[1]) == 0) {
      return shop::serve(role.name, role.set_up, uint16_t(port), others);
    }
  }
  return shop::usage("which process?");
}
