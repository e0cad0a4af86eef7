// Trace by id, v1 and v2: everything that is stored of a trace, from all units, each span once.
#include <cctype>

#include <protozero/pbf_builder.hpp>

#include "api/endpoint.h"
#include "wire/otlp.h"

namespace clew::api {
namespace {

constexpr size_t kTraceIdDigits = 32;

Result<std::shared_ptr<const SpanTable>> find(const Call& call) {
  std::string_view text = call.argument;
  for (char c : text) {
    if (!std::isxdigit(static_cast<unsigned char>(c))) return invalid("trace IDs can only contain hex characters");
  }
  if (text.size() > kTraceIdDigits) return invalid("trace IDs can't be larger than 128 bits");
  ASSIGN_OR_RETURN(TraceId id, TraceId::parse(text));
  TRY(time_range(call.request));
  return call.snapshot()->gather(std::span(&id, 1));
}

bool wants_protobuf(const net::Request& request) {
  return request.headers.get("accept").find("application/protobuf") != std::string_view::npos;
}

net::Response protobuf(std::string body) {
  net::Response response;
  response.headers.add("content-type", "application/protobuf");
  response.body = std::move(body);
  return response;
}

// TraceByIDResponse and its TraceByIDMetrics.
enum class Answer : protozero::pbf_tag_type { trace = 1, metrics = 2 };
enum class Metrics : protozero::pbf_tag_type { inspected_bytes = 1 };

}  // namespace

Result<net::Response> trace_by_id_v1(const Call& call) {
  ASSIGN_OR_RETURN(auto table, find(call));
  if (table->rows() == 0) return net::Response::text(404, "");
  std::string body;
  if (wants_protobuf(call.request)) {
    wire::encode_otlp_protobuf(*table, body);
    return protobuf(std::move(body));
  }
  wire::encode_otlp_json(*table, wire::JsonStyle::tempo_v1, body);
  return net::Response::json(std::move(body));
}

Result<net::Response> trace_by_id_v2(const Call& call) {
  if (call.request.has_parameter("q")) {
    return fail(ErrorCode::unimplemented, "the parameter q is not supported here: the whole trace is answered without");
  }
  ASSIGN_OR_RETURN(auto table, find(call));
  uint64_t inspected = call.budget->inspected_bytes;
  std::string trace;
  if (wants_protobuf(call.request)) {
    wire::encode_otlp_protobuf(*table, trace);
    std::string looked_at;
    if (inspected > 0) protozero::pbf_builder<Metrics>(looked_at).add_uint64(Metrics::inspected_bytes, inspected);
    std::string body;
    protozero::pbf_builder<Answer> answer(body);
    answer.add_message(Answer::trace, trace);
    answer.add_message(Answer::metrics, looked_at);
    return protobuf(std::move(body));
  }
  if (table->rows() == 0) {
    trace = "{}";
  } else {
    wire::encode_otlp_json(*table, wire::JsonStyle::tempo_v2, trace);
  }
  return net::Response::json("{\"trace\":" + trace + ",\"metrics\":" + inspected_bytes_json(inspected) + "}");
}

}  // namespace clew::api
