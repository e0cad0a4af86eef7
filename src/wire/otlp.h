// OTLP in and out (opentelemetry-proto 1.11: trace.proto, common.proto, resource.proto, trace_service.proto).
//
// In: one walk over the bytes, straight into dictionary-coded rows; what is malformed refuses the whole request
// (invalid_argument, saying where) and leaves the batch empty; a span with a bad id is rejected alone. Out: the same
// fields, equal up to order and grouping.
//
// Thread rule: a decoder is used by one thread at a time (it belongs to a connection); encoding is stateless.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "column/span_batch.h"
#include "column/span_table.h"
#include "model/limits.h"

namespace clew::wire {

class OtlpDecoder {
 public:
  explicit OtlpDecoder(const Limits& limits);
  ~OtlpDecoder();

  // The batch's vocabulary is the decoder's and lives as long as it. Both overwrite the batch.
  Status decode_protobuf(std::string_view body, uint64_t receive_ns, SpanBatch& batch);
  Status decode_json(std::string_view body, uint64_t receive_ns, SpanBatch& batch);

  Vocabulary& vocabulary();
  // What the dictionaries hold; the owner replaces a decoder that has grown beyond its limit (between requests).
  size_t allocated_bytes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// ExportTraceServiceRequest / TracesData with all rows of the table (published ones), grouped by resource and scope.
// Always with a Resource, a Scope and a Status message, which some clients dereference unseen.
void encode_otlp_protobuf(const SpanTable& table, std::string& out);

enum class JsonStyle {
  otlp,      // OTLP/JSON: "resourceSpans", hex ids, enums as numbers
  tempo_v1,  // Tempo's trace by id v1: "batches", base64 ids, enums as names
  tempo_v2,  // the same with "resourceSpans": the content of v2's "trace"
};
void encode_otlp_json(const SpanTable& table, JsonStyle style, std::string& out);

// ExportTraceServiceResponse: empty, or with partial_success when something was rejected.
std::string encode_export_response_protobuf(const Rejections& rejected);
std::string encode_export_response_json(const Rejections& rejected);

}  // namespace clew::wire
