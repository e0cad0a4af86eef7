// Bytes that are written once and never move: the texts of dictionary entries.
// Neither copied nor moved: views into it are spread over its owner. One writer; a reader may use a view it was given
// after the publication that made the view known to it.
#pragma once

#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace clew {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Chunks grow from 1 KiB to 1 MiB, so that a small owner stays small; a piece longer than a quarter of the next chunk
  // that does not fit gets a chunk of its own, and the rest of the current one stays in use.
  std::string_view copy(std::string_view bytes) {
    if (bytes.empty()) return {};
    if (bytes.size() > left_) {
      size_t size = chunk_bytes_;
      if (chunk_bytes_ < kMaxChunkBytes) chunk_bytes_ *= 2;
      if (bytes.size() > size / 4) {
        char* own = add_chunk(bytes.size());
        std::memcpy(own, bytes.data(), bytes.size());
        return {own, bytes.size()};
      }
      next_ = add_chunk(size);
      left_ = size;
    }
    char* to = next_;
    std::memcpy(to, bytes.data(), bytes.size());
    next_ += bytes.size();
    left_ -= bytes.size();
    return {to, bytes.size()};
  }
  size_t allocated_bytes() const { return allocated_; }

 private:
  char* add_chunk(size_t size) {
    chunks_.push_back(std::unique_ptr<char[]>(new char[size]));
    allocated_ += size;
    return chunks_.back().get();
  }

  static constexpr size_t kMaxChunkBytes = 1 << 20;
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* next_ = nullptr;
  size_t left_ = 0;
  size_t chunk_bytes_ = 1 << 10;
  size_t allocated_ = 0;
};

}  // namespace clew
