// The units that a store lists (/api/clew/units): read from the answer, as a table, and in all.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace clew::cli {

struct StoredUnit {
  std::string name;
  std::string state;  // "live", "closed", "block", "damaged"
  uint64_t rows = 0;
  uint64_t traces = 0;
  uint64_t bytes = 0;  // on disk for a block, in memory otherwise
  uint64_t min_start_ns = 0;
  uint64_t max_end_ns = 0;
  std::string damage;  // of a damaged one
  std::string json;    // the whole element, on one line
};

struct StoredUnits {
  std::vector<StoredUnit> units;
  std::vector<std::string> complaints;  // what is wrong, a sentence each
};

// corruption when the body is not a list of units.
Result<StoredUnits> parse_units(const std::string& body);

std::string units_table(const std::vector<StoredUnit>& units);

// A request for erasure of which rows are still on the disk (/api/clew/erasures).
struct OutstandingErasure {
  uint64_t number = 0;
  uint64_t received_ns = 0;
  uint64_t traces = 0;
  uint64_t blocks = 0;
  uint64_t log_files = 0;
  std::string json;  // the whole element, on one line
};
// corruption when the body is not a list of them.
Result<std::vector<OutstandingErasure>> parse_erasures(const std::string& body);

struct StoreTotals {
  uint64_t live = 0;
  uint64_t closed = 0;
  uint64_t blocks = 0;
  uint64_t damaged = 0;
  uint64_t rows = 0;
  uint64_t sealed_rows = 0;  // in blocks
  uint64_t traces = 0;
  uint64_t memory_bytes = 0;
  uint64_t disk_bytes = 0;
  uint64_t min_start_ns = 0;  // both 0: nothing is stored
  uint64_t max_end_ns = 0;
  std::vector<std::string> complaints;
  std::vector<OutstandingErasure> erasures;

  uint64_t units() const { return live + closed + blocks + damaged; }
};
StoreTotals totals_of(const StoredUnits& stored);
std::string totals_text(const StoreTotals& totals, const std::string& where);
// 64-bit numbers of bytes and times are strings, as in the API.
std::string totals_json(const StoreTotals& totals);

}  // namespace clew::cli
