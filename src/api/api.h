// Tempo's HTTP API over a SpanSource: trace by id, search, tags and their values, health, build info, and Clew's own
// counters and list of units. Errors are plain text, bodies are Tempo's JSON without additions.
//
// Thread rule: handle() from any thread, which it does not block: queries run on the pool's threads, what an operator
// asks for and takes long on one of its own. answer() is for callers that have a thread to wait on (the command line),
// and trusts them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/admin_access.h"
#include "api/query_pool.h"
#include "column/span_source.h"
#include "column/store_admin.h"
#include "env/clock.h"
#include "net/http.h"

namespace clew::api {

struct BuildInfo {
  std::string version;
  std::string revision;
  std::string branch;
  std::string build_date;
  std::string compiler;
};

// Settings under `query.` and `admin.`, and what only the server knows.
struct ApiOptions {
  BuildInfo build;
  StoreAdmin* admin = nullptr;  // outlives the Api; none: units are not listed
  bool tenancy = false;         // X-Scope-OrgID is needed
  uint32_t threads = 2;
  uint32_t queue = 256;                  // queries waiting for a thread; a further one hears 429
  uint64_t slow_after_ns = 250'000'000;  // then a query gives up its thread and goes on behind others; 0: never
  uint32_t slow_queries = 16;            // that do so at once
  uint64_t time_limit_ns = 30ULL * 1'000'000'000;  // of one query, waiting included; 0: none
  uint64_t bytes_limit = 0;                        // one query may read; 0: no limit
  uint32_t damage_retries = 3;                     // of a query that meets damaged data; then it fails
  uint32_t search_limit = 262144;                  // the largest `limit`
  uint32_t spans_per_spanset_limit = 100;          // the largest `spss`
  uint32_t tag_names_limit = 100000;               // of one scope in one answer
  uint64_t tag_values_bytes = uint64_t{1} << 20;   // of values in one answer
  AdminListen admin_listen = AdminListen::loopback;
  uint32_t delete_limit = 100000;  // traces that one call may erase
};

struct Call;
struct Endpoint;

class Api {
 public:
  // The source and the clock outlive the Api.
  Api(SpanSource& source, ApiOptions options, const env::Clock& clock = env::system_clock());
  ~Api() { stop(); }

  // Whether the path is one of the Api's; handle() answers others with 404.
  bool owns(std::string_view path) const;
  void handle(net::Request request, net::Responder responder);
  // The same, on the caller's thread, without a place in the queue.
  net::Response answer(const net::Request& request);

  // Waiting queries are answered with 503, running ones are cancelled and awaited; so is the work of an operator.
  void stop();

 private:
  std::shared_ptr<ReadBudget> budget() const;
  std::shared_ptr<ReadBudget> budget(const Endpoint* endpoint) const;
  net::Response answer(const net::Request& request, std::shared_ptr<ReadBudget> budget);
  Result<net::Response> answer(const Endpoint& endpoint, const Call& call);

  SpanSource& source_;
  const ApiOptions options_;
  const env::Clock& clock_;
  QueryPool pool_;
  QueryPool work_;  // of one thread
};

}  // namespace clew::api
