// W3C tracestate: what tracing systems leave for themselves in a trace. An immutable value, cheap to copy; kept as the
// validated header text and looked into only when asked.
#pragma once

#include "clew/detail/shared_text.h"

CLEW_BEGIN

class TraceState {
 public:
  static constexpr unsigned kMaxMembers = 32;
  static constexpr unsigned kMaxKeyBytes = 256;
  static constexpr unsigned kMaxValueBytes = 256;

  TraceState() noexcept = default;  // without members

  // The members of a header. White space around members and empty members go; a header that is not valid (a key twice,
  // bad characters, too many members) gives the empty state, as W3C asks.
  CLEW_API static TraceState parse(std::string_view header) noexcept;

  bool empty() const noexcept { return text_.empty(); }
  // "k1=v1,k2=v2": valid as long as this value.
  std::string_view header() const noexcept { return text_.view(); }
  // The value of a key, or an empty view with a null pointer.
  CLEW_API std::string_view get(std::string_view key) const noexcept;
  // With the member first, in place of one of the same key; members from the right go when there are too many. An
  // invalid key or value changes nothing.
  CLEW_API TraceState with(std::string_view key, std::string_view value) const noexcept;
  CLEW_API TraceState without(std::string_view key) const noexcept;

  const detail::SharedText& text() const noexcept { return text_; }
  // Precondition: valid text of a header.
  static TraceState of_valid(detail::SharedText text) noexcept {
    TraceState state;
    state.text_ = static_cast<detail::SharedText&&>(text);
    return state;
  }

 private:
  detail::SharedText text_;
};

CLEW_END
