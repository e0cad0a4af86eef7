// What fail() finds out about an error, in the program's own code: its library may be built without exceptions or RTTI.
#pragma once

#include <cstring>
#include <exception>
#include <string_view>
#include <type_traits>
#ifdef __cpp_rtti
#include <typeinfo>
#endif

#include "clew/detail/export.h"

CLEW_BEGIN
namespace detail {

struct Fault {
  const char* type = "";  // as typeid names it; "" without RTTI
  std::string_view message;
  // "Caused by: …" lines of nested exceptions; more than fits is cut off.
  char causes[1024];
  size_t causes_bytes = 0;

  void add(std::string_view text) noexcept {
    const size_t size = text.size() < sizeof causes - causes_bytes ? text.size() : sizeof causes - causes_bytes;
    if (size != 0) std::memcpy(causes + causes_bytes, text.data(), size);
    causes_bytes += size;
  }
};

template <typename Error>
const char* type_of(const Error& error) noexcept {
#ifdef __cpp_rtti
  return typeid(error).name();
#else
  static_cast<void>(error);
  return "";
#endif
}

#if defined(__cpp_exceptions) && defined(__cpp_rtti)
inline void add_causes(const std::exception& error, Fault& fault, int depth = 0) noexcept {
  const auto* nested = dynamic_cast<const std::nested_exception*>(&error);
  if (nested == nullptr || nested->nested_ptr() == nullptr || depth == 16) return;
  fault.add("Caused by: ");
  try {
    std::rethrow_exception(nested->nested_ptr());
  } catch (const std::exception& cause) {
    fault.add(type_of(cause));
    fault.add(": ");
    fault.add(cause.what());
    fault.add("\n");
    add_causes(cause, fault, depth + 1);
  } catch (...) {
    fault.add("an exception of another kind\n");
  }
}
#else
inline void add_causes(const std::exception&, Fault&) noexcept {}
#endif

template <typename Error, typename = void>
struct HasWhat : std::false_type {};
template <typename Error>
struct HasWhat<Error, std::void_t<decltype(std::string_view(std::declval<const Error&>().what()))>> : std::true_type {};
template <typename Error, typename = void>
struct HasMessage : std::false_type {};
template <typename Error>
struct HasMessage<Error, std::void_t<decltype(std::string_view(std::declval<const Error&>().message()))>>
    : std::true_type {};

// Calls report(fault) once.
template <typename Error, typename Report>
void describe(const Error& error, Report report) noexcept {
  Fault fault;
  if constexpr (std::is_pointer<Error>::value && std::is_convertible<Error, const char*>::value) {
    if (error != nullptr) fault.message = error;
    report(fault);
  } else if constexpr (std::is_convertible<const Error&, std::string_view>::value) {
    fault.message = error;
    report(fault);
  } else if constexpr (std::is_base_of<std::exception, Error>::value) {
    fault.type = type_of(error);
    fault.message = error.what();
    add_causes(error, fault);
    report(fault);
  } else if constexpr (HasWhat<Error>::value) {
    fault.type = type_of(error);
    const auto& text = error.what();
    fault.message = text;
    report(fault);
  } else {
    static_assert(HasMessage<Error>::value, "fail() takes a text, a std::exception, or what has what() or message()");
    fault.type = type_of(error);
    const auto& text = error.message();
    fault.message = text;
    report(fault);
  }
}

template <typename Report>
void describe(const std::exception_ptr& error, Report report) noexcept {
#ifdef __cpp_exceptions
  if (error == nullptr) return;
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& caught) {
    describe(caught, report);
  } catch (...) {
    Fault fault;
    fault.message = "an exception that is not a std::exception";
    report(fault);
  }
#else
  static_cast<void>(error);
  static_cast<void>(report);
#endif
}

}  // namespace detail
CLEW_END
