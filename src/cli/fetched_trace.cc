#include "cli/fetched_trace.h"

#include <fmt/format.h>

#include <limits>

#include "column/span_batch.h"
#include "column/span_table.h"
#include "wire/otlp.h"
#include "wire/proto_fields.h"

namespace clew::cli {
namespace {

constexpr std::string_view kProtobuf = "application/protobuf";

// TraceByIDResponse.trace
Result<std::string_view> trace_of_answer(std::string_view answer) {
  constexpr uint32_t kTrace = wire::tag_of(1, wire::kBytes);
  std::string_view trace;
  wire::FieldReader field(answer);
  while (field.next()) {
    if (field.tag() == kTrace) trace = field.bytes();
  }
  if (field.fault() != nullptr) return corrupt(fmt::format("the answer is not a TraceByIDResponse: {}", field.fault()));
  return trace;
}

// A trace as it is stored may be longer than what a sender may send.
Limits unlimited() {
  Limits limits;
  limits.attributes_per_span = std::numeric_limits<uint32_t>::max();
  limits.events_per_span = std::numeric_limits<uint32_t>::max();
  limits.links_per_span = std::numeric_limits<uint32_t>::max();
  limits.value_bytes = std::numeric_limits<uint32_t>::max();
  limits.key_bytes = std::numeric_limits<uint32_t>::max();
  limits.name_bytes = std::numeric_limits<uint32_t>::max();
  limits.request_bytes = std::numeric_limits<uint32_t>::max();
  return limits;
}

}  // namespace

Result<std::shared_ptr<SpanTable>> decode_otlp(std::string_view bytes) {
  wire::OtlpDecoder decoder(unlimited());
  SpanBatch batch;
  Status decoded = decoder.decode_protobuf(bytes, 0, batch);
  if (!decoded) return corrupt("the answer is not OTLP: " + decoded.error().message);
  auto table = std::make_shared<SpanTable>();
  table->append(batch);
  table->publish();
  return table;
}

Result<std::shared_ptr<SpanTable>> fetch_trace(TempoSource& source, TraceId id) {
  auto missing = [&] {
    return fail(ErrorCode::not_found, fmt::format("there is no trace {} at {}", id.hex(), source.where()));
  };
  std::shared_ptr<SpanTable> table;
  auto answer = source.get("/api/v2/traces/" + id.hex(), {}, kProtobuf);
  if (answer) {
    ASSIGN_OR_RETURN(std::string_view trace, trace_of_answer(*answer));
    ASSIGN_OR_RETURN(table, decode_otlp(trace));
  } else if (answer.error().code == ErrorCode::not_found) {
    auto v1 = source.get("/api/traces/" + id.hex(), {}, kProtobuf);
    if (!v1 && v1.error().code == ErrorCode::not_found) return missing();
    if (!v1) return std::unexpected(std::move(v1.error()));
    ASSIGN_OR_RETURN(table, decode_otlp(*v1));
  } else {
    return std::unexpected(std::move(answer.error()));
  }
  if (table->rows() == 0) return missing();
  return table;
}

std::string otlp_json_line(const SpanTable& table) {
  std::string out;
  wire::encode_otlp_json(table, wire::JsonStyle::otlp, out);
  out.push_back('\n');
  return out;
}

}  // namespace clew::cli
