// Which handler answers a request, by path and by the listener it came to (DESIGN 3.9).
//
//   on loopback, or with listen.share      every listener serves every HTTP API
//   beyond loopback                        each only its own, and /ready
//
// The listeners are there before the store is: until open() receivers refuse and queries get 503, so that a port in use
// is found before a long replay, and senders wait instead of failing. Lifetimes: the net::Server that calls goes first.
// Thread rule: any thread.
#pragma once

#include <atomic>
#include <functional>
#include <string_view>

#include "net/http.h"
#include "receive/ingest.h"
#include "receive/otlp_grpc.h"
#include "receive/otlp_http.h"
#include "server/cors.h"

namespace clew::server {

// What answers questions (api), as routing sees it.
struct QueryApi {
  std::function<bool(std::string_view path)> owns;
  net::Handler handle;
};

// What a listener is for.
enum class Purpose { receive, query };

class Routes {
 public:
  // serves_all: every listener serves every API.
  Routes(receive::Ingest& ingest, bool serves_all, Cors cors = {});

  net::Handler handler(Purpose purpose);
  net::RefusalAnswer refusal_answer(Purpose purpose);
  // From now on `api` answers; it outlives this. Called once.
  void open(const QueryApi& api) { api_.store(&api, std::memory_order_release); }
  // /ready answers 503 again.
  void stop() { stopping_.store(true, std::memory_order_relaxed); }
  bool is_ready() const { return !stopping_.load(std::memory_order_relaxed) && api_.load() != nullptr; }

 private:
  void route(Purpose purpose, net::Request request, net::Responder responder);
  net::Response refuse(Purpose purpose, const net::Request& head, const net::Refusal& refusal);
  void route_grpc(bool receives, net::Request request, net::Responder responder);

  const bool serves_all_;
  const Cors cors_;
  receive::OtlpHttp otlp_http_;
  receive::OtlpGrpc otlp_grpc_;
  std::atomic<const QueryApi*> api_{nullptr};
  std::atomic<bool> stopping_{false};
};

}  // namespace clew::server
