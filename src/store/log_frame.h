// The frames of the write-ahead log; docs/internals/wal.md is the format, this its transcription.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace clew::store {

inline constexpr uint32_t kFrameMagic = 0x31464c43;  // "CLF1"
inline constexpr size_t kFrameHeadBytes = 32;
inline constexpr uint8_t kFrameFormat = 1;
inline constexpr uint64_t kChapterBytes = uint64_t{16} << 20;
// A frame of one request cannot be larger than what the request decodes to; anything beyond is damage.
inline constexpr uint32_t kMaxFrameBytes = uint32_t{1} << 30;
// A log file is read whole; the writer starts a new one long before this.
inline constexpr uint64_t kMaxLogFileBytes = uint64_t{4} << 30;

enum class FrameKind : uint8_t { rows = 1, cut = 2 };

// Numbers of the dictionaries in an entry.
enum LogDictionary : uint64_t {
  kLogNames = 0,
  kLogEventNames = 1,
  kLogTexts = 2,
  kLogKeys = 3,
  kLogShapes = 4,
  kLogResources = 5,
  kLogScopes = 6,
  kLogEnvelopes = 7,
  kLogValues = 8,  // + key
};

struct FrameHead {
  FrameKind kind = FrameKind::rows;
  uint64_t number = 0;
  uint64_t chapter = 0;
};

struct FrameView {
  FrameHead head;
  std::string_view payload;
};

// Appends a frame whose payload `write` appends.
void append_frame(std::string& out, const FrameHead& head, const std::function<void(std::string&)>& write);

// Walks the frames of a file's bytes, stepping over damage.
class FrameReader {
 public:
  explicit FrameReader(std::string_view bytes) : bytes_(bytes) {}

  // The next whole frame; false at the end. Bytes that belong to no whole frame are counted.
  bool next(FrameView& frame);
  uint64_t skipped_bytes() const { return skipped_; }
  // Of these, the ones after the last whole frame: a torn tail, or damage.
  uint64_t tail_bytes() const { return tail_; }
  // A whole frame of a kind or format that this version does not know was stepped over: nothing is damaged there.
  bool met_unknown_frame() const { return met_unknown_frame_; }

 private:
  bool read_at(size_t at, FrameView& frame, size_t& length);

  std::string_view bytes_;
  size_t at_ = 0;
  uint64_t skipped_ = 0;
  uint64_t tail_ = 0;
  bool met_unknown_frame_ = false;
};

}  // namespace clew::store
