// What became of an export request, once for all protocols: each outcome is one row of OTLP's answers (OTLP 1.11,
// "OTLP/gRPC Response" and "OTLP/HTTP Response") and one label of clew_receive_requests_total.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "column/span_batch.h"
#include "net/http.h"

namespace clew::receive {

enum class Outcome : uint8_t {
  accepted,
  partial,      // some spans were rejected; the sender must not repeat the request
  malformed,    // bad data: never repeated
  no_tenant,    // tenancy is enabled and the request names none
  too_large,    // before or after decompression: never repeated
  unsupported,  // a content type, message format or compression that is not taken
  busy,         // to be repeated after Verdict::retry_delay_ms
  unavailable,  // starting, stopping, or the disk failed: to be repeated
  failed,       // a fault of ours
};
inline constexpr size_t kOutcomes = 9;

struct OutcomeFacts {
  std::string_view label;
  int http_status;
  ErrorCode rpc_code;  // unset for the two that are successes
};
const OutcomeFacts& facts_of(Outcome outcome);

struct Verdict {
  Outcome outcome = Outcome::accepted;
  std::string message;          // of a refusal: what is wrong, where, what to do
  Rejections rejected;          // of a partial success
  uint32_t retry_delay_ms = 0;  // when busy, or asked for otherwise

  bool is_success() const { return outcome <= Outcome::partial; }
  int http_status() const { return facts_of(outcome).http_status; }
  int rpc_code() const { return static_cast<int>(facts_of(outcome).rpc_code); }
};

inline Verdict refuse(Outcome outcome, std::string message) {
  return {outcome, std::move(message), {}, 0};
}

// The verdict on a request that could not be read: decompression, framing or decoding failed.
Verdict verdict_of_bad_request(Error error);
// The verdict of the engine on a request that was not received whole; request_bytes is the limit as it is set.
Verdict verdict_of_refusal(const net::Refusal& refusal, size_t request_bytes);
// The verdict on a batch that the sink did not take.
Verdict verdict_of_sink(Error error, uint32_t retry_delay_ms);

}  // namespace clew::receive
