// The entries of a chunk's dictionary, or the values of one page of a plain chunk, as they are stored: nothing is made
// of a value that nobody looks at.
//
// Thread rule: immutable. Views belong to it.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "column/value.h"
#include "store/block/block_schema.h"
#include "store/parquet/page.h"

namespace clew::store {

class ValueList {
 public:
  // The page was opened from `stored`; from `offset` of its payload on there are `count` values, else corruption.
  static Result<std::unique_ptr<ValueList>> make(LeafKind kind, std::string stored, parquet::OpenPage page,
                                                 size_t offset, size_t count);

  uint32_t size() const { return count_; }
  // Parquet's PLAIN, without length.
  std::string_view stored(uint32_t at) const {
    if (width_ != 0) return bytes_.substr(size_t{at} * width_, width_);
    return bytes_.substr(begins_[at], begins_[at + 1] - begins_[at] - sizeof(uint32_t));
  }
  // The same with its length, where it has one.
  std::string_view plain(uint32_t at) const {
    if (width_ != 0) return stored(at);
    return bytes_.substr(begins_[at] - sizeof(uint32_t), begins_[at + 1] - begins_[at]);
  }
  size_t plain_bytes(uint32_t at) const { return width_ != 0 ? width_ : begins_[at + 1] - begins_[at]; }
  // Kinds that are stored packed get their text from `texts`, which may be null for the others.
  bool is_packed() const { return kind_ == LeafKind::uuid || kind_ == LeafKind::hex; }
  ValueView view(uint32_t at, Arena* texts) const;
  // Calls found(position) for each value that is stored so.
  template <typename Found>
  void find(std::string_view stored_form, Found&& found) const;
  size_t bytes() const { return stored_.size() + owned_.size + begins_.size() * sizeof(uint32_t); }

 private:
  template <typename Found>
  void find_wide(std::string_view stored_form, Found&& found) const;

  LeafKind kind_ = LeafKind::text;
  size_t width_ = 0;
  uint32_t count_ = 0;
  std::string stored_;
  parquet::Buffer owned_;
  std::string_view bytes_;
  std::vector<uint32_t> begins_;  // of values without fixed width, past their length; one more than there are
};

// All of width 8 or 16: nearly all differ in the first eight bytes.
template <typename Found>
void ValueList::find_wide(std::string_view stored_form, Found&& found) const {
  uint64_t wanted;
  std::memcpy(&wanted, stored_form.data(), sizeof wanted);
  const char* at = bytes_.data();
  for (uint32_t i = 0; i < count_; ++i, at += width_) {
    uint64_t first;
    std::memcpy(&first, at, sizeof first);
    if (first == wanted && std::memcmp(at, stored_form.data(), width_) == 0) found(i);
  }
}

template <typename Found>
void ValueList::find(std::string_view stored_form, Found&& found) const {
  if (width_ != 0) {
    if (stored_form.size() != width_) return;
    if (width_ >= sizeof(uint64_t)) return find_wide(stored_form, found);
  }
  // Values of one column begin alike and have few lengths: the last byte tells most of them apart.
  const char last = stored_form.empty() ? '\0' : stored_form.back();
  for (uint32_t at = 0; at < count_; ++at) {
    std::string_view candidate = stored(at);
    if (candidate.size() != stored_form.size() || (last != '\0' && candidate.back() != last)) continue;
    if (candidate == stored_form) found(at);
  }
}

// How a leaf of that kind would store the value; none when it cannot hold it.
std::optional<std::string> stored_form(LeafKind kind, ValueView value);

}  // namespace clew::store
