// Memory for what is derived from one span, all of it given back at once and used again. One thread.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <type_traits>

#include "clew/exporter.h"

CLEW_BEGIN
namespace detail {

class Arena : public TextStore {
 public:
  Arena() noexcept = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() override;

  // Aligned to 8. Null without memory.
  void* take(size_t bytes) noexcept {
    bytes = (bytes + 8) & ~size_t(7);  // never nothing: null means no memory
    if (bytes > size_t(limit_ - at_)) return take_more(bytes);
    void* const memory = at_;
    at_ += bytes;
    return memory;
  }
  template <typename T>
  T* array(size_t count) noexcept {
    static_assert(std::is_trivially_destructible<T>::value, "nothing is destroyed");
    T* const items = static_cast<T*>(take(count * sizeof(T)));
    if (items != nullptr) {
      for (size_t i = 0; i < count; ++i) new (items + i) T();
    }
    return items;
  }
  std::string_view keep(std::string_view text) noexcept override;
  // Forgets everything. The largest block is kept.
  void reset() noexcept;

 private:
  struct Block {
    Block* before;
    size_t bytes;
  };
  void* take_more(size_t bytes) noexcept;

  Block* block_ = nullptr;
  char* at_ = nullptr;
  char* limit_ = nullptr;
};

}  // namespace detail
CLEW_END
