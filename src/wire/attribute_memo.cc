#include "wire/attribute_memo.h"

#include <algorithm>

#include "base/mix.h"
#include "wire/otlp_fields.h"
#include "wire/proto_fields.h"

namespace clew::wire {

void AttributeSlot::store(std::string_view raw, uint32_t key, uint32_t value) {
  key_ = key;
  value_ = value;
  size_ = raw.size() <= sizeof bytes_ && value != kNoCode ? static_cast<uint16_t>(raw.size()) : kNothing;
  std::memcpy(bytes_, raw.data(), std::min(raw.size(), sizeof bytes_));
  key_end_ = 0;
  constexpr uint32_t kKeyTag = tag_of(key_value_field::kKey, kBytes);
  if (raw.size() < 2 || static_cast<uint8_t>(raw[0]) != kKeyTag || static_cast<uint8_t>(raw[1]) >= 0x80) return;
  size_t end = 2 + static_cast<size_t>(static_cast<uint8_t>(raw[1]));
  if (end <= sizeof bytes_) key_end_ = static_cast<uint16_t>(end);
}

uint64_t NameMemos::sketch(std::string_view name) {
  uint64_t first = 0;
  uint64_t last = 0;
  if (name.size() >= 8) {
    std::memcpy(&first, name.data(), 8);
    std::memcpy(&last, name.data() + name.size() - 8, 8);
  } else if (!name.empty()) {
    std::memcpy(&first, name.data(), name.size());
  }
  return mix64(first + name.size() * 0x9e3779b97f4a7c15ULL + last * 0xd1342543de82ef95ULL);
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
