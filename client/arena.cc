#include "arena.h"

CLEW_BEGIN
namespace detail {
namespace {
constexpr size_t kFirstBytes = 16 << 10;
}

Arena::~Arena() {
  while (block_ != nullptr) {
    Block* const before = block_->before;
    std::free(block_);
    block_ = before;
  }
}

void* Arena::take_more(size_t bytes) noexcept {
  size_t size = block_ == nullptr ? kFirstBytes : 2 * block_->bytes;
  if (size < bytes) size = bytes;
  Block* const block = static_cast<Block*>(std::malloc(sizeof(Block) + size));
  if (block == nullptr) return nullptr;
  *block = {block_, size};
  block_ = block;
  at_ = reinterpret_cast<char*>(block + 1) + bytes;
  limit_ = reinterpret_cast<char*>(block + 1) + size;
  return block + 1;
}

std::string_view Arena::keep(std::string_view text) noexcept {
  char* const copy = text.empty() ? nullptr : static_cast<char*>(take(text.size()));
  if (copy == nullptr) return {};
  std::memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

void Arena::reset() noexcept {
  if (block_ == nullptr) return;
  while (block_->before != nullptr) {
    Block* const older = block_->before;
    block_->before = older->before;
    std::free(older);
  }
  at_ = reinterpret_cast<char*>(block_ + 1);
  limit_ = at_ + block_->bytes;
}

}  // namespace detail
CLEW_END
