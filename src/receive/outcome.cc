#include "receive/outcome.h"

#include <fmt/format.h>

#include <array>

namespace clew::receive {
namespace {

constexpr std::array<OutcomeFacts, kOutcomes> kFacts = {{
    {"accepted", 200, ErrorCode{}},
    {"partial", 200, ErrorCode{}},
    {"malformed", 400, ErrorCode::invalid_argument},
    {"no_tenant", 401, ErrorCode::invalid_argument},
    {"too_large", 413, ErrorCode::resource_exhausted},
    {"unsupported", 415, ErrorCode::unimplemented},
    {"busy", 429, ErrorCode::resource_exhausted},
    {"unavailable", 503, ErrorCode::unavailable},
    {"failed", 500, ErrorCode::internal},
}};

}  // namespace

const OutcomeFacts& facts_of(Outcome outcome) {
  return kFacts[static_cast<size_t>(outcome)];
}

Verdict verdict_of_bad_request(Error error) {
  switch (error.code) {
    case ErrorCode::resource_exhausted: return refuse(Outcome::too_large, std::move(error.message));
    case ErrorCode::unimplemented: return refuse(Outcome::unsupported, std::move(error.message));
    case ErrorCode::internal: return refuse(Outcome::failed, std::move(error.message));
    default: return refuse(Outcome::malformed, std::move(error.message));
  }
}

Verdict verdict_of_refusal(const net::Refusal& refusal, size_t request_bytes) {
  constexpr int kContentTooLarge = 413;
  Verdict verdict = verdict_of_bad_request({refusal.code, refusal.message});
  if (refusal.status == kContentTooLarge) {
    verdict.message = fmt::format("the body exceeds the limit of {} bytes (limits.request_bytes)", request_bytes);
  }
  if (refusal.code == ErrorCode::unavailable) verdict.outcome = Outcome::unavailable;
  verdict.retry_delay_ms = static_cast<uint32_t>(refusal.retry_delay.count());
  return verdict;
}

Verdict verdict_of_sink(Error error, uint32_t retry_delay_ms) {
  Verdict verdict;
  verdict.message = std::move(error.message);
  switch (error.code) {
    case ErrorCode::resource_exhausted:
      verdict.outcome = Outcome::busy;
      verdict.retry_delay_ms = retry_delay_ms;
      break;
    case ErrorCode::invalid_argument: verdict.outcome = Outcome::malformed; break;
    case ErrorCode::cancelled:
    case ErrorCode::failed_precondition:
    case ErrorCode::unavailable: verdict.outcome = Outcome::unavailable; break;
    default: verdict.outcome = Outcome::failed; break;
  }
  return verdict;
}

}  // namespace clew::receive
