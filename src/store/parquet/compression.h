// zstd, level 1, one frame a page.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/parquet/metadata.h"

namespace clew::parquet {

// Bytes that are not zeroed before they are filled.
struct Buffer {
  std::unique_ptr<char[]> data;
  size_t size = 0;
  std::string_view view() const { return {data.get(), size}; }
};

// One thread; keeps its tables from page to page.
class Compressor {
 public:
  Compressor();
  ~Compressor();
  // What it answers is there until the next call.
  std::string_view compress(std::string_view raw);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  Buffer out_;
};

// corruption unless `stored` is one frame of exactly raw_bytes.
Result<Buffer> decompress_zstd(std::string_view stored, size_t raw_bytes);

}  // namespace clew::parquet
