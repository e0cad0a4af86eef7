// What the protobuf decoder remembers, so that most of a span is recognised by comparing bytes instead of being parsed
// and hashed: spans of one name have the same attributes at the same places, and four in five with the same value as
// last time.
//
// Invariant: only bytes that were taken as they are (nothing cut, dropped or repaired) are remembered; so a hit raises
// no row bit and no counter. Everything is bounded: entries are replaced, never added to.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/hash/hash.h>
#include <absl/strings/string_view.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/equal_bytes.h"
#include "column/vocabulary.h"
#include "wire/text_sketch.h"

namespace clew::wire {

// One KeyValue message as it last stood at one place; only its key unless it stood there twice in a row, because what
// changes is not worth the copying.
class AttributeSlot {
 public:
  bool matches(std::string_view raw) const {
    // What is not kept whole has a size that a message may have, too.
    return raw.size() == size_ && raw.size() <= sizeof bytes_ && equal_bytes(raw.data(), bytes_, raw.size());
  }
  // The bytes begin with the same key: only the value differs.
  bool matches_key(std::string_view raw) const {
    return key_end_ != 0 && raw.size() >= key_end_ && equal_bytes(raw.data(), bytes_, key_end_);
  }
  uint32_t key() const { return key_; }
  uint32_t value() const { return value_; }
  size_t key_end() const { return key_end_; }
  // `value` is a code of the vocabulary, or kNoCode: it will not come back. `key_bytes` of raw are the field of that
  // key; 0: the key does not stand first, or not alone.
  void store(std::string_view raw, size_t key_bytes, uint32_t key, uint32_t value);

 private:
  static constexpr uint16_t kNothing = 0xffff;
  uint32_t key_ = kNoCode;
  uint32_t value_ = kNoCode;
  uint16_t size_ = kNothing;  // kNothing: not kept whole
  uint16_t key_end_ = 0;      // where the key field ends; 0: the key is not kept
  char bytes_[116];
};

// The attributes of the spans (events, links) of one name.
struct AttributeMemo {
  static constexpr size_t kMaxSlots = 64;

  std::string_view name;  // in the vocabulary
  uint32_t name_code = kNoCode;
  std::vector<AttributeSlot> slots;
  std::vector<uint32_t> shape_keys;
  uint32_t shape = kEmptyShape;

  // The slot of a place; nullptr beyond the last that is kept.
  AttributeSlot* slot(size_t place) {
    if (place >= slots.size()) {
      if (place >= kMaxSlots) return nullptr;
      slots.resize(place + 1);
    }
    return &slots[place];
  }
  uint32_t shape_of(std::span<const uint32_t> keys, TupleDictionary& shapes) {
    if (!std::ranges::equal(keys, shape_keys)) {
      shape_keys.assign(keys.begin(), keys.end());
      shape = shapes.intern(keys);
    }
    return shape;
  }
};

// Memos by name, direct-mapped. A name that takes another's place inherits its slots: what they say of bytes is true of
// any name.
class NameMemos {
 public:
  explicit NameMemos(size_t count) : memos_(count) {}

  // The memo in whose place the name belongs; it is the name's own when its `name` equals it.
  AttributeMemo& place_of(std::string_view name) {
    auto& memo = memos_[sketch_of(name) & (memos_.size() - 1)];
    if (!memo) memo = std::make_unique<AttributeMemo>();
    return *memo;
  }
  size_t allocated_bytes() const;

 private:
  std::vector<std::unique_ptr<AttributeMemo>> memos_;
};

// Codes of resources and scopes by the raw bytes of their messages.
class EntityMemo {
 public:
  struct Entry {
    uint32_t schema_url = kNoCode;
    uint32_t code = kNoCode;
  };
  // The code of the same bytes under the same schema URL, or kNoCode.
  uint32_t find(std::string_view raw, uint32_t schema_url) const {
    auto found = entries_.find(raw);
    return found == entries_.end() || found->second.schema_url != schema_url ? kNoCode : found->second.code;
  }
  void store(std::string_view raw, Entry entry);
  size_t allocated_bytes() const { return bytes_; }

 private:
  static constexpr size_t kMaxBytes = size_t{1} << 20;
  // abseil's own look-up by view wants its own string_view, which is not std's in every build of it.
  struct ViewHash {
    using is_transparent = void;
    size_t operator()(std::string_view raw) const { return absl::HashOf(absl::string_view(raw.data(), raw.size())); }
  };
  absl::flat_hash_map<std::string, Entry, ViewHash, std::equal_to<>> entries_;
  size_t bytes_ = 0;
};

}  // namespace clew::wire
