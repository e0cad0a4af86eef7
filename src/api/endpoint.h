// What every endpoint is given and answers. The table of all of them is endpoints() in endpoint.cc; one file each.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/api.h"
#include "base/result.h"
#include "column/budget.h"
#include "column/span_source.h"
#include "column/unit.h"
#include "net/http.h"

namespace clew::api {

struct Call {
  const net::Request& request;
  SpanSource& source;
  const ApiOptions& options;
  std::string tenant;
  std::shared_ptr<ReadBudget> budget;
  std::string argument = {};  // the part of the path that varies: a trace id, a tag's name

  std::shared_ptr<const Snapshot> snapshot() const { return source.snapshot(tenant, budget); }
  Status check_time() const { return budget->check_time(); }
};

// An error becomes plain text with the status of its code (http_status).
struct Endpoint {
  std::string_view name;  // for counters
  std::string_view prefix;
  std::optional<std::string_view> suffix;  // none: the path is the prefix; else prefix + argument + suffix
  bool reads_spans;                        // runs on the pool, and needs a tenant
  Result<net::Response> (*answer)(const Call& call);
  bool is_lookup = false;  // quick whatever is stored: does not wait behind searches
  // Of what changes something, or is asked for by an operator: POST, see admin_access.h.
  enum class Admin : uint8_t {
    no,
    query,  // runs on the pool, as what reads spans
    work,   // takes as long as there is data, on the thread for that
  };
  Admin admin = Admin::no;
};
std::span<const Endpoint> endpoints();
// The endpoint and the argument of a path.
const Endpoint* find_endpoint(std::string_view path, std::string& argument);

int http_status(ErrorCode code);

// The time range of a request, from `start` and `end` in seconds since 1970; 0: not given. Both given, start must be
// before end.
struct TimeRange {
  uint64_t start_ns = 0;
  uint64_t end_ns = 0;

  // Asks the unit for its times only where there is a bound: a live unit has to look for them.
  bool overlaps(const Unit& unit) const {
    return (end_ns == 0 || unit.min_start_ns() <= end_ns) && (start_ns == 0 || unit.max_end_ns() >= start_ns);
  }
};
Result<TimeRange> time_range(const net::Request& request);

// A whole number of at least 1; `otherwise` when the parameter is missing or empty.
Result<uint64_t> positive_parameter(const net::Request& request, std::string_view name, uint64_t otherwise,
                                    uint64_t limit);

// The `metrics` object of answers that count nothing else.
std::string inspected_bytes_json(uint64_t bytes);

Result<net::Response> echo(const Call& call);
Result<net::Response> ready(const Call& call);
Result<net::Response> build_info(const Call& call);
Result<net::Response> metrics(const Call& call);
Result<net::Response> trace_by_id_v1(const Call& call);
Result<net::Response> trace_by_id_v2(const Call& call);
Result<net::Response> search(const Call& call);
Result<net::Response> tags_v1(const Call& call);
Result<net::Response> tags_v2(const Call& call);
Result<net::Response> tag_values_v1(const Call& call);
Result<net::Response> tag_values_v2(const Call& call);
Result<net::Response> units(const Call& call);
Result<net::Response> verify(const Call& call);
Result<net::Response> repair(const Call& call);
Result<net::Response> compact(const Call& call);
Result<net::Response> erase(const Call& call);
Result<net::Response> erasures(const Call& call);

}  // namespace clew::api
