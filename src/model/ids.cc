#include "model/ids.h"

#include <cstring>

#include "base/hex.h"

namespace clew {
namespace {

uint64_t load_big(const char* bytes) {
  uint64_t value = 0;
  std::memcpy(&value, bytes, 8);
  return __builtin_bswap64(value);
}

void store_big(char* bytes, uint64_t value) {
  value = __builtin_bswap64(value);
  std::memcpy(bytes, &value, 8);
}

Status parse_hex(std::string_view hex, size_t max_digits, const char* what, uint64_t& hi, uint64_t& lo) {
  if (hex.empty()) return invalid(std::string(what) + " is empty: give hex digits");
  if (hex.size() > max_digits) {
    return invalid(std::string(what) + " has " + std::to_string(hex.size()) + " digits; at most " +
                   std::to_string(max_digits) + " are possible");
  }
  for (char c : hex) {
    int digit = hex_digit(c);
    if (digit < 0) return invalid(std::string(what) + " can only contain hex characters");
    hi = hi << 4 | lo >> 60;
    lo = lo << 4 | static_cast<uint64_t>(digit);
  }
  return {};
}

}  // namespace

void TraceId::copy_to(char* out16) const {
  store_big(out16, hi);
  store_big(out16 + 8, lo);
}

std::string TraceId::bytes() const {
  std::string out(16, '\0');
  copy_to(out.data());
  return out;
}

std::string TraceId::hex() const {
  std::string out;
  append_hex(out, bytes());
  return out;
}

TraceId TraceId::from_bytes(const char* bytes) {
  return {load_big(bytes), load_big(bytes + 8)};
}

Result<TraceId> TraceId::parse(std::string_view hex) {
  TraceId id;
  TRY(parse_hex(hex, 32, "trace ID", id.hi, id.lo));
  return id;
}

void SpanId::copy_to(char* out8) const {
  store_big(out8, value);
}

std::string SpanId::bytes() const {
  std::string out(8, '\0');
  copy_to(out.data());
  return out;
}

std::string SpanId::hex() const {
  std::string out;
  append_hex(out, bytes());
  return out;
}

SpanId SpanId::from_bytes(const char* bytes) {
  return {load_big(bytes)};
}

Result<SpanId> SpanId::parse(std::string_view hex) {
  uint64_t hi = 0;
  SpanId id;
  TRY(parse_hex(hex, 16, "span ID", hi, id.value));
  return id;
}

}  // namespace clew
