// How context crosses a process boundary: a propagator writes it into headers and reads it out of them.
#pragma once

#include "clew/context.h"
#include "clew/value.h"

CLEW_BEGIN

// Headers to read from: HTTP fields, message headers, a map. Names are compared without case where the protocol does
// so.
class HeaderReader {
 public:
  virtual ~HeaderReader() = default;
  // How many values the name has; the first `room` of them are put into `values`, in their order. They stay valid until
  // the propagator returns. (Two traceparents make both invalid; several tracestates are one.)
  virtual unsigned get(std::string_view name, std::string_view* values, unsigned room) const noexcept = 0;

  // Calls visit(state, name, value) for each header. A carrier that cannot list its headers does nothing: only Jaeger's
  // baggage, whose names are the application's, is lost with it.
  using Visit = void (*)(void* state, std::string_view name, std::string_view value) noexcept;
  virtual void each(Visit visit, void* state) const noexcept {
    static_cast<void>(visit);
    static_cast<void>(state);
  }
};

// Headers to write to. `name` and `value` are valid during the call only.
class HeaderWriter {
 public:
  virtual ~HeaderWriter() = default;
  virtual void set(std::string_view name, std::string_view value) noexcept = 0;
};

// Implementations have no state, or only what is set before their first use: any thread may call them.
class Propagator {
 public:
  virtual ~Propagator() = default;
  // `base` with what the headers say. Headers that are missing or not valid leave `base` as it is. The span found is
  // remote.
  virtual Context extract(const HeaderReader& headers, const Context& base) const noexcept = 0;
  // Writes nothing for a context without a valid span (or, for baggage, without baggage).
  virtual void inject(const Context& context, HeaderWriter& headers) const noexcept = 0;
  // The names that inject() may write.
  virtual List<const std::string_view> fields() const noexcept = 0;
};

CLEW_END
