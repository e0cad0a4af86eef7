// What scripts learn from `clew` (`traceql check` has codes of its own).
#pragma once

#include "base/result.h"
#include "cli/terminal.h"

namespace clew::cli {

enum ExitCode : int { kOk = 0, kNothingFound = 1, kUsage = 2, kUnreachable = 3, kBadData = 4 };

inline ExitCode exit_code_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::not_found: return kNothingFound;
    case ErrorCode::invalid_argument:
    case ErrorCode::out_of_range:
    case ErrorCode::already_exists:
    case ErrorCode::unimplemented: return kUsage;
    case ErrorCode::corruption:
    case ErrorCode::data_loss: return kBadData;
    default: return kUnreachable;
  }
}

// Of a command's outcome; an error is said on stderr.
inline int exit_code_of(const Result<ExitCode>& outcome) {
  if (outcome) return *outcome;
  complain(outcome.error().message);
  return exit_code_of(outcome.error());
}

}  // namespace clew::cli
