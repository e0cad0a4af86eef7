#include <fmt/format.h>

#include "wire/otlp.h"
#include "wire/otlp_json_in.h"
#include "wire/otlp_protobuf_in.h"
#include "wire/span_intake.h"

namespace clew::wire {

struct OtlpDecoder::State {
  explicit State(const Limits& limits) : intake(limits, vocabulary), protobuf(intake), json(intake) {}

  template <typename Input>
  Status decode(Input& input, std::string_view body, uint64_t receive_ns, SpanBatch& batch) {
    intake.begin_request(batch, receive_ns, body);
    size_t limit = intake.admission.limits().request_bytes;
    if (body.size() > limit) {
      return fail(
          ErrorCode::resource_exhausted,
          fmt::format("a request of {} bytes; at most {} are taken (limits.request_bytes)", body.size(), limit));
    }
    Status taken = input.decode(body);
    if (!taken) batch.clear();
    return taken;
  }

  Vocabulary vocabulary;
  SpanIntake intake;
  OtlpProtobufIn protobuf;
  OtlpJsonIn json;
};

OtlpDecoder::OtlpDecoder(const Limits& limits) : state_(std::make_unique<State>(limits)) {}
OtlpDecoder::~OtlpDecoder() = default;

Status OtlpDecoder::decode_protobuf(std::string_view body, uint64_t receive_ns, SpanBatch& batch) {
  return state_->decode(state_->protobuf, body, receive_ns, batch);
}

Status OtlpDecoder::decode_json(std::string_view body, uint64_t receive_ns, SpanBatch& batch) {
  return state_->decode(state_->json, body, receive_ns, batch);
}

Vocabulary& OtlpDecoder::vocabulary() {
  return state_->vocabulary;
}

size_t OtlpDecoder::allocated_bytes() const {
  return state_->vocabulary.allocated_bytes() + state_->intake.allocated_bytes() + state_->protobuf.allocated_bytes() +
         state_->json.allocated_bytes();
}

}  // namespace clew::wire
