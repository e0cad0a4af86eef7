// Clew's own: what is stored, unit by unit, newest first, and what is wrong with it. The command line says with it
// which times the store holds.
//   {"units":[{"name":"0-17","state":"live","rows":5,"traces":1,"bytes":"9000","minStartUnixNano":"1…",
//     "maxEndUnixNano":"1…","minReceiveUnixNano":"1…","maxReceiveUnixNano":"1…"}],"complaints":[]}
// A damaged unit has "damage", too.
#include <fmt/format.h>

#include <algorithm>

#include "api/endpoint.h"
#include "base/json_text.h"

namespace clew::api {
namespace {

void append_unit(std::string& out, const UnitStatus& unit) {
  out += "{\"name\":";
  append_json_string(out, unit.name);
  out += ",\"state\":";
  append_json_string(out, unit.state);
  if (!unit.damage.empty()) {
    out += ",\"damage\":";
    append_json_string(out, unit.damage);
  }
  out += fmt::format(
      ",\"rows\":{},\"traces\":{},\"bytes\":\"{}\",\"minStartUnixNano\":\"{}\",\"maxEndUnixNano\":\"{}\","
      "\"minReceiveUnixNano\":\"{}\",\"maxReceiveUnixNano\":\"{}\"}}",
      unit.rows, unit.traces, unit.bytes, unit.min_start_ns, unit.max_end_ns, unit.min_receive_ns, unit.max_receive_ns);
}

}  // namespace

Result<net::Response> units(const Call& call) {
  StoreAdmin* admin = call.options.admin;
  if (admin == nullptr) return fail(ErrorCode::unimplemented, "units are not listed here");
  std::vector<UnitStatus> units = admin->list(call.tenant);
  std::erase_if(units, [](const UnitStatus& unit) { return unit.rows == 0 && unit.damage.empty(); });
  std::ranges::stable_sort(units, std::greater(), &UnitStatus::max_end_ns);
  std::string body = "{\"units\":[";
  for (const UnitStatus& unit : units) {
    if (body.back() != '[') body.push_back(',');
    append_unit(body, unit);
  }
  body += "],\"complaints\":[";
  for (const std::string& complaint : admin->complaints()) {
    if (body.back() != '[') body.push_back(',');
    append_json_string(body, complaint);
  }
  body += "]}";
  return net::Response::json(std::move(body));
}

}  // namespace clew::api
