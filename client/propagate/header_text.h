// What the propagators share.
#pragma once

#include "clew/propagators.h"
#include "context/characters.h"

CLEW_BEGIN
namespace detail {

// The value of a header that stands there once; else nothing.
inline std::string_view only(const HeaderReader& headers, std::string_view name) noexcept {
  std::string_view value;
  return headers.get(name, &value, 1) == 1 ? trimmed(value) : std::string_view();
}

// An id as systems older than W3C write it: upper case, too, and without leading zeros. Not valid: an id of zeros.
template <unsigned kBytes>
Id<kBytes> loose_id(std::string_view hex) noexcept {
  char digits[2 * kBytes];
  if (hex.empty() || hex.size() > sizeof digits) return {};
  const size_t zeros = sizeof digits - hex.size();
  std::memset(digits, '0', zeros);
  for (size_t i = 0; i < hex.size(); ++i) {
    const char c = hex[i];
    digits[zeros + i] = c >= 'A' && c <= 'F' ? char(c - 'A' + 'a') : c;
  }
  return Id<kBytes>::from_hex({digits, sizeof digits});
}

// As it came in from elsewhere: the span takes the place of the context's, with its trace state.
inline Context with_remote(const Context& base, SpanContext span, TraceState state = {}) noexcept {
  span.remote = true;
  return base.with(span, static_cast<TraceState&&>(state));
}

// A list of names for Propagator::fields().
template <size_t kCount>
List<const std::string_view> names(const std::string_view (&list)[kCount]) noexcept {
  return {list, kCount};
}

// All entries of `more` in addition to those of `baggage`.
inline Baggage added(Baggage baggage, const Baggage& more) noexcept {
  if (baggage.empty()) return more;
  for (Baggage::Entry entry : more) baggage = baggage.with(entry.key, entry.value, entry.properties);
  return baggage;
}

}  // namespace detail
CLEW_END
