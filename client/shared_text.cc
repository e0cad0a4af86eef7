#include "clew/detail/shared_text.h"

#include <cstdlib>
#include <cstring>
#include <new>

CLEW_BEGIN
namespace detail {

SharedText::Block* SharedText::copy_of(std::string_view text) noexcept {
  if (text.empty() || text.size() > UINT32_MAX) return nullptr;
  void* const memory = std::malloc(sizeof(Block) + text.size());
  if (memory == nullptr) return nullptr;
  std::memcpy(static_cast<char*>(memory) + sizeof(Block), text.data(), text.size());
  return new (memory) Block{{1}, uint32_t(text.size())};
}

void SharedText::drop_one(Block* block) noexcept {
  if (block->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) std::free(block);
}

}  // namespace detail
CLEW_END
