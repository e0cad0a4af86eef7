// The bytes of a file or of stdin, decompressed while they are read (gzip and zstd, recognised by their first bytes).
// Used by one thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace clew::cli {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Appends at least one byte to out, at most about `most`; appends nothing at the end.
  virtual Status read(size_t most, std::string& out) = 0;
};

// "-" is stdin. The error of a missing file is not_found.
Result<std::unique_ptr<ByteSource>> open_bytes(const std::string& path);
// For tests, and for what is in memory already.
std::unique_ptr<ByteSource> bytes_of(std::string bytes);
// Looks at the first bytes and puts a decoder in front where one is needed. Truncated or damaged input is corruption.
Result<std::unique_ptr<ByteSource>> decompressed(std::unique_ptr<ByteSource> source);

// A source with a window on what comes next.
class ByteWindow {
 public:
  explicit ByteWindow(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

  // What was read and not consumed. Valid until the next call that is not const.
  std::string_view view() const { return std::string_view(bytes_).substr(at_); }
  // Reads until view() holds `wanted` bytes or the end is reached.
  Status fill(size_t wanted);
  bool at_end() const { return ended_; }  // nothing comes after view()
  void consume(size_t count);

 private:
  std::unique_ptr<ByteSource> source_;
  std::string bytes_;
  size_t at_ = 0;
  bool ended_ = false;
};

}  // namespace clew::cli
