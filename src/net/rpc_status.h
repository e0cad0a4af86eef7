// google.rpc.Status {code 1, message 2, details 3}: the body of OTLP/HTTP's refusals and what gRPC carries in
// grpc-status-details-bin, with at most google.rpc.RetryInfo as a detail.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace clew::net {

std::string encode_rpc_status(int code, std::string_view message,
                              std::optional<std::chrono::milliseconds> retry_delay = {});

// RetryInfo's delay, rounded up to whole milliseconds, if the status has one; `status` is from outside.
std::optional<std::chrono::milliseconds> retry_delay_of(std::string_view status);

}  // namespace clew::net
