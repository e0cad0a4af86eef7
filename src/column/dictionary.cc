#include "column/dictionary.h"

#include <absl/hash/hash.h>
#include <absl/strings/string_view.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "base/equal_bytes.h"

namespace clew {
namespace {

bool has_text(ValueType type) {
  return type == ValueType::string || type == ValueType::bytes || type == ValueType::array || type == ValueType::kvlist;
}

// abseil hashes its own view with its own fast hash, but std's (where they differ) with the library's slow one.
absl::string_view own_view(std::string_view text) {
  return {text.data(), text.size()};
}

template <typename T>
T load(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

// Whether a dictionary's entry is that value, without making a view of it.
template <typename Entry>
bool is_value(const Entry& entry, ValueView value) {
  if (entry.type != value.type) return false;
  if (!has_text(entry.type)) return load<uint64_t>(entry.bytes) == value.scalar;
  const size_t size = value.text.size();
  if (entry.length != Entry::kLong) return entry.length == size && equal_bytes(entry.bytes, value.text.data(), size);
  return load<uint32_t>(entry.bytes + sizeof(const char*)) == size &&
         equal_bytes(load<const char*>(entry.bytes), value.text.data(), size);
}

}  // namespace

uint64_t ValueDictionary::hash_of(ValueView value) {
  if (has_text(value.type)) return absl::HashOf(static_cast<uint8_t>(value.type), own_view(value.text));
  return absl::HashOf(static_cast<uint8_t>(value.type), value.scalar);
}

ValueView ValueDictionary::at(uint32_t code) const {
  const Entry& entry = entries_[code];
  if (!has_text(entry.type)) return {entry.type, load<uint64_t>(entry.bytes), {}};
  if (entry.length != Entry::kLong) return {entry.type, 0, {entry.bytes, entry.length}};
  return {entry.type, 0, {load<const char*>(entry.bytes), load<uint32_t>(entry.bytes + sizeof(const char*))}};
}

ValueDictionary::Entry ValueDictionary::make_entry(ValueView value) {
  Entry entry{};
  entry.type = value.type;
  if (!has_text(value.type)) {
    std::memcpy(entry.bytes, &value.scalar, sizeof value.scalar);
  } else if (value.text.size() <= Entry::kInPlace) {
    entry.length = static_cast<uint8_t>(value.text.size());
    if (!value.text.empty()) std::memcpy(entry.bytes, value.text.data(), value.text.size());
  } else {
    CHECK(value.text.size() <= std::numeric_limits<uint32_t>::max());
    auto length = static_cast<uint32_t>(value.text.size());
    const char* text = arena_.copy(value.text).data();
    entry.length = Entry::kLong;
    std::memcpy(entry.bytes, &text, sizeof text);
    std::memcpy(entry.bytes + sizeof text, &length, sizeof length);
  }
  return entry;
}

uint32_t ValueDictionary::push(ValueView value) {
  uint32_t code = entries_.pending_size();
  entries_.append(make_entry(value));
  entries_.publish();
  return code;
}

uint32_t ValueDictionary::prefetch_entry(uint64_t hash) const {
  uint32_t code = table_.find_as_writer(hash, [](uint32_t) { return true; });
  if (code == CodeTable::kNone) return kNoCode;
  __builtin_prefetch(&entries_[code]);
  return code;
}

void ValueDictionary::prefetch_text(uint32_t likely) const {
  if (likely == kNoCode) return;
  const Entry& entry = entries_[likely];
  if (entry.length == Entry::kLong) __builtin_prefetch(load<const char*>(entry.bytes));
}

uint32_t ValueDictionary::intern(ValueView value, uint64_t hash, uint32_t likely) {
  if (is_plain()) {
    uint32_t code = find(value);
    return code != kNoCode ? code : push(value);
  }
  if (likely != kNoCode && is_value(entries_[likely], value)) return likely;
  uint32_t code = table_.find_as_writer(hash, [&](uint32_t c) { return is_value(entries_[c], value); });
  if (code != CodeTable::kNone) return code;
  code = push(value);
  table_.insert(hash, code);
  return code;
}

uint32_t ValueDictionary::append(ValueView value) {
  if (!is_plain()) hashed_.store(entries_.pending_size(), std::memory_order_release);
  return push(value);
}

uint32_t ValueDictionary::find(ValueView value) const {
  uint32_t hashed = hashed_.load(std::memory_order_acquire);
  uint32_t code = table_.find(hash_of(value), [&](uint32_t c) { return is_value(entries_[c], value); });
  if (code < hashed) return code;
  uint32_t end = size();
  for (uint32_t c = hashed; c < end; ++c) {
    if (is_value(entries_[c], value)) return c;
  }
  return kNoCode;
}

void ValueDictionary::find(ValueView value, std::vector<uint32_t>& codes) const {
  uint32_t hashed = hashed_.load(std::memory_order_acquire);
  uint32_t code = table_.find(hash_of(value), [&](uint32_t c) { return is_value(entries_[c], value); });
  if (code != CodeTable::kNone && code < hashed) codes.push_back(code);
  uint32_t end = size();
  for (uint32_t c = hashed; c < end; ++c) {
    if (is_value(entries_[c], value)) codes.push_back(c);
  }
}

bool ValueDictionary::place(uint32_t code, ValueView value) {
  if (!is_plain()) hashed_.store(0, std::memory_order_release);
  if (code < entries_.pending_size()) {
    if (at(code) == value) return true;
    if (at(code).type != ValueType::none) return false;
    // Replay has no readers yet, so a hole may be filled in place.
    entries_.mutable_at(code) = make_entry(value);
    return true;
  }
  while (entries_.pending_size() < code) push({});
  push(value);
  return true;
}

size_t ValueDictionary::allocated_bytes() const {
  return entries_.allocated_bytes() + arena_.allocated_bytes() + table_.allocated_bytes();
}

uint64_t TupleDictionary::hash_of(std::span<const uint32_t> words) {
  return absl::HashOf(absl::string_view(reinterpret_cast<const char*>(words.data()), words.size_bytes()));
}

TupleDictionary::Entry TupleDictionary::store(std::span<const uint32_t> words) {
  if (words.size() > left_) {
    size_t size = std::max<size_t>(words.size(), chunks_.empty() ? 64 : 1024);
    chunks_.push_back(std::unique_ptr<uint32_t[]>(new uint32_t[size]));
    next_ = chunks_.back().get();
    left_ = size;
    allocated_ += size * sizeof(uint32_t);
  }
  std::copy(words.begin(), words.end(), next_);
  Entry entry{next_, words.size()};
  next_ += words.size();
  left_ -= words.size();
  return entry;
}

uint32_t TupleDictionary::push(std::span<const uint32_t> words) {
  entries_.append(store(words));
  entries_.publish();
  return entries_.pending_size() - 1;
}

uint32_t TupleDictionary::find(std::span<const uint32_t> words) const {
  uint32_t code = table_.find(hash_of(words), [&](uint32_t c) { return std::ranges::equal(at(c), words); });
  return code == CodeTable::kNone ? kNoCode : code;
}

uint32_t TupleDictionary::intern(std::span<const uint32_t> words) {
  uint64_t hash = hash_of(words);
  uint32_t code = table_.find_as_writer(hash, [&](uint32_t c) { return std::ranges::equal(at(c), words); });
  if (code != CodeTable::kNone) return code;
  code = push(words);
  table_.insert(hash, code);
  return code;
}

bool TupleDictionary::place(uint32_t code, std::span<const uint32_t> words) {
  if (code < entries_.pending_size()) {
    if (std::ranges::equal(at(code), words)) return true;
    if (!at(code).empty()) return false;
    entries_.mutable_at(code) = store(words);
    return true;
  }
  while (entries_.pending_size() < code) push({});
  push(words);
  return true;
}

size_t TupleDictionary::allocated_bytes() const {
  return entries_.allocated_bytes() + allocated_ + table_.allocated_bytes();
}

}  // namespace clew
