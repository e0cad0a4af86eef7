// The store: lanes with live segments, the write-ahead log before every reply, blocks, and the list of units that
// queries see. This is the only header of the room that server and cli include.
//
//   DATA/clew.lock                       held while a writer has the folder open
//   DATA/log/00000001.log …              docs/internals/wal.md
//   DATA/tenants/<tenant>/blocks/<id>/   docs/internals/block.md
//
// Thread rule: sink(), source() and admin() from any thread; open() and close() by the owner.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "column/span_sink.h"
#include "column/span_source.h"
#include "column/store_admin.h"
#include "env/clock.h"
#include "env/files.h"

namespace clew::store {

enum class LogMode {
  fsync,   // the reply means fdatasync
  write,   // the reply means written to the kernel: survives a crash of the process, not of the machine
  memory,  // the reply means nothing but memory
};

// Settings under `store.` and `log.`.
struct StoreOptions {
  std::string folder = "clew-data";
  bool read_only = false;  // changes no byte; may run beside a writer
  uint32_t lanes = 2;      // at most 64
  LogMode log_mode = LogMode::fsync;
  uint64_t memory_limit_bytes = uint64_t{4} << 30;  // live segments, dictionaries, unsynced log
  uint64_t log_max_bytes = uint64_t{4} << 30;       // a segment that holds back more log than this is sealed
  uint64_t log_file_bytes = uint64_t{64} << 20;
  uint32_t segment_rows = 1 << 20;                       // a segment is cut at these many rows
  uint64_t segment_age_ns = 30ULL * 60 * 1'000'000'000;  // … or this age, in recorded receive times
  uint64_t idle_ns = 10ULL * 1'000'000'000;              // from its cut to its sealing, in recorded receive times
  uint64_t disk_reserve_bytes = uint64_t{512} << 20;  // below this much free space ingest is refused, sealing goes on
  uint64_t duplicates_window_ns = 300ULL * 1'000'000'000;
  uint64_t duplicates_bytes = uint64_t{256} << 20;
  uint32_t tenants = 1000;
  uint32_t retry_delay_ms = 1000;  // what senders are told when busy
  uint32_t log_retry_ms = 200;     // from a failed write of the log to the next try
};

class Store {
 public:
  // Locks the folder (failed_precondition names the holder), replays the log. With read_only the folder is only read,
  // the log up to its last whole frame; sink() must not be used then.
  static Result<std::unique_ptr<Store>> open(const StoreOptions& options, env::Files& files, const env::Clock& clock);
  virtual ~Store() = default;

  virtual SpanSink& sink() = 0;
  virtual SpanSource& source() = 0;
  virtual StoreAdmin& admin() = 0;

  // Refuses new batches, answers those under way, syncs the log. Open segments are replayed at the next start.
  virtual Status close() = 0;
  // Seals everything that is live into blocks now; for import and tests.
  virtual Status seal_all() = 0;
};

}  // namespace clew::store
