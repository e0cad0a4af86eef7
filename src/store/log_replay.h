// Rebuilds segments from the log: every entry back at its code, every row as it was. Nothing of OTLP is parsed.
//
// Invariants: a frame number counts once; a segment in `replaced` is skipped; a row is rebuilt only when every entry it
// uses is known, so nothing unknown is ever shown; rows lost to damage are counted with their receive times.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "env/files.h"
#include "store/log_writer.h"
#include "store/segment.h"

namespace clew::store {

struct ReplayReport {
  uint64_t files = 0;
  uint64_t frames = 0;
  uint64_t rows = 0;
  uint64_t rows_lost = 0;      // their frame was read, but entries they use were lost with other frames
  uint64_t damaged_bytes = 0;  // in the middle of files
  uint64_t torn_bytes = 0;     // at the end of files
  uint64_t lost_from_ns = 0;   // receive times of lost rows
  uint64_t lost_until_ns = 0;
};

struct Replay {
  // By name; rows in order, published; closed.
  std::map<SegmentName, std::shared_ptr<Segment>> segments;
  LogWriter::Start start;  // where a writer goes on
  ReplayReport report;
};

// Reads all of folder/log. A file that cannot be read at all is an error; damage inside is not.
Result<Replay> replay_log(env::Files& files, const std::string& folder, const std::set<SegmentName>& replaced);

}  // namespace clew::store
