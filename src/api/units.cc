// Clew's own: what is stored, unit by unit, newest first; the command line says with it which times the store holds.
//   {"units":[{"name":"lane0-000017","state":"live","rows":5,"traces":1,"bytes":"9000","minStartUnixNano":"1…",
//     "maxEndUnixNano":"1…"}]}
#include <fmt/format.h>

#include "api/endpoint.h"
#include "base/json_text.h"

namespace clew::api {

Result<net::Response> units(const Call& call) {
  std::string body = "{\"units\":[";
  auto snapshot = call.snapshot();
  for (bool first = true; const auto& unit : snapshot->units()) {
    TRY(call.check_time());
    if (unit->rows() == 0) continue;
    if (!first) body.push_back(',');
    first = false;
    body += "{\"name\":";
    append_json_string(body, unit->name());
    body += fmt::format(
        ",\"state\":\"{}\",\"rows\":{},\"traces\":{},\"bytes\":\"{}\",\"minStartUnixNano\":\"{}\",\"maxEndUnixNano\":"
        "\"{}\"}}",
        unit->is_live() ? "live" : "block", unit->rows(), unit->traces(), unit->stored_bytes(), unit->min_start_ns(),
        unit->max_end_ns());
  }
  body += "]}";
  return net::Response::json(std::move(body));
}

}  // namespace clew::api
