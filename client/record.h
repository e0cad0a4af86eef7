// A finished span's bytes in a ring: docs/internals/client.md.
#pragma once

#include "clew/detail/node.h"

CLEW_BEGIN
namespace detail {

struct Record {
  uint32_t bytes;  // of the whole, with its padding; a multiple of 8
  uint8_t kind, status, bits, dropped_events;
  SpanContext context;
  SpanId parent_id;
  uint64_t start, end;
  const ScopeInfo* scope;
  SharedText::Block* trace_state;  // its count is the record's
  uint32_t body_bytes;
  uint32_t dropped_attributes;

  const char* body() const noexcept { return reinterpret_cast<const char*>(this + 1); }
};
static_assert(sizeof(Record) % 8 == 0, "bodies begin at multiples of 8");

// The header of an item, taken apart.
struct ItemHeader {
  Item item;
  uint8_t type;
  uint16_t key_bytes;
  uint32_t value_bytes;
};
static_assert(sizeof(ItemHeader) == kItemHeader, "as put_item writes it");

// Goes through the items of [at, end).
class Items {
 public:
  Items(const char* at, const char* end) noexcept : at_(at), end_(end) {}
  bool next() noexcept {
    if (size_t(end_ - at_) < kItemHeader) return false;
    std::memcpy(&header_, at_, kItemHeader);
    if (size_t(end_ - at_) - kItemHeader < size_t(header_.key_bytes) + header_.value_bytes) return false;
    key_ = at_ + kItemHeader;
    at_ = key_ + header_.key_bytes + header_.value_bytes;
    return true;
  }
  Item item() const noexcept { return header_.item; }
  uint8_t type() const noexcept { return header_.type; }
  std::string_view key() const noexcept { return {key_, header_.key_bytes}; }
  std::string_view value() const noexcept { return {key_ + header_.key_bytes, header_.value_bytes}; }

 private:
  const char* at_;
  const char* end_;
  const char* key_ = nullptr;
  ItemHeader header_{};
};

}  // namespace detail
CLEW_END
