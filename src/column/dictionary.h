// Dictionaries: distinct things, numbered in order of arrival. Code 0 is the first.
//
// Invariants: an entry never changes or moves; a code below size() is readable. In the plain mode (values that are
// mostly distinct) new values get a code without a look-up, so one value may have several codes.
// Thread rule: intern(), append() and place() by one writer at a time; everything const by anyone at any time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/arena.h"
#include "column/chunked.h"
#include "column/code_table.h"
#include "column/value.h"

namespace clew {

inline constexpr uint32_t kNoCode = 0xffffffffU;

class ValueDictionary {
 public:
  // The code of the value, which is copied in if it is new.
  uint32_t intern(ValueView value) { return intern(value, hash_of(value), kNoCode); }

  // The same in steps, for many values at once: each step brings near what the next one reads, so that the look-ups
  // wait for memory together instead of one after the other.
  static uint64_t hash_of(ValueView value);
  void prefetch_slot(uint64_t hash) const { table_.prefetch(hash); }
  // The likely code of the value with that hash, or kNoCode.
  uint32_t prefetch_entry(uint64_t hash) const;
  void prefetch_text(uint32_t likely) const;
  uint32_t intern(ValueView value, uint64_t hash, uint32_t likely);

  // A new code, without a look-up: from the first call on the dictionary is plain.
  uint32_t append(ValueView value);
  bool is_plain() const { return hashed_.load(std::memory_order_acquire) != kAllHashed; }

  uint32_t size() const { return entries_.size(); }
  ValueView at(uint32_t code) const;
  void prefetch(uint32_t code) const { __builtin_prefetch(&entries_[code]); }

  // Appends every code of that value (at most one unless plain).
  void find(ValueView value, std::vector<uint32_t>& codes) const;
  // Some code of that value, or kNoCode.
  uint32_t find(ValueView value) const;

  // For replay, which knows the codes: fills the holes before `code` with entries of type none. False when the code
  // is taken by another value already. Such a dictionary has no table: find() scans.
  bool place(uint32_t code, ValueView value);

  size_t allocated_bytes() const;

 private:
  // | scalar, 8 bytes  |                     | type |
  // | text of up to 14 bytes        | length | type |
  // | address, 8 bytes | length, 4  |  kLong | type |
  struct Entry {
    static constexpr uint8_t kInPlace = 14;
    static constexpr uint8_t kLong = 0xff;
    char bytes[kInPlace];
    uint8_t length;
    ValueType type;
  };
  static_assert(sizeof(Entry) == 16);
  static constexpr uint32_t kAllHashed = 0xffffffffU;

  Entry make_entry(ValueView value);
  uint32_t push(ValueView value);

  ChunkedVector<Entry, 8> entries_;
  Arena arena_;
  CodeTable table_;
  // Entries from here on are not in the table.
  std::atomic<uint32_t> hashed_{kAllHashed};
};

// Lists of words, interned whole: attribute shapes, resources, scopes, envelopes.
class TupleDictionary {
 public:
  uint32_t intern(std::span<const uint32_t> words);
  uint32_t find(std::span<const uint32_t> words) const;
  uint32_t size() const { return entries_.size(); }
  std::span<const uint32_t> at(uint32_t code) const {
    const Entry& entry = entries_[code];
    return {entry.words, entry.count};
  }
  // As ValueDictionary::place(); holes are empty tuples.
  bool place(uint32_t code, std::span<const uint32_t> words);
  size_t allocated_bytes() const;

 private:
  struct Entry {
    const uint32_t* words;
    size_t count;
  };
  static uint64_t hash_of(std::span<const uint32_t> words);
  Entry store(std::span<const uint32_t> words);
  uint32_t push(std::span<const uint32_t> words);

  ChunkedVector<Entry, 8> entries_;
  std::vector<std::unique_ptr<uint32_t[]>> chunks_;
  uint32_t* next_ = nullptr;
  size_t left_ = 0;
  size_t allocated_ = 0;
  CodeTable table_;
};

}  // namespace clew
