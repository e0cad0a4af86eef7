#include "store/log_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "store/log_decoder.h"
#include "store/log_frame.h"

namespace clew::store {
namespace {

constexpr std::string_view kWhatItMeans =
    "what of it is in no block yet cannot be replayed; a server that still holds it (`clew store ls`: live, closed) "
    "seals "
    "it in time";

bool is_understood(const FrameView& frame) {
  ByteReader reader(frame.payload);
  if (frame.head.kind == FrameKind::rows) return read_rows_head(reader).has_value();
  if (!read_segment_name(reader)) return false;
  reader.varint();
  return reader.ok();
}

}  // namespace

void LogCheck::add_file(uint64_t number, const std::string& path, std::string_view bytes) {
  // Files between them may have been removed, with their frames.
  if (number != last_file_ + 1) tail_ = {};
  last_file_ = number;
  FrameReader reader(bytes);
  FrameView frame;
  uint64_t first = 0, last = 0, not_understood = 0;
  while (reader.next(frame)) {
    if (first == 0) first = frame.head.number;
    last = std::max(last, frame.head.number);
    if (!is_understood(frame)) ++not_understood;
  }
  if (tail_.bytes > 0 && tail_.last_frame > 0 && first > tail_.last_frame + 1) {
    problems_.push_back(fmt::format("log file {}: its last {} bytes are damaged, frames {} to {} are lost; {}",
                                    tail_.path, tail_.bytes, tail_.last_frame + 1, first - 1, kWhatItMeans));
  }
  if (const uint64_t damaged = reader.skipped_bytes() - reader.tail_bytes(); damaged > 0) {
    problems_.push_back(fmt::format("log file {}: {} bytes belong to no whole frame; {}", path, damaged, kWhatItMeans));
  }
  if (reader.met_unknown_frame()) {
    problems_.push_back(fmt::format("log file {}: it has frames of a later version of Clew; start that one", path));
  }
  if (not_understood > 0) {
    problems_.push_back(fmt::format("log file {}: {} frames are whole but cannot be understood; {}", path,
                                    not_understood, kWhatItMeans));
  }
  // A file without any whole frame continues the one before it.
  tail_ = {path, reader.tail_bytes(), std::max(last, tail_.last_frame)};
}

}  // namespace clew::store
