// Rebuilds segments from the log: every entry back at its code, every row as it was. Nothing of OTLP is parsed.
//
// Invariants: a frame number counts once; a segment in `replaced` is skipped; a row is rebuilt only when every entry it
// uses is known, so nothing unknown is ever shown; rows lost to damage are counted with their receive times. A segment
// is handed over as soon as its cut and all rows before it were read, so that it can be sealed while replay goes on;
// segments without a cut, or with rows missing, at the end.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/result.h"
#include "env/files.h"
#include "store/log_writer.h"
#include "store/memory_budget.h"
#include "store/segment.h"

namespace clew::store {

struct ReplayReport {
  uint64_t files = 0;
  uint64_t frames = 0;
  uint64_t rows = 0;
  // Entries they use were lost with other frames, or their own frame was: as far as later frames of their segment, or
  // its cut, tell. What was lost at the end of a segment without a cut is known by its bytes only.
  uint64_t rows_lost = 0;
  uint64_t damaged_bytes = 0;  // in the middle of files
  uint64_t torn_bytes = 0;     // at the end of files
  uint64_t lost_from_ns = 0;   // receive times of lost rows
  uint64_t lost_until_ns = 0;
};

struct Replay {
  LogWriter::Start start;  // where a writer goes on
  // Above the number of every segment that the log knows.
  uint64_t next_segment = 1;
  // Of each file with whole frames, the highest number.
  std::map<uint64_t, uint64_t> last_frames;
  ReplayReport report;
};

// Called with segments that have rows: published, closed, each name once.
using OnSegment = std::function<void(std::shared_ptr<Segment>)>;

// Reads all of folder/log. A file that goes meanwhile, because a writer has sealed what it feeds, is passed over; one
// that cannot be read at all is an error, and so is a frame of a later version
// (failed_precondition); damage inside is not.
Result<Replay> replay_log(env::Files& files, const std::string& folder, const std::set<SegmentName>& replaced,
                          const std::shared_ptr<MemoryBudget>& memory, const OnSegment& on_segment);

// Makes durable what a replay has shown: a writer that was stopped, or whose sync failed, left whole frames that were
// never synced, and from now on they count as acknowledged. Such frames are in files that hold a later one than any
// newer file does: those are written anew, because the kernel may have dropped what a failed sync left in its cache.
Status settle_log(env::Files& files, const std::string& folder, const std::map<uint64_t, uint64_t>& last_frames);

}  // namespace clew::store
