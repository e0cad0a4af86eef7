// Trace and span ids as values: 16 and 8 bytes in network order, compared and printed as the hex text users know.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/mix.h"
#include "base/result.h"

namespace clew {

// hi holds the first eight bytes big-endian, so that the order of ids is the order of their hex text.
struct TraceId {
  uint64_t hi = 0;
  uint64_t lo = 0;

  friend auto operator<=>(const TraceId&, const TraceId&) = default;
  bool is_zero() const { return (hi | lo) == 0; }
  // Chooses lanes and reaches the disk in filters: never change.
  uint64_t hash() const { return mix64(hi, lo); }
  std::string hex() const;    // 32 digits
  std::string bytes() const;  // 16 bytes
  void copy_to(char* out16) const;

  // Precondition: 16 bytes.
  static TraceId from_bytes(const char* bytes);
  // 1 to 32 hex digits, padded with zeros on the left, as Tempo's and Jaeger's APIs take them.
  static Result<TraceId> parse(std::string_view hex);
};

struct SpanId {
  uint64_t value = 0;

  friend auto operator<=>(const SpanId&, const SpanId&) = default;
  bool is_zero() const { return value == 0; }
  std::string hex() const;    // 16 digits
  std::string bytes() const;  // 8 bytes
  void copy_to(char* out8) const;

  // Precondition: 8 bytes.
  static SpanId from_bytes(const char* bytes);
  // 1 to 16 hex digits, padded with zeros on the left.
  static Result<SpanId> parse(std::string_view hex);
};

template <typename H>
H AbslHashValue(H h, const TraceId& id) {
  return H::combine(std::move(h), id.hi, id.lo);
}
template <typename H>
H AbslHashValue(H h, const SpanId& id) {
  return H::combine(std::move(h), id.value);
}

}  // namespace clew
