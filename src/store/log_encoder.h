// Turns rows of a segment into the payload of a log frame, with those dictionary entries that the chapter does not have
// yet.
//
// Invariant: after encode() every entry that the rows use, and every entry those entries use, is in the chapter.
// Thread rule: the log's thread. It reads only what the segment has published.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/segment.h"

namespace clew::store {

class LogEncoder {
 public:
  // From now on nothing is known.
  void begin_chapter() { written_.clear(); }
  // Also forgets a segment that will have no more rows.
  void forget(const Segment& segment) { written_.erase(&segment); }

  void encode_rows(const Segment& segment, uint32_t first_row, uint32_t rows, std::string& out);
  static void encode_cut(const SegmentName& name, uint32_t rows, std::string& out);

  size_t allocated_bytes() const;

 private:
  // Which entries of one segment's dictionaries are in the chapter.
  struct Written {
    // A bit a code.
    std::vector<uint64_t> names, event_names, texts, keys, shapes, resources, scopes, envelopes;
    std::vector<std::vector<uint64_t>> values;  // by key
    size_t allocated_bytes() const;
  };
  class Entries;

  std::unordered_map<const Segment*, Written> written_;
  std::string entries_;
};

}  // namespace clew::store
