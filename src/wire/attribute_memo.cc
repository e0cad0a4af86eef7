#include "wire/attribute_memo.h"

#include <algorithm>

namespace clew::wire {

void AttributeSlot::store(std::string_view raw, size_t key_bytes, uint32_t key, uint32_t value) {
  bool is_whole = value != kNoCode && key == key_ && value == value_ && raw.size() <= sizeof bytes_;
  if (key_bytes > sizeof bytes_) key_bytes = 0;
  bool has_key = key == key_ && key_bytes == key_end_ && std::memcmp(raw.data(), bytes_, key_bytes) == 0;
  if (is_whole) {
    std::memcpy(bytes_, raw.data(), raw.size());
  } else if (!has_key) {
    std::memcpy(bytes_, raw.data(), key_bytes);
  }
  key_ = key;
  value_ = value;
  size_ = is_whole ? static_cast<uint16_t>(raw.size()) : kNothing;
  key_end_ = static_cast<uint16_t>(key_bytes);
}

size_t NameMemos::allocated_bytes() const {
  size_t total = memos_.size() * sizeof(memos_[0]);
  for (const auto& memo : memos_) {
    if (memo) total += sizeof *memo + memo->slots.capacity() * sizeof(AttributeSlot);
  }
  return total;
}

void EntityMemo::store(std::string_view raw, Entry entry) {
  if (raw.size() > kMaxBytes / 16) return;
  if (bytes_ + raw.size() > kMaxBytes) {
    entries_.clear();
    bytes_ = 0;
  }
  auto [place, added] = entries_.insert_or_assign(std::string(raw), entry);
  if (added) bytes_ += raw.size() + sizeof *place;
}

}  // namespace clew::wire
