// The bytes of a live span or attached context, as inline code writes them. Layout and life: docs/internals/client.md.
//
// Thread rules: a node is written by whoever owns its Span or Scope, one thread at a time. `attached` is the only word
// that two threads may touch at once: the owner, and the thread in whose stack of contexts the node is.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "clew/detail/shared_text.h"
#include "clew/span_context.h"
#include "clew/span_data.h"

CLEW_BEGIN
namespace detail {

class Thread;

// First byte of an item in a span's body.
enum class Item : uint8_t { kAttribute = 1, kEvent, kLink, kName, kStatusMessage };
// Value types of items beyond Value::Type: rendered by the background thread.
constexpr uint8_t kTypeMangled = 16;    // a C++ type's name as typeid gives it
constexpr uint8_t kTypeAddresses = 17;  // return addresses

constexpr size_t kNodeBytes = 1024;
constexpr size_t kItemHeader = 8;
constexpr size_t kShort = 256;  // keys and values below this are written by inline code

struct Node {
  static constexpr uintptr_t kEnded = 1;

  std::atomic<uintptr_t> attached;  // the Thread whose stack it is in, or 0; kEnded: its owner is done with it
  Node* below;                      // in that stack, or in the list of free nodes
  SpanContext context;
  SharedText::Block* trace_state;
  SharedText::Block* baggage;

  char* write;  // where the next item goes; null when nothing is recorded
  char* limit;
  char* begin;           // of the body: inline_body or a block of its own
  uint64_t start_ticks;  // or unix ns: kStartUnix
  SpanId parent_id;
  union {
    const ScopeInfo* scope;  // of a span
    Node* target;            // of a Scope on a span: that span's node, if it still has this span id
  };
  Thread* home;  // whose pool it belongs to
  uint8_t kind;
  uint8_t status;
  uint8_t bits;
  uint8_t dropped_events;       // and links, for which there was no room; stays at 255
  uint16_t fork_generation;     // of the process that started it
  uint16_t dropped_attributes;  // for which there was no room; stays at its largest value

  char inline_body[kNodeBytes - 128];
};
static_assert(sizeof(Node) == kNodeBytes && offsetof(Node, write) == 64, "a child's start reads one cache line");

// The first 8 bytes of an item: kind, type of the value, size of the key, size of the value.
inline void put_item(char* at, Item item, uint8_t type, size_t key_bytes, size_t value_bytes) noexcept {
  const uint64_t header =
      uint64_t(item) | uint64_t(type) << 8 | uint64_t(key_bytes) << 16 | uint64_t(value_bytes) << 32;
  std::memcpy(at, &header, sizeof header);
}

// memcpy for a few bytes, without a call.
inline void copy_short(char* to, const char* from, size_t size) noexcept {
  if (size >= 16) {
    size_t at = 0;
    do {
      std::memcpy(to + at, from + at, 16);
      at += 16;
    } while (at + 16 <= size);
    std::memcpy(to + size - 16, from + size - 16, 16);
  } else if (size >= 8) {
    std::memcpy(to, from, 8);
    std::memcpy(to + size - 8, from + size - 8, 8);
  } else if (size >= 4) {
    std::memcpy(to, from, 4);
    std::memcpy(to + size - 4, from + size - 4, 4);
  } else {
    for (size_t i = 0; i < size; ++i) to[i] = from[i];
  }
}

// Anything that is not short, or finds no room: makes room, shortens, or counts a dropped attribute.
CLEW_API void put_attribute(Node* node, std::string_view key, const Value& value) noexcept;

inline void put_text(Node* node, std::string_view key, std::string_view value) noexcept {
  char* const at = node->write;
  if (at == nullptr) return;
  const size_t size = kItemHeader + key.size() + value.size();
  if (CLEW_UNLIKELY(key.size() >= kShort || value.size() >= kShort || key.empty() || size > size_t(node->limit - at))) {
    put_attribute(node, key, value);
    return;
  }
  put_item(at, Item::kAttribute, uint8_t(Value::Type::kString), key.size(), value.size());
  copy_short(at + kItemHeader, key.data(), key.size());
  copy_short(at + kItemHeader + key.size(), value.data(), value.size());
  node->write = at + size;
}

inline void put_word(Node* node, std::string_view key, const Value& value, uint64_t word) noexcept {
  char* const at = node->write;
  if (at == nullptr) return;
  const size_t size = kItemHeader + key.size() + sizeof word;
  if (CLEW_UNLIKELY(key.size() >= kShort || key.empty() || size > size_t(node->limit - at))) {
    put_attribute(node, key, value);
    return;
  }
  put_item(at, Item::kAttribute, uint8_t(value.type()), key.size(), sizeof word);
  copy_short(at + kItemHeader, key.data(), key.size());
  std::memcpy(at + kItemHeader + key.size(), &word, sizeof word);
  node->write = at + size;
}

// What tracer.start() looks at first.
enum class Mode : uint8_t { kNotConfigured, kDisabled, kEnabled };
extern CLEW_API std::atomic<Mode> mode;

}  // namespace detail
CLEW_END
