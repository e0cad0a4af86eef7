// What an operator may ask of the store: implemented by the store, called by api and cli.
//
// Thread rule: any thread. verify(), repair() and compact() take as long as there is data: one of them at a time, a
// further call answers failed_precondition. All of them leave reading and ingest running.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/ids.h"

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

// A request for erasure that is kept because rows of its traces still lie in files (docs/internals/deletion.md).
struct ErasureStatus {
  uint64_t number = 0;
  uint64_t received_ns = 0;
  uint64_t traces = 0;
  uint64_t blocks = 0;     // that hold rows of them
  uint64_t log_files = 0;  // that may hold rows of them
};

struct Erased {
  uint64_t number = 0;  // of the record; 0 when there was nothing to record
  uint64_t traces = 0;
};

struct VerifyReport {
  uint64_t blocks = 0;
  uint64_t log_files = 0;
  uint64_t rows = 0;  // in blocks
  uint64_t bytes = 0;
  std::vector<std::string> problems;  // a sentence each; none: all is well
};

struct RepairReport {
  std::vector<std::string> actions;   // a sentence each; none: there was nothing to repair
  std::vector<std::string> failures;  // what stays damaged, and why; a sentence each
  uint64_t rows_saved = 0;
  uint64_t rows_lost = 0;
};

class StoreAdmin {
 public:
  virtual ~StoreAdmin() = default;
  virtual std::vector<UnitStatus> list(std::string_view tenant) = 0;
  // What is wrong now, a sentence each: damaged blocks, a log or blocks that cannot be written.
  virtual std::vector<std::string> complaints() { return {}; }

  // Erases whole traces: from the answer on, no row of them that was received before the call is in any answer, also
  // after a restart; rows that come later are new data. invalid_argument, resource_exhausted: a named limit is reached.
  virtual Result<Erased> erase([[maybe_unused]] std::string_view tenant,
                               [[maybe_unused]] std::span<const TraceId> ids) {
    return fail(ErrorCode::unimplemented, "nothing can be erased here");
  }
  virtual std::vector<ErasureStatus> erasures([[maybe_unused]] std::string_view tenant) { return {}; }

  // Reads everything that is stored and checks it, checksums and structure.
  virtual Result<VerifyReport> verify([[maybe_unused]] std::string_view tenant) {
    return fail(ErrorCode::unimplemented, "nothing can be verified here");
  }
  // Makes new blocks of what can still be read of damaged ones, and moves those to DATA/damaged/.
  virtual Result<RepairReport> repair([[maybe_unused]] std::string_view tenant) {
    return fail(ErrorCode::unimplemented, "nothing can be repaired here");
  }
  // Seals nothing; merges what is to be merged, and rewrites the blocks that hold erased rows.
  virtual Status compact([[maybe_unused]] std::string_view tenant) {
    return fail(ErrorCode::unimplemented, "nothing can be compacted here");
  }
  // Ends verify(), repair() and compact() that are under way: they answer `cancelled`, now and from now on.
  virtual void end_work() {}
};

}  // namespace clew
