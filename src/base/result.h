// Errors as values. Bad input, a bad disk or a full store is an Error; a programmer's mistake is a CHECK (check.h).
// Nothing in Clew throws; a library that throws is wrapped in one file.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace clew {

// The canonical gRPC codes that Clew uses, by gRPC's own numbers, and corruption (sent as DATA_LOSS).
enum class ErrorCode : int {
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  out_of_range = 11,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  unauthenticated = 16,
  corruption = 100,
};

std::string_view name_of(ErrorCode code);

// Message form: what is wrong, where, what to do; each layer on the way up prepends what only it knows.
struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::unknown;
  std::string message;

  Error&& context(std::string_view where) && {
    message.insert(0, std::string(where) + ": ");
    return std::move(*this);
  }
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

// Builds an error; the message is complete text (use fmt::format at the call).
inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}
inline std::unexpected<Error> invalid(std::string message) {
  return fail(ErrorCode::invalid_argument, std::move(message));
}
inline std::unexpected<Error> corrupt(std::string message) {
  return fail(ErrorCode::corruption, std::move(message));
}

// For bytes from outside that are walked by nested calls: passes an error on, with the place added.
template <typename T>
std::unexpected<Error> pass(Result<T>&& result, std::string_view where) {
  return std::unexpected(std::move(result.error()).context(where));
}

}  // namespace clew

#define CLEW_CONCAT_(a, b) a##b
#define CLEW_CONCAT(a, b) CLEW_CONCAT_(a, b)

// TRY(expr): returns the error of expr from this function, if it has one. Variadic, so that expr may hold commas.
#define TRY(...)                                                                                                \
  do {                                                                                                          \
    if (auto try_result_ = (__VA_ARGS__); !try_result_) return std::unexpected(std::move(try_result_.error())); \
  } while (false)

// ASSIGN_OR_RETURN(auto x, expr): x is the value of expr, or this function returns its error.
#define ASSIGN_OR_RETURN(lhs, ...) ASSIGN_OR_RETURN_(CLEW_CONCAT(assign_result_, __LINE__), lhs, __VA_ARGS__)
#define ASSIGN_OR_RETURN_(result, lhs, ...)                       \
  auto result = (__VA_ARGS__);                                    \
  if (!result) return std::unexpected(std::move(result.error())); \
  lhs = std::move(*result)
