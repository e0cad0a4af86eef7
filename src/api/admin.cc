// What an operator asks of the store:
//   POST /api/clew/admin/verify   {"blocks":2,"logFiles":1,"rows":100,"bytes":"9000","problems":[]}
//   POST /api/clew/admin/repair   {"actions":[],"failures":[],"rowsSaved":0,"rowsLost":0}
//   POST /api/clew/admin/compact  {}
//   GET  /api/clew/erasures {"erasures":[{"number":7,"receivedUnixNano":"1…","traces":2,"blocks":1,"logFiles":1}]}
// Numbers of bytes and times are strings, as everywhere in this API. Problems, actions and failures are sentences.
#include <fmt/format.h>

#include "api/endpoint.h"
#include "base/json_text.h"

namespace clew::api {
namespace {

Result<StoreAdmin*> admin_of(const Call& call) {
  if (call.options.admin == nullptr) return fail(ErrorCode::unimplemented, "there is no store to ask here");
  return call.options.admin;
}

void append_sentences(std::string& out, std::string_view name, const std::vector<std::string>& sentences) {
  out += fmt::format("\"{}\":[", name);
  for (const std::string& sentence : sentences) {
    if (out.back() != '[') out.push_back(',');
    append_json_string(out, sentence);
  }
  out += "]";
}

}  // namespace

Result<net::Response> verify(const Call& call) {
  ASSIGN_OR_RETURN(StoreAdmin* const admin, admin_of(call));
  ASSIGN_OR_RETURN(const VerifyReport report, admin->verify(call.tenant));
  std::string body = fmt::format("{{\"blocks\":{},\"logFiles\":{},\"rows\":{},\"bytes\":\"{}\",", report.blocks,
                                 report.log_files, report.rows, report.bytes);
  append_sentences(body, "problems", report.problems);
  return net::Response::json(body + "}");
}

Result<net::Response> repair(const Call& call) {
  ASSIGN_OR_RETURN(StoreAdmin* const admin, admin_of(call));
  ASSIGN_OR_RETURN(const RepairReport report, admin->repair(call.tenant));
  std::string body = "{";
  append_sentences(body, "actions", report.actions);
  body += ",";
  append_sentences(body, "failures", report.failures);
  return net::Response::json(body +
                             fmt::format(",\"rowsSaved\":{},\"rowsLost\":{}}}", report.rows_saved, report.rows_lost));
}

Result<net::Response> compact(const Call& call) {
  ASSIGN_OR_RETURN(StoreAdmin* const admin, admin_of(call));
  TRY(admin->compact(call.tenant));
  return net::Response::json("{}");
}

Result<net::Response> erasures(const Call& call) {
  ASSIGN_OR_RETURN(StoreAdmin* const admin, admin_of(call));
  std::string body = "{\"erasures\":[";
  for (const ErasureStatus& erasure : admin->erasures(call.tenant)) {
    if (body.back() != '[') body.push_back(',');
    body += fmt::format("{{\"number\":{},\"receivedUnixNano\":\"{}\",\"traces\":{},\"blocks\":{},\"logFiles\":{}}}",
                        erasure.number, erasure.received_ns, erasure.traces, erasure.blocks, erasure.log_files);
  }
  return net::Response::json(body + "]}");
}

}  // namespace clew::api
