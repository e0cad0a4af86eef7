// Where and why an input was refused. The place is put together on the way out of nested calls, so that well-formed
// input pays nothing for it.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace clew::wire {

class InputFault {
 public:
  // All answer false, for `return fault.…`.
  bool set(std::string what) {
    what_ = std::move(what);
    place_.clear();
    return false;
  }
  bool in(std::string_view field) { return prepend(std::string(field)); }
  bool in(std::string_view field, size_t index) { return prepend(fmt::format("{}[{}]", field, index)); }

  Status status() const { return invalid(place_.empty() ? what_ : place_ + ": " + what_); }

 private:
  bool prepend(std::string part) {
    place_ = place_.empty() ? std::move(part) : part + "." + place_;
    return false;
  }
  std::string what_;
  std::string place_;
};

}  // namespace clew::wire
