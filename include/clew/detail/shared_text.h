// An immutable text with a count of its holders: copying is an increment, the empty text is a null pointer. Any thread
// may hold, copy and drop; nothing throws: a text for which there is no memory is the empty one.
#pragma once

#include <atomic>
#include <string_view>

#include "clew/detail/export.h"

CLEW_BEGIN
namespace detail {

class SharedText {
 public:
  struct Block {
    std::atomic<uint32_t> holders;
    uint32_t size;
    const char* text() const noexcept { return reinterpret_cast<const char*>(this + 1); }
  };

  SharedText() noexcept = default;
  explicit SharedText(std::string_view text) noexcept : block_(copy_of(text)) {}
  SharedText(const SharedText& other) noexcept : block_(hold(other.block_)) {}
  SharedText(SharedText&& other) noexcept : block_(other.release()) {}
  SharedText& operator=(SharedText other) noexcept {
    Block* const old = block_;
    block_ = other.block_;
    other.block_ = old;
    return *this;
  }
  ~SharedText() { drop(block_); }

  std::string_view view() const noexcept {
    return block_ == nullptr ? std::string_view() : std::string_view(block_->text(), block_->size);
  }
  bool empty() const noexcept { return block_ == nullptr; }

  // For nodes, which hold blocks without a destructor. adopt() takes over a count, release() hands it out.
  Block* block() const noexcept { return block_; }
  Block* release() noexcept {
    Block* const block = block_;
    block_ = nullptr;
    return block;
  }
  static SharedText adopt(Block* block) noexcept {
    SharedText text;
    text.block_ = block;
    return text;
  }
  static Block* hold(Block* block) noexcept {
    if (CLEW_UNLIKELY(block != nullptr)) block->holders.fetch_add(1, std::memory_order_relaxed);
    return block;
  }
  static void drop(Block* block) noexcept {
    if (CLEW_UNLIKELY(block != nullptr)) drop_one(block);
  }

 private:
  CLEW_API static Block* copy_of(std::string_view text) noexcept;  // null for "" and without memory
  CLEW_API static void drop_one(Block* block) noexcept;

  Block* block_ = nullptr;
};

}  // namespace detail
CLEW_END
