// What the store answers to verify, repair and delete (/api/clew/admin/…), read and as text for people.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace clew::cli {

struct Verified {
  uint64_t blocks = 0;
  uint64_t log_files = 0;
  uint64_t rows = 0;
  uint64_t bytes = 0;
  std::vector<std::string> problems;
};

struct Repaired {
  std::vector<std::string> actions;
  std::vector<std::string> failures;
  uint64_t rows_saved = 0;
  uint64_t rows_lost = 0;
};

struct Deleted {
  uint64_t number = 0;  // 0: there was nothing to record
  uint64_t traces = 0;
  std::vector<std::string> ids;  // of a dry run
};

// corruption when the body is not that.
Result<Verified> parse_verified(const std::string& body);
Result<Repaired> parse_repaired(const std::string& body);
Result<Deleted> parse_deleted(const std::string& body);

std::string verified_text(const Verified& verified, const std::string& where);
std::string repaired_text(const Repaired& repaired, const std::string& where);

}  // namespace clew::cli
