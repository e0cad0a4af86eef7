#include "store/log_frame.h"

#include "base/crc32c.h"

namespace clew::store {
namespace {

constexpr size_t kCrcAt = 4;
constexpr size_t kCheckedFrom = 8;
constexpr size_t kLengthAt = 8;

}  // namespace

void append_frame(std::string& out, const FrameHead& head, const std::function<void(std::string&)>& write) {
  size_t begin = out.size();
  ByteWriter writer(out);
  writer.fixed(kFrameMagic);
  writer.fixed(uint32_t{0});
  writer.fixed(uint32_t{0});
  writer.fixed(static_cast<uint8_t>(head.kind));
  writer.fixed(kFrameFormat);
  writer.fixed(uint16_t{0});
  writer.fixed(head.number);
  writer.fixed(head.chapter);
  static_assert(kFrameHeadBytes == 4 + 4 + 4 + 1 + 1 + 2 + 8 + 8);
  write(out);
  writer.patch_u32(begin + kLengthAt, static_cast<uint32_t>(out.size() - begin - kFrameHeadBytes));
  writer.patch_u32(begin + kCrcAt, crc32c(std::string_view(out).substr(begin + kCheckedFrom)));
}

bool FrameReader::read_at(size_t at, FrameView& frame, size_t& length) {
  ByteReader head(bytes_.substr(at));
  if (head.fixed<uint32_t>() != kFrameMagic) return false;
  auto crc = head.fixed<uint32_t>();
  auto payload_bytes = head.fixed<uint32_t>();
  auto kind = head.fixed<uint8_t>();
  auto format = head.fixed<uint8_t>();
  head.fixed<uint16_t>();
  frame.head.number = head.fixed<uint64_t>();
  frame.head.chapter = head.fixed<uint64_t>();
  frame.payload = payload_bytes <= kMaxFrameBytes ? head.take(payload_bytes) : std::string_view{};
  if (!head.ok() || payload_bytes > kMaxFrameBytes) return false;
  length = kFrameHeadBytes + payload_bytes;
  if (crc32c(bytes_.substr(at + kCheckedFrom, length - kCheckedFrom)) != crc) return false;
  bool known = format == kFrameFormat &&
               (kind == static_cast<uint8_t>(FrameKind::rows) || kind == static_cast<uint8_t>(FrameKind::cut));
  frame.head.kind = static_cast<FrameKind>(kind);
  if (!known) met_unknown_frame_ = true;
  return known;
}

bool FrameReader::next(FrameView& frame) {
  size_t from = at_;
  while (at_ < bytes_.size()) {
    size_t length = 0;
    if (read_at(at_, frame, length)) {
      skipped_ += at_ - from;
      at_ += length;
      return true;
    }
    at_ = bytes_.find("CLF1", at_ + 1);
    if (at_ == std::string_view::npos) at_ = bytes_.size();
  }
  tail_ = bytes_.size() - from;
  skipped_ += tail_;
  return false;
}

}  // namespace clew::store
