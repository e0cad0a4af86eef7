// Reads the payload of a rows frame back into a segment; the counterpart of log_encoder.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "store/segment.h"

namespace clew::store {

// What a frame says before its dictionary.
struct RowsHead {
  SegmentName segment;
  uint64_t first_row = 0;
  uint64_t rows = 0;
};

// The beginning of a rows or cut payload; the reader stands behind it then.
Result<SegmentName> read_segment_name(ByteReader& reader);
Result<RowsHead> read_rows_head(ByteReader& reader);

// Puts frames of one segment back, in any number of calls. Keeps which entries are known.
class SegmentRebuilder {
 public:
  // `holes_limit_bytes`: what the entries that are missing between those that are there may take.
  SegmentRebuilder(std::shared_ptr<Segment> segment, uint64_t holes_limit_bytes)
      : segment_(std::move(segment)), holes_left_bytes_(holes_limit_bytes) {}

  struct Outcome {
    uint64_t rows = 0;
    uint64_t lost = 0;
    uint64_t first_receive_ns = 0;
    uint64_t last_receive_ns = 0;
  };
  // `reader` stands behind the head. A payload that is not of the format is corruption (its checksum was right, so it
  // was written wrong or by a later version); rows whose entries are unknown are lost.
  Result<Outcome> add(const RowsHead& head, ByteReader& reader);

  const std::shared_ptr<Segment>& segment() const { return segment_; }

 private:
  struct Known {
    std::vector<bool> names, event_names, texts{true}, keys, shapes{true}, resources, scopes, envelopes{true};
    std::vector<std::vector<bool>> values;
  };

  Status read_entry(ByteReader& reader);
  Status read_value_entry(ByteReader& reader, uint64_t dictionary, uint32_t code);
  // How many entries the dictionary has; kNoCode for the values of an unknown key, whose entries are not kept.
  uint32_t size_of(uint64_t dictionary) const;
  // A code far beyond the dictionary's end is not one that was ever written.
  bool take_holes(uint64_t dictionary, uint32_t code);
  void place_tuple(uint64_t dictionary, uint32_t code, const std::vector<uint32_t>& words);
  bool has_value(uint32_t key, uint32_t code) const;
  bool has_shape_values(uint32_t shape, std::span<const uint32_t> codes) const;
  bool is_whole(const SpanRow& row, std::span<const uint32_t> words) const;

  std::shared_ptr<Segment> segment_;
  Known known_;
  uint64_t holes_left_bytes_;
};

}  // namespace clew::store
