// Bytes that are written once and never move: the texts of dictionary entries.
// One writer; a reader may use a view it was given after the publication that made the view known to it.
#pragma once

#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace clew {

class Arena {
 public:
  // Chunks grow from 1 KiB to 1 MiB, so that a small owner stays small; a longer piece gets a chunk of its own.
  std::string_view copy(std::string_view bytes) {
    if (bytes.empty()) return {};
    if (bytes.size() > left_) grow(bytes.size());
    char* to = next_;
    std::memcpy(to, bytes.data(), bytes.size());
    next_ += bytes.size();
    left_ -= bytes.size();
    return {to, bytes.size()};
  }
  size_t allocated_bytes() const { return allocated_; }

 private:
  void grow(size_t wanted) {
    size_t size = chunk_bytes_;
    if (chunk_bytes_ < kMaxChunkBytes) chunk_bytes_ *= 2;
    if (size < wanted) size = wanted;
    chunks_.push_back(std::unique_ptr<char[]>(new char[size]));
    next_ = chunks_.back().get();
    left_ = size;
    allocated_ += size;
  }

  static constexpr size_t kMaxChunkBytes = 1 << 20;
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* next_ = nullptr;
  size_t left_ = 0;
  size_t chunk_bytes_ = 1 << 10;
  size_t allocated_ = 0;
};

}  // namespace clew
