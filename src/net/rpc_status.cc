#include "net/rpc_status.h"

#include <algorithm>

#include "base/bytes.h"

namespace clew::net {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kRetryInfo = "type.googleapis.com/google.rpc.RetryInfo";
constexpr int64_t kLongestDelaySeconds = 24 * 3600;

// Protobuf: wire types 0 (varint) and 2 (length-delimited).
void put_varint_field(ByteWriter& out, uint32_t number, int64_t value) {
  if (value == 0) return;
  out.varint(number << 3);
  out.varint(static_cast<uint64_t>(value));
}
void put_bytes_field(ByteWriter& out, uint32_t number, std::string_view value) {
  out.varint(number << 3 | 2);
  out.sized(value);
}

std::string encode_retry_info(std::chrono::milliseconds delay) {
  std::string duration, info, any;
  ByteWriter duration_out(duration), info_out(info), any_out(any);
  put_varint_field(duration_out, 1, delay.count() / 1000);
  put_varint_field(duration_out, 2, delay.count() % 1000 * 1'000'000);
  put_bytes_field(info_out, 1, duration);
  put_bytes_field(any_out, 1, kRetryInfo);
  put_bytes_field(any_out, 2, info);
  return any;
}

// Calls take(number, bytes, scalar) for each field; what is malformed ends the message.
template <typename Take>
void for_each_field(std::string_view message, Take&& take) {
  constexpr unsigned kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5;
  ByteReader in(message);
  while (!in.at_end()) {
    uint64_t tag = in.varint();
    uint64_t scalar = 0;
    std::string_view bytes;
    switch (tag & 7) {
      case kVarint: scalar = in.varint(); break;
      case kFixed64: in.take(8); break;
      case kBytes: bytes = in.sized(); break;
      case kFixed32: in.take(4); break;
      default: return;
    }
    if (!in.ok()) return;
    take(tag >> 3, bytes, scalar);
  }
}

milliseconds read_duration(std::string_view duration) {
  int64_t seconds = 0, nanos = 0;
  for_each_field(duration, [&](uint64_t number, std::string_view, uint64_t scalar) {
    if (number == 1) seconds = std::clamp<int64_t>(static_cast<int64_t>(scalar), 0, kLongestDelaySeconds);
    if (number == 2) nanos = std::clamp<int64_t>(static_cast<int64_t>(scalar), 0, 999'999'999);
  });
  return std::chrono::seconds(seconds) + std::chrono::ceil<milliseconds>(std::chrono::nanoseconds(nanos));
}

}  // namespace

std::string encode_rpc_status(int code, std::string_view message,
                              std::optional<std::chrono::milliseconds> retry_delay) {
  std::string status;
  ByteWriter out(status);
  put_varint_field(out, 1, code);
  if (!message.empty()) put_bytes_field(out, 2, message);
  if (retry_delay) put_bytes_field(out, 3, encode_retry_info(*retry_delay));
  return status;
}

std::optional<milliseconds> retry_delay_of(std::string_view status) {
  std::optional<milliseconds> delay;
  for_each_field(status, [&](uint64_t number, std::string_view any, uint64_t) {
    if (number != 3) return;
    std::string_view url, info;
    for_each_field(any, [&](uint64_t field, std::string_view bytes, uint64_t) {
      if (field == 1) url = bytes;
      if (field == 2) info = bytes;
    });
    if (url != kRetryInfo) return;
    delay = milliseconds(0);
    for_each_field(info, [&](uint64_t field, std::string_view duration, uint64_t) {
      if (field == 1) delay = read_duration(duration);
    });
  });
  return delay;
}

}  // namespace clew::net
