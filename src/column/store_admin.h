// What an operator may ask of the store: implemented by the store, called by api and cli. Verify, compact and delete
// join with the issue that gives them a meaning.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace clew {

struct UnitStatus {
  std::string tenant;
  std::string name;
  std::string state;   // "live" (rows come), "closed" (waits to be sealed), "block", "damaged"
  std::string damage;  // why a damaged block is in no answer; what is known of it stands below
  uint64_t rows = 0;
  uint64_t traces = 0;
  uint64_t bytes = 0;  // on disk for a block, in memory otherwise
  uint64_t min_start_ns = 0;
  uint64_t max_end_ns = 0;
  uint64_t min_receive_ns = 0;
  uint64_t max_receive_ns = 0;
};

class StoreAdmin {
 public:
  virtual ~StoreAdmin() = default;
  virtual std::vector<UnitStatus> list(std::string_view tenant) = 0;
  // What is wrong now, a sentence each: damaged blocks, a log or blocks that cannot be written.
  virtual std::vector<std::string> complaints() { return {}; }
};

}  // namespace clew
