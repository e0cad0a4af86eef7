#include "api/api.h"

#include <fmt/format.h>

#include "api/endpoint.h"
#include "base/counters.h"
#include "base/log.h"
#include "model/tenant.h"

namespace clew::api {
namespace {

constexpr std::string_view kTenantHeader = "x-scope-orgid";
// Beside the one that runs; a further one hears 429.
constexpr uint32_t kWaitingWork = 1;

net::Response error_response(const Error& error) {
  int status = http_status(error.code);
  if (status == 500) log::error("query failed", {{"error", error}});
  return net::Response::text(status, error.message);
}

Counter& requests(std::string_view endpoint, int status) {
  return counter("clew_api_requests_total", "Requests to the query API by their status",
                 {{"endpoint", std::string(endpoint)}, {"status", std::to_string(status)}});
}

struct DamageCounters {
  Counter& retries =
      counter("clew_api_damage_retries_total", "Queries done again without data that they found damaged");
  Counter& limit =
      counter("clew_api_limit_total", "Times a limit of the query API was reached", {{"limit", "damage_retries"}});
};

DamageCounters& damage_counters() {
  static DamageCounters* const instance = new DamageCounters;
  return *instance;
}

Result<std::string> tenant_of(const net::Request& request, bool tenancy) {
  if (!tenancy) return std::string(kSingleTenant);
  std::string name(request.headers.get(kTenantHeader));
  if (name.empty()) return fail(ErrorCode::unauthenticated, "no org id");
  TRY(check_tenant_name(name));
  return name;
}

}  // namespace

Api::Api(SpanSource& source, ApiOptions options, const env::Clock& clock)
    : source_(source),
      options_(std::move(options)),
      clock_(clock),
      pool_({.threads = options_.threads,
             .queue = options_.queue,
             .slow_after_ns = options_.slow_after_ns,
             .slow_queries = options_.slow_queries},
            clock),
      work_({.threads = 1, .queue = kWaitingWork, .slow_queries = 0}, clock) {}

void Api::stop() {
  if (options_.admin != nullptr) options_.admin->end_work();
  work_.stop();
  pool_.stop();
}

bool Api::owns(std::string_view path) const {
  std::string argument;
  return find_endpoint(path, argument) != nullptr;
}

std::shared_ptr<ReadBudget> Api::budget() const {
  uint64_t deadline = options_.time_limit_ns == 0 ? 0 : clock_.monotonic_ns() + options_.time_limit_ns;
  return std::make_shared<ReadBudget>(options_.bytes_limit, deadline, clock_);
}

// Work takes as long as there is data.
std::shared_ptr<ReadBudget> Api::budget(const Endpoint* endpoint) const {
  if (endpoint == nullptr || endpoint->admin != Endpoint::Admin::work) return budget();
  return std::make_shared<ReadBudget>(0, 0, clock_);
}

net::Response Api::answer(const net::Request& request) {
  return answer(request, budget());
}

net::Response Api::answer(const net::Request& request, std::shared_ptr<ReadBudget> budget) {
  std::string argument;
  const Endpoint* endpoint = find_endpoint(request.path, argument);
  if (endpoint == nullptr) return net::Response::text(404, "404 page not found\n");
  auto respond = [&]() -> Result<net::Response> {
    const bool administers = endpoint->admin != Endpoint::Admin::no;
    if (administers && request.method != "POST") {
      net::Response response = net::Response::text(405, "only POST is possible here");
      response.headers.add("allow", "POST");
      return response;
    }
    if (!administers && request.method != "GET" && request.method != "HEAD") {
      net::Response response = net::Response::text(405, "only GET is possible here");
      response.headers.add("allow", "GET, HEAD");
      return response;
    }
    Call call{request, source_, options_, {}, std::move(budget), std::move(argument)};
    if (endpoint->reads_spans) {
      ASSIGN_OR_RETURN(call.tenant, tenant_of(request, options_.tenancy));
      // It may have waited for longer than it is worth.
      TRY(call.check_time());
    }
    return answer(*endpoint, call);
  };
  Result<net::Response> result = respond();
  net::Response response = result ? std::move(*result) : error_response(result.error());
  requests(endpoint->name, response.status).add();
  return response;
}

// What a read found damaged is in no later snapshot, so the query is done once more, on the rest of its budget. What
// changes something is not: an erasure that cannot see all it should match has to be looked at.
Result<net::Response> Api::answer(const Endpoint& endpoint, const Call& call) {
  Result<net::Response> result = endpoint.answer(call);
  if (!endpoint.reads_spans || endpoint.admin != Endpoint::Admin::no) return result;
  for (uint32_t retries = 0; !result && result.error().code == ErrorCode::corruption; ++retries) {
    if (retries == options_.damage_retries) {
      damage_counters().limit.add();
      return result;
    }
    TRY(call.check_time());
    damage_counters().retries.add();
    log::warn("a query met damaged data and is done again without it",
              {{"endpoint", endpoint.name}, {"error", result.error()}});
    result = endpoint.answer(call);
  }
  return result;
}

void Api::handle(net::Request request, net::Responder responder) {
  std::string argument;
  const Endpoint* endpoint = find_endpoint(request.path, argument);
  if (endpoint == nullptr || !endpoint->reads_spans) {
    responder.send(answer(request, budget()));
    return;
  }
  if (endpoint->admin != Endpoint::Admin::no) {
    if (Status allowed = check_admin_access(request, options_.admin_listen); !allowed) {
      requests(endpoint->name, 403).add();
      responder.send(error_response(allowed.error()));
      return;
    }
  }
  struct Pending {
    net::Request request;
    net::Responder responder;
  };
  auto pending = std::make_shared<Pending>(std::move(request), std::move(responder));
  auto query_budget = budget(endpoint);
  pending->responder.on_gone([query_budget] { query_budget->cancel(); });
  QueryPool::Job job{
      query_budget, [this, pending, query_budget] { pending->responder.send(answer(pending->request, query_budget)); },
      [pending] { pending->responder.send(net::Response::text(503, "the server is shutting down")); },
      endpoint->is_lookup, options_.tenancy ? std::string(pending->request.headers.get(kTenantHeader)) : std::string()};
  if ((endpoint->admin == Endpoint::Admin::work ? work_ : pool_).submit(job)) return;
  requests(endpoint->name, 429).add();
  pending->responder.send(net::Response::text(429, "job queue full"));
}

}  // namespace clew::api
