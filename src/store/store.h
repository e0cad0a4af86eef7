// The store: lanes with live segments, the write-ahead log before every reply, blocks, and the list of units that
// queries see. This is the only header of the room that server and cli include.
//
//   DATA/clew.lock                       held while a writer has the folder open
//   DATA/log/00000001.log …              docs/internals/wal.md
//   DATA/tenants/<tenant>/blocks/<id>/   docs/internals/block.md
//   DATA/tenants/<tenant>/erasures/      docs/internals/deletion.md
//
// Thread rule: sink(), source() and admin() from any thread; open() and close() by the owner.
#pragma once

#include <cstdint>
#include <functional>
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

// Settings under `store.`, `log.`, `retention.` and `compaction.`.
struct StoreOptions {
  std::string folder = "clew-data";
  bool read_only = false;  // changes no byte; may run beside a writer
  uint32_t lanes = 2;      // at most 64
  LogMode log_mode = LogMode::fsync;
  uint64_t memory_limit_bytes = uint64_t{4} << 30;
  // What the process holds, asked a few times a second: what it holds beside the store counts too. Null: nothing does.
  std::function<uint64_t()> process_memory_bytes;
  uint64_t log_max_bytes = uint64_t{4} << 30;  // a segment that holds back more log than this is sealed
  uint64_t log_file_bytes = uint64_t{64} << 20;
  uint32_t segment_rows = 1 << 20;                       // a segment is cut at these many rows
  uint64_t segment_bytes = uint64_t{256} << 20;          // … or at these many bytes, at a share of the memory limit
  uint64_t segment_age_ns = 30ULL * 60 * 1'000'000'000;  // … or at this age, in recorded receive times
  uint64_t idle_ns = 10ULL * 1'000'000'000;              // from its cut to its sealing, in recorded receive times
  uint64_t disk_reserve_bytes = uint64_t{512} << 20;  // below this much free space ingest is refused, sealing goes on
  uint64_t duplicates_window_ns = 300ULL * 1'000'000'000;
  uint64_t duplicates_bytes = uint64_t{256} << 20;  // at most a share of the memory limit
  // Blocks go when their newest span was received so long ago, and the oldest when blocks and log exceed the bytes (0:
  // 80 % of what the disk has for them).
  uint64_t retention_age_ns = 14ULL * 86'400 * 1'000'000'000;
  uint64_t retention_bytes = 0;
  uint64_t retention_look_ns = 10ULL * 1'000'000'000;
  // Neighbouring blocks that were received within one window become one of at most so many rows; 0: they stay as they
  // are.
  uint64_t compaction_rows = 4 << 20;
  uint64_t compaction_window_ns = 6ULL * 3600 * 1'000'000'000;
  // The files of erased spans are written again without them when the erasure is so old, or half of the records are
  // taken.
  uint64_t erasure_delay_ns = 600ULL * 1'000'000'000;
  uint32_t erasure_ids = 1'000'000;                 // of one erasure
  uint32_t erasure_records = 1000;                  // of a tenant, whose spans are still in files
  uint64_t read_cache_bytes = uint64_t{256} << 20;  // decoded parts of blocks, for all stores of the process
  uint32_t tenants = 1000;
  uint32_t retry_delay_ms = 1000;  // what senders are told when busy
  uint32_t log_retry_ms = 200;     // from a failed write of the log to the next try
  // Called by open() when the folder is locked and before anything is read; its error ends open().
  std::function<Status()> on_locked;
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
  // Removes now what retention asks for; it also happens by itself.
  virtual void expire() = 0;
  // Merges all blocks now that are to be merged; it also happens by itself.
  virtual Status compact() = 0;
};

}  // namespace clew::store
